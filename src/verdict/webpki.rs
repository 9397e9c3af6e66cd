//! What the CA/Browser Forum's Baseline Requirements ask of a server certificate and its root, beyond RFC 5280.
//!
//! Clauses are those of the Baseline Requirements for TLS server certificates, version 2.

pub(super) mod algorithms;
pub(super) mod alternative_names;
#[cfg(test)]
mod cases;
pub(super) mod identifiers;
pub(super) mod issuers;
pub(super) mod leaf;
pub(super) mod period;

use std::net::IpAddr;

use der::asn1::ObjectIdentifier;

use super::rule::{Fault, Rule, Severities, Severity};
use crate::certificate::Certificate;
use crate::extension::{self, Extension};
use crate::key::PublicKeyAlgorithm;
use crate::name::GeneralName;
use crate::policy::KeyKind;

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
    purposes(leaf, &mut find);
    for (at, certificate) in path.iter().enumerate() {
        if !is_key_of_the_web(certificate) {
            let message = format!(
                "its key is {}, where RSA or a curve of P-256, P-384 and P-521 is expected",
                certificate.public_key().algorithm()
            );
            find(
                &KEY_ALGORITHM,
                at,
                message,
                "make a new key, RSA 2048 or EC P-256, and ask for a certificate",
            );
        }
    }
    names(leaf, &mut find);
    let top = path.len() - 1;
    if top > 0 && path[top].is_self_issued() {
        root(path[top], top, &mut find);
    }
    faults.extend(algorithms::faults(path));
    faults.extend(identifiers::faults(path));
    faults.extend(issuers::faults(path));
    // What a CA's certificate lacks as a server's is not worth a line each.
    if !leaf.is_authority() {
        faults.extend(leaf::faults(leaf));
        faults.extend(alternative_names::faults(leaf));
        faults.extend(period::fault(leaf));
    }
    faults
}

