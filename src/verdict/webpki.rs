//! What the CA/Browser Forum's Baseline Requirements ask of a server certificate and its root, beyond RFC 5280.
//!
//! Clauses are those of the Baseline Requirements for TLS server certificates, version 2.

use std::net::IpAddr;

use super::rule::{Fault, Rule, Severities, Severity};
use crate::certificate::Certificate;
use crate::extension::{self, Extension};
use crate::name::GeneralName;

/// The faults of a path, leaf first.
pub(super) fn faults(path: &[&Certificate]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut find = |rule: &'static Rule, at: usize, message: String, help: &str| {
        faults.push(Fault { rule, at, message, help: help.to_owned() });
    };
    let Some(leaf) = path.first() else { return faults };
    if leaf.is_authority() {
        let help = "ask the CA for a server certificate, not for a CA's";
        find(&CA_AS_LEAF, 0, "is a CA, and stands where a server's certificate is expected".to_owned(), help);
    }
    if leaf.extension(extension::EXTENDED_KEY_USAGE).is_none() {
        let help = "ask the CA for the purpose serverAuth";
        find(&NO_PURPOSE, 0, "has no extended key usage".to_owned(), help);
    }
    let names = leaf.alternative_names();
    if names.is_empty() {
        let help = "ask the CA to write the host names as alternative names";
        find(&NO_ALTERNATIVE_NAMES, 0, "has no alternative name".to_owned(), help);
    }
    for common_name in leaf.subject().common_names() {
        if !names.iter().any(|name| says(name, common_name)) {
            let printed = crate::name::Printed::new(common_name);
            let message = format!("its common name {printed} is none of its alternative names");
            let rule = if is_misleading(common_name) { &COMMON_NAME_MISLEADING } else { &COMMON_NAME };
            let help = "ask the CA to leave the common name out, or to repeat it as an alternative name";
            find(rule, 0, message, help);
        }
    }
    for name in &names {
        if let GeneralName::Dns(pattern) = name
            && pattern.contains('*')
            && !is_proper_wildcard(pattern)
        {
            let message = format!("{name}: a wildcard is one whole label in front of a registered domain");
            find(&WILDCARD, 0, message, "ask for the names one by one");
        }
    }
    let top = path.len() - 1;
    if top > 0 && path[top].is_self_issued() {
        root(path[top], top, &mut find);
    }
    faults
}

fn root(root: &Certificate, at: usize, find: &mut dyn FnMut(&'static Rule, usize, String, &str)) {
    if root.extension(extension::EXTENDED_KEY_USAGE).is_some() {
        let message = "a root with an extended key usage".to_owned();
        find(&ROOT_WITH_PURPOSES, at, message, "use a root that is made for the Web");
    }
    let identifier = root
        .extension(extension::AUTHORITY_KEY_IDENTIFIER)
        .and_then(|one| Extension::read_authority_key_identifier(&one.value).ok());
    if let Some(identifier) = identifier {
        let own = root.subject_key_identifier();
        let fault = match identifier.key_identifier.as_deref() {
            None => Some("without a key identifier in it"),
            Some(named) if Some(named) != own => Some("that names another key than its own"),
            Some(_) if identifier.issuer || identifier.serial_number => {
                Some("with a name or serial number in it")
            }
            Some(_) => None,
        };
        if let Some(fault) = fault {
            let message = format!("a root with an authority key identifier {fault}");
            find(&ROOT_KEY_IDENTIFIER, at, message, "use a root that is made for the Web");
        }
    }
}

/// Whether an alternative name says the same as a common name, to the letter but for the case of host names (BR
/// 7.1.4.3): an address in the one form that RFC 5952 and RFC 3986 give it.
fn says(name: &GeneralName, common_name: &str) -> bool {
    match name {
        GeneralName::Dns(host) => host.eq_ignore_ascii_case(common_name),
        GeneralName::Ip(address) => address.to_string() == common_name,
        _ => false,
    }
}

/// Whether a common name that stands alone would be read as a host that nobody checked: an internationalised
/// name in its A-label form, or an address in another form than the one that BR 7.1.4.3 wants.
fn is_misleading(common_name: &str) -> bool {
    let label = |label: &str| label.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("xn--"));
    let address = common_name.parse::<IpAddr>().map(|address| address.to_string() != common_name);
    let hex = common_name.get(..2).is_some_and(|head| head.eq_ignore_ascii_case("0x"));
    common_name.split('.').any(label) || address.unwrap_or(false) || hex
}

