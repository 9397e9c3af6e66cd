//! How alternative names are written (RFC 5280 4.2.1.6), whatever constrains them: host names in the preferred syntax
//! of RFC 1034, mailboxes, absolute URIs.
//!
//! Wildcards are for those to judge who match them, and names that are not of their kind are faults of the extension's
//! form.

use super::rule::{Fault, Rule, Severities};
use crate::certificate::Certificate;
use crate::name::{
    DnsNameFault, EmailFault, GeneralName, Mailbox, UriFault, dns_name_fault, email_fault, uri_fault,
};

/// The faults of a path, leaf first.
pub(super) fn faults(path: &[&Certificate]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, certificate) in path.iter().enumerate() {
        let found = certificate.alternative_names();
        faults.extend(found.iter().filter_map(fault).map(|(rule, message, help)| Fault {
            rule,
            at,
            message,
            help,
        }));
    }
    faults
}

/// Whether a certificate has host names, and none that can be matched.
pub(super) fn are_all_malformed(certificate: &Certificate) -> bool {
    let names = certificate.alternative_names();
    let mut hosts = names.iter().filter(|name| matches!(name, GeneralName::Dns(_))).peekable();
    hosts.peek().is_some() && hosts.all(|host| fault(host).is_some())
}

fn fault(name: &GeneralName) -> Option<(&'static Rule, String, String)> {
    match name {
        GeneralName::Dns(host) => {
            let fault = dns_name_fault(host).filter(|fault| !is_about_wildcard(fault))?;
            Some((&HOST_NAME_MALFORMED, fault.to_string(), fault.help()))
        }
        GeneralName::Email(address) => {
            let fault = email_fault(address).filter(|fault| !is_mailbox(address, fault))?;
            Some((&ALTERNATIVE_NAME_MALFORMED, fault.to_string(), fault.help()))
        }
        GeneralName::Uri(uri) => {
            let fault = uri_fault(uri).filter(|fault| !is_absolute(fault))?;
            Some((&ALTERNATIVE_NAME_MALFORMED, fault.to_string(), fault.help()))
        }
        _ => None,
    }
}

fn is_about_wildcard(fault: &DnsNameFault) -> bool {
    matches!(fault, DnsNameFault::MisplacedWildcard { .. } | DnsNameFault::WideWildcard { .. })
}

/// A Mailbox may be quoted, and have an address in brackets for its host (RFC 5321 4.1.2, 4.1.3), which few CAs take.
fn is_mailbox(address: &str, fault: &EmailFault) -> bool {
    let has_address_literal = address.ends_with(']') && address.contains("@[");
    match fault {
        EmailFault::NotBare { .. } => has_address_literal || Mailbox::read(address).is_some(),
        EmailFault::Domain { fault: DnsNameFault::IpAddress { .. }, .. } => has_address_literal,
        EmailFault::LongLocalPart { .. } => true,
        _ => false,
    }
}

/// An authority may be empty (RFC 3986 3.2.2), as in file:///a.
fn is_absolute(fault: &UriFault) -> bool {
    match fault {
        UriFault::NoHost { .. } => true,
        UriFault::Host { fault, .. } => is_about_wildcard(fault),
        _ => false,
    }
}

/// The rows of this file.
pub(super) static ROWS: [&Rule; 2] = [&HOST_NAME_MALFORMED, &ALTERNATIVE_NAME_MALFORMED];

pub(super) static HOST_NAME_MALFORMED: Rule = Rule {
    name: "host-name-malformed",
    clause: "RFC 5280 4.2.1.6; BR 7.1.2.7.12",
    severity: Severities::conformance(),
    purpose: "A host name is labels of letters, digits and hyphens between dots, without a dot at the end, so that all compare it alike.",
    clients: "Some match an underscore or a final dot, some pass the name over, and some refuse the certificate.",
    origin: "The name was copied from a zone file, a URL or a service record, and a private CA does not look.",
};
pub(super) static ALTERNATIVE_NAME_MALFORMED: Rule = Rule {
    name: "alternative-name-malformed",
    clause: "RFC 5280 4.2.1.6",
    severity: Severities::conformance(),
    purpose: "An e-mail address is a mailbox without a name beside it, and a URI is absolute and names its scheme.",
    clients: "Most pass over a name that they cannot read, some refuse the certificate.",
    origin: "The name was copied from a mail's head or a web page, and the CA does not look.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_their_syntax_have_no_fault() {
        for name in
            ["www.example.com", "*.example.com", "w*.example.com", "xn--bcher-kva.example", "localhost"]
        {
            assert!(fault(&GeneralName::dns(name).unwrap()).is_none(), "{name}");
        }
        for name in
            ["ada@example.com", "\"ada lovelace\"@example.com", "ada@[192.0.2.1]", "ada@[IPv6:2001:db8::1]"]
        {
            assert!(fault(&GeneralName::email(name).unwrap()).is_none(), "{name}");
        }
        for name in [
            "https://example.com/a",
            "urn:uuid:1",
            "spiffe://example.org/x",
            "file:///a",
            "https://192.0.2.1/",
        ] {
            assert!(fault(&GeneralName::uri(name).unwrap()).is_none(), "{name}");
        }
    }

    #[test]
    fn names_in_no_syntax_are_told_by_their_rule() {
        let rule = |name: GeneralName| fault(&name).map(|(rule, ..)| rule.name);
        // None can be made of nothing, and such ones are read: dNSName, rfc822Name, uniformResourceIdentifier.
        let nothing = GeneralName::read_all(&[0x30, 6, 0x82, 0, 0x81, 0, 0x86, 0]).unwrap();
        let found: Vec<_> = nothing.into_iter().map(rule).collect();
        let expected = ["host-name-malformed", "alternative-name-malformed", "alternative-name-malformed"];
        assert_eq!(found, expected.map(Some));
        let label = "a".repeat(64);
        for name in [" ", "a_b.example.com", "-a.example", "a..example", "a.example.", "192.0.2.1", &label] {
            assert_eq!(rule(GeneralName::dns(name).unwrap()), Some("host-name-malformed"), "{name}");
        }
        for name in ["ada", "a@b@example.com", "Ada <ada@example.com>", "@example.com", "ada@a_b.example"] {
            assert_eq!(rule(GeneralName::email(name).unwrap()), Some("alternative-name-malformed"), "{name}");
        }
        for name in ["a/b", "https:", "https://a b/", "https://a_b.example/"] {
            assert_eq!(rule(GeneralName::uri(name).unwrap()), Some("alternative-name-malformed"), "{name}");
        }
    }
}