/// BR 7.1.2.7.12, 7.1.4.3, 3.2.2.6: the alternative names are there, the common name is one of them, and a wildcard stands where
/// it may.
fn names(leaf: &Certificate, find: &mut dyn FnMut(&'static Rule, usize, String, &str)) {
    let names = leaf.alternative_names();
    if names.is_empty() {
        let help = "ask the CA to write the host names as alternative names";
        find(&NO_ALTERNATIVE_NAMES, 0, "has no alternative name".to_owned(), help);
    }
    let is_critical = |oid| leaf.extension(oid).is_some_and(|one| one.critical);
    if is_critical(extension::SUBJECT_ALTERNATIVE_NAME) && !leaf.subject().is_empty() {
        let message = "its alternative names are critical, beside a subject that is not empty".to_owned();
        find(
            &NEEDLESSLY_CRITICAL,
            0,
            message,
            "ask the CA to issue it again, with that extension not critical",
        );
    }
    for common_name in leaf.subject().common_names() {
        if !names.iter().any(|name| says(name, common_name)) {
            let printed = crate::name::Printed::new(common_name);
            let message = format!("its common name {printed} is none of its alternative names");
            let is_misspelled = names.iter().any(|name| is_in_other_case(name, common_name));
            let misleads = is_misspelled || is_misleading(common_name) || is_sibling(&names, common_name);
            let rule = match misleads {
                true => &COMMON_NAME_MISLEADING,
                false => &COMMON_NAME,
            };
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
}

/// BR 7.1.2.7.6 and 7.1.2.7.10: an extended key usage that is not critical, and in it serverAuth, perhaps clientAuth,
/// and none of those that are kept apart.
fn purposes(leaf: &Certificate, find: &mut dyn FnMut(&'static Rule, usize, String, &str)) {
    let Some(one) = leaf.extension(extension::EXTENDED_KEY_USAGE) else {
        let help = "ask the CA for the purpose serverAuth";
        return find(&NO_PURPOSE, 0, "has no extended key usage".to_owned(), help);
    };
    if one.critical {
        let message = "its extended key usage is critical".to_owned();
        find(
            &NEEDLESSLY_CRITICAL,
            0,
            message,
            "ask the CA to issue it again, with that extension not critical",
        );
    }
    let listed = leaf.extended_key_usages();
    let apart = PURPOSES_KEPT_APART.iter().filter(|(oid, _)| listed.contains(oid));
    let names: Vec<&str> = apart.map(|(_, name)| *name).collect();
    if !names.is_empty() {
        let message = format!("for {} too, which a server's certificate must not be for", names.join(", "));
        find(&PURPOSES_MIXED, 0, message, "ask the CA for a certificate for servers alone");
    }
}

/// BR 6.1.5.
fn is_key_of_the_web(certificate: &Certificate) -> bool {
    match certificate.public_key().algorithm() {
        PublicKeyAlgorithm::Rsa { .. } => true,
        PublicKeyAlgorithm::Ec(kind) => matches!(kind, KeyKind::P256 | KeyKind::P384 | KeyKind::P521),
        PublicKeyAlgorithm::Ed25519 | PublicKeyAlgorithm::Other(_) => false,
    }
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
            Some(_) if identifier.issuer().is_some() || identifier.serial_number.is_some() => {
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

/// Whether an alternative name says the same as a common name, to the letter (BR 7.1.4.3): an address in the one
/// form that RFC 5952 and RFC 3986 give it.
fn says(name: &GeneralName, common_name: &str) -> bool {
    match name {
        GeneralName::Dns(host) => &**host == common_name,
        GeneralName::Ip(address) => address.to_string() == common_name,
        _ => false,
    }
}

fn is_in_other_case(name: &GeneralName, common_name: &str) -> bool {
    matches!(name, GeneralName::Dns(host) if host.eq_ignore_ascii_case(common_name))
}

/// Whether a common name that stands alone would be read as a host that nobody checked: an internationalised
/// name in either of its forms, or an address in another form than the one that BR 7.1.4.3 wants.
fn is_misleading(common_name: &str) -> bool {
    let label = |label: &str| label.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("xn--"));
    let address = common_name.parse::<IpAddr>().map(|address| address.to_string() != common_name);
    let hex = common_name.get(..2).is_some_and(|head| head.eq_ignore_ascii_case("0x"));
    let numbers = |text: &str| text.split('.').all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let dotted = common_name.split('.').count() == 4 && numbers(common_name) && address.is_err();
    let international = !common_name.is_ascii() && is_like_host(common_name);
    common_name.split('.').any(label) || address.unwrap_or(false) || hex || dotted || international
}

/// Whether it is another host below a domain that the alternative names are in, and none that a wildcard among them is
/// for: whoever reads it will think that the CA checked it with them.
fn is_sibling(names: &[GeneralName], common_name: &str) -> bool {
    let lower = common_name.to_ascii_lowercase();
    if !is_like_host(&lower) {
        return false;
    }
    let registered = |host: &str| psl::domain_str(host).map(str::to_owned);
    let Some(domain) = registered(&lower) else { return false };
    let hosts: Vec<String> = names
        .iter()
        .filter_map(|name| match name {
            GeneralName::Dns(host) => Some(host.to_ascii_lowercase()),
            _ => None,
        })
        .collect();
    let is_meant = |host: &String| match host.strip_prefix("*.") {
        Some(parent) => lower == parent || lower.split_once('.').is_some_and(|(_, above)| above == parent),
        None => false,
    };
    lower != domain
        && !hosts.iter().any(is_meant)
        && hosts.iter().any(|host| registered(host.trim_start_matches("*.")).as_ref() == Some(&domain))
}

/// Two labels or more, each of letters, digits and hyphens of any script.
fn is_like_host(text: &str) -> bool {
    let is_label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    text.contains('.') && text.split('.').all(is_label)
}

/// `*.` and a domain that somebody registered: not one under which everybody can register (BR 3.2.2.6, by the
/// ICANN part of the Public Suffix List; below a private part its owner may have a wildcard, as s3.amazonaws.com
/// does).
fn is_proper_wildcard(pattern: &str) -> bool {
    let Some(parent) = pattern.strip_prefix("*.") else { return false };
    let lower = parent.to_ascii_lowercase();
    // A rule of the list may itself be a wildcard: then every name below is a public suffix (*.kawasaki.jp).
    !lower.contains('*') && !is_public_suffix(&lower) && !is_public_suffix(&format!("x.{lower}"))
}

fn is_public_suffix(name: &str) -> bool {
    psl::suffix(name.as_bytes())
        .is_none_or(|suffix| suffix.as_bytes() == name.as_bytes() && suffix.typ() != Some(psl::Type::Private))
}

/// The rows of this file.
pub(super) static ROWS: [&Rule; 11] = [
    &CA_AS_LEAF,
    &NO_PURPOSE,
    &PURPOSES_MIXED,
    &NEEDLESSLY_CRITICAL,
    &KEY_ALGORITHM,
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
    clients: "Firefox and rustls refuse it; Chrome, OpenSSL and Go do not look.",
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
pub(super) static PURPOSES_MIXED: Rule = Rule {
    name: "purposes-mixed",
    clause: "BR 7.1.2.7.10, 7.1.2.10.6",
    severity: Severities::webpki(),
    purpose: "A server's key signs no code, no mail, no time stamps and no answers about other certificates, and its certificate is not for everything.",
    clients: "Strict ones refuse it, and public CAs must not issue it; most clients do not look.",
    origin: "One template serves for several purposes, or the request listed all that might be useful.",
};
static NEEDLESSLY_CRITICAL: Rule = Rule {
    name: "needlessly-critical",
    clause: "BR 7.1.2.7.6, 7.1.2.7.12",
    severity: Severities::webpki(),
    purpose: "A server's extended key usage is never critical, and its alternative names are only where they stand for an empty subject.",
    clients: "They understand both and do not mind; linters and auditors do.",
    origin: "The CA's template marks every extension critical.",
};
pub(super) static KEY_ALGORITHM: Rule = Rule {
    name: "key-algorithm-not-for-web",
    clause: "BR 6.1.5",
    severity: Severities::webpki(),
    purpose: "Browsers and servers agree on RSA and on three curves; other keys are for other uses.",
    clients: "Browsers refuse the handshake, because they do not offer the algorithm.",
    origin: "The key was made for another use: Ed25519 for SSH or mail, secp256k1 for ledgers, DSA long ago.",
};
pub(super) static NO_ALTERNATIVE_NAMES: Rule = Rule {
    name: "no-alternative-names",
    clause: "BR 7.1.2.7.12",
    severity: Severities::webpki(),
    purpose: "Clients look for host names among the alternative names alone.",
    clients: "Browsers, Go and rustls refuse it; OpenSSL still falls back to the common name.",
    origin: "The host name was given as common name only.",
};
static COMMON_NAME_MISLEADING: Rule = Rule {
    name: "common-name-misleading",
    clause: "BR 7.1.4.3",
    severity: Severities::webpki(),
    purpose: "A host that stands in the common name alone, in a form that hides which it is or beside others of its domain, was never checked.",
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

/// BR 7.1.2.7.10: those that must not be there.
pub(super) const PURPOSES_KEPT_APART: [(ObjectIdentifier, &str); 6] = [
    (ObjectIdentifier::new_unwrap("2.5.29.37.0"), "anyExtendedKeyUsage"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3"), "codeSigning"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4"), "emailProtection"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8"), "timeStamping"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9"), "OCSPSigning"),
    // RFC 6962 3.1.
    (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.4"), "precertificate signing"),
];