/// `*.` and a domain that somebody registered: not one under which everybody can register (BR 3.2.2.6, by the
/// ICANN part of the Public Suffix List; below a private part its owner may have a wildcard, as s3.amazonaws.com
/// does).
fn is_proper_wildcard(pattern: &str) -> bool {
    let Some(parent) = pattern.strip_prefix("*.") else { return false };
    let lower = parent.to_ascii_lowercase();
    let suffix = psl::suffix(lower.as_bytes());
    let private = suffix.is_some_and(|suffix| suffix.typ() == Some(psl::Type::Private));
    let is_suffix = suffix.is_none_or(|suffix| suffix.as_bytes() == lower.as_bytes());
    !lower.contains('*') && (!is_suffix || private)
}

/// The rows of this file.
pub(super) static ROWS: [&Rule; 8] = [
    &CA_AS_LEAF,
    &NO_PURPOSE,
    &NO_ALTERNATIVE_NAMES,
    &COMMON_NAME,
    &COMMON_NAME_MISLEADING,
    &WILDCARD,
    &ROOT_WITH_PURPOSES,
    &ROOT_KEY_IDENTIFIER,
];

static CA_AS_LEAF: Rule = Rule {
    name: "ca-as-leaf",
    clause: "BR 7.1.2.7.8",
    severity: Severities::webpki(),
    purpose: "A server that holds a CA's key could sign for every other server.",
    clients: "Browsers and most TLS libraries refuse it.",
    origin: "A self-signed CA certificate was put on a server.",
};
static NO_PURPOSE: Rule = Rule {
    name: "no-purpose",
    clause: "BR 7.1.2.7.10",
    severity: Severities::webpki(),
    purpose: "A server's certificate says that it is one.",
    clients: "Some clients refuse, most take it for any purpose.",
    origin: "The request or the CA's template has no extended key usage.",
};
pub(super) static NO_ALTERNATIVE_NAMES: Rule = Rule {
    name: "no-alternative-names",
    clause: "BR 7.1.2.7.12",
    severity: Severities::webpki(),
    purpose: "Clients look for host names among the alternative names alone.",
    clients: "Browsers refuse it.",
    origin: "The host name was given as common name only.",
};
static COMMON_NAME_MISLEADING: Rule = Rule {
    name: "common-name-misleading",
    clause: "BR 7.1.4.3",
    severity: Severities::webpki(),
    purpose: "A host that stands in the common name alone, in a form that hides which it is, was never checked.",
    clients: "Old ones may read it as a host; the others do not look at it.",
    origin: "The subject was copied from the request without a look.",
};
pub(super) static COMMON_NAME: Rule = Rule {
    name: "common-name-not-repeated",
    clause: "BR 7.1.4.3",
    severity: Severities { webpki: Some(Severity::Warn), ..Severities::webpki() },
    purpose: "A common name that is no alternative name was perhaps never checked by the CA.",
    clients: "They do not look at it; linters and auditors do.",
    origin: "The subject was copied from the request, and the alternative names were not.",
};
static WILDCARD: Rule = Rule {
    name: "wildcard-misplaced",
    clause: "BR 3.2.2.6, 7.1.2.7.12",
    severity: Severities::webpki(),
    purpose: "A wildcard over a public suffix would be for everybody's hosts; one inside a label is for nobody's.",
    clients: "They refuse such names, or do not match them.",
    origin: "The request asked for it, and a private CA does not look.",
};
static ROOT_WITH_PURPOSES: Rule = Rule {
    name: "root-with-purposes",
    clause: "BR 7.1.2.1.2",
    severity: Severities::webpki(),
    purpose: "A root has no extended key usage: what it is trusted for, each client's store says.",
    clients: "Some take it as a limit, some do not look.",
    origin: "The root was made from a server's template.",
};
static ROOT_KEY_IDENTIFIER: Rule = Rule {
    name: "root-key-identifier",
    clause: "BR 7.1.2.1.3",
    severity: Severities::webpki(),
    purpose: "A root that names an issuer's key names its own, and nothing else.",
    clients: "Some search for the issuer that it names, and fail.",
    origin: "The root was made with OpenSSL's authorityKeyIdentifier=keyid,issuer.",
};
