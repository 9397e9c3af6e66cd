//! Whether the leaf is what was asked for: its names, purposes and usages against those of the request.
//!
//! A CA may change them and often must; Key Vault merges all the same. So nothing here refuses.

use std::collections::HashSet;

use der::asn1::ObjectIdentifier;

use super::listing::{LISTED_MAX, listed};
use super::rule::{Fault, Rule, Severities, Severity};
use crate::certificate::Certificate;
use crate::csr::CertificateRequest;
use crate::extension::{self, Extension, purpose_name};
use crate::name::{Attribute, DistinguishedName, GeneralName};
use crate::policy::KeyUsage;

/// What the leaf has otherwise than the request.
pub(super) fn faults(leaf: &Certificate, request: &CertificateRequest) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut find = |rule: &'static Rule, message: String, help: &str| {
        faults.push(Fault { rule, at: 0, message, help: help.to_owned() });
    };
    let (asked, got) = (request.subject(), leaf.subject());
    if asked.as_der() != got.as_der() {
        match asked.matches(got) {
            true => find(
                &SUBJECT_ENCODING,
                format!("the subject {got} is written with other string types or case than in the request"),
                "nothing, where clients compare names as RFC 5280 7.1 says",
            ),
            false => find(
                &SUBJECT_CHANGED,
                format!("asked for the subject {asked}, and it has {got}: {}", differences(asked, got)),
                "ask the CA, if anything depends on the subject; host names are alternative names",
            ),
        }
    }
    let (asked, got) = (request.alternative_names(), leaf.alternative_names());
    let lost = missing(&asked, &got);
    if !lost.is_empty() {
        let message = format!("lacks {}, which the request asks for", listed(&lost, LISTED_MAX));
        find(&SAN_LOST, message, "ask the CA to issue again, or accept that clients of these names fail");
    }
    let common_names: Vec<&str> = request.subject().common_names().collect();
    let is_common_name = |name: &GeneralName| match name {
        GeneralName::Dns(host) => common_names.iter().any(|one| one.eq_ignore_ascii_case(host)),
        _ => false,
    };
    let added: Vec<&GeneralName> =
        missing(&got, &asked).into_iter().filter(|name| !is_common_name(name)).collect();
    if !added.is_empty() {
        let message = format!("has {}, which the request does not ask for", listed(&added, LISTED_MAX));
        find(&SAN_ADDED, message, "nothing, if these names are yours too; otherwise ask the CA");
    }
    let purposes = |list: Vec<ObjectIdentifier>| list.iter().map(purpose_name).collect::<Vec<_>>();
    let (asked, got) = (purposes(requested_purposes(request)), purposes(leaf.extended_key_usages()));
    // Who asks for nothing takes what the CA's template has.
    if !asked.is_empty() && !same_set(&asked, &got) {
        let message = format!(
            "asked for the purposes {}, and it has {}",
            listed(&asked, LISTED_MAX),
            listed(&got, LISTED_MAX)
        );
        find(&PURPOSES_CHANGED, message, "ask the CA, if one of them is needed");
    }
    let usages =
        |list: Vec<KeyUsage>| list.into_iter().map(|usage| usage.name().to_owned()).collect::<Vec<_>>();
    let (asked, got) = (usages(requested_usages(request)), usages(leaf.key_usages()));
    if !asked.is_empty() && !same_set(&asked, &got) {
        let message = format!(
            "asked for the key usages {}, and it has {}",
            listed(&asked, LISTED_MAX),
            listed(&got, LISTED_MAX)
        );
        find(&KEY_USAGES_CHANGED, message, "ask the CA, if one of them is needed");
    }
    if leaf.is_authority() {
        let message = "is a CA, which no request of Key Vault asks for".to_owned();
        find(
            &IS_A_CA,
            message,
            "ask the CA whether that is meant: whoever holds this key can sign certificates",
        );
    }
    faults
}

/// What changed between two subjects that do not match: attributes gone, new ones, or their order alone.
fn differences(asked: &DistinguishedName, got: &DistinguishedName) -> String {
    let beyond = |one: &DistinguishedName, other: &DistinguishedName| {
        let mut others: Vec<&Attribute> = other.attributes().collect();
        let mut beyond = Vec::new();
        for attribute in one.attributes() {
            match others.iter().position(|other| other.matches(attribute)) {
                // Each attribute answers for one: a second OU of the same text is one more.
                Some(found) => {
                    others.swap_remove(found);
                }
                None => beyond.push(attribute.to_string()),
            }
        }
        beyond
    };
    let (lost, added) = (beyond(asked, got), beyond(got, asked));
    let mut words = Vec::new();
    if !lost.is_empty() {
        words.push(format!("{} is gone", listed(&lost, LISTED_MAX)));
    }
    if !added.is_empty() {
        words.push(format!("{} is new", listed(&added, LISTED_MAX)));
    }
    if !words.is_empty() {
        return words.join(", ");
    }
    let in_order = |(one, other): (&Attribute, &Attribute)| one.matches(other);
    match asked.attributes().zip(got.attributes()).all(in_order) {
        true => "the same attributes, several of them in one relative name".to_owned(),
        false => "the same attributes in another order".to_owned(),
    }
}

/// The names that are not among others.
fn missing<'a>(names: &'a [GeneralName], others: &[GeneralName]) -> Vec<&'a GeneralName> {
    // Looked up, as there can be tens of thousands on both sides.
    let others: HashSet<(u8, Vec<u8>)> = others.iter().map(comparable).collect();
    names.iter().filter(|name| !others.contains(&comparable(name))).collect()
}

/// A name as those of its kind are compared, after its kind: hosts whatever their case (RFC 5280 7.2), also those of URIs
/// (7.4) and mailboxes (7.5); directory names after string preparation (7.1).
fn comparable(name: &GeneralName) -> (u8, Vec<u8>) {
    match name {
        GeneralName::Dns(host) => (2, host.to_ascii_lowercase().into_bytes()),
        GeneralName::Email(address) => match address.rsplit_once('@') {
            Some((local, host)) => (1, format!("{local}@{}", host.to_ascii_lowercase()).into_bytes()),
            None => (1, address.to_string().into_bytes()),
        },
        GeneralName::Uri(uri) => (6, in_small_up_to_the_path(uri).into_bytes()),
        GeneralName::Directory(name) => (4, name.matching_key().to_vec()),
        other => (u8::MAX, format!("{other:?}").into_bytes()),
    }
}

/// RFC 3986 6.2.2.1: scheme and host of a URI are the same whatever their case.
fn in_small_up_to_the_path(uri: &str) -> String {
    let after_scheme = uri.find("://").map_or(0, |at| at + 3);
    let end = uri[after_scheme..].find(['/', '?', '#']).map_or(uri.len(), |at| after_scheme + at);
    format!("{}{}", uri[..end].to_ascii_lowercase(), &uri[end..])
}

fn requested_purposes(request: &CertificateRequest) -> Vec<ObjectIdentifier> {
    let one = request.extensions().iter().find(|one| one.oid == extension::EXTENDED_KEY_USAGE);
    one.and_then(|one| Extension::read_extended_key_usage(&one.value).ok()).unwrap_or_default()
}

fn requested_usages(request: &CertificateRequest) -> Vec<KeyUsage> {
    let one = request.extensions().iter().find(|one| one.oid == extension::KEY_USAGE);
    one.and_then(|one| Extension::read_key_usage(&one.value).ok()).unwrap_or_default()
}

fn same_set(one: &[String], other: &[String]) -> bool {
    one.iter().collect::<HashSet<_>>() == other.iter().collect::<HashSet<_>>()
}

/// The rows of this file.
pub(super) static ROWS: [&Rule; 7] = [
    &SAN_LOST,
    &SAN_ADDED,
    &SUBJECT_CHANGED,
    &SUBJECT_ENCODING,
    &PURPOSES_CHANGED,
    &KEY_USAGES_CHANGED,
    &IS_A_CA,
];

pub(super) static SAN_LOST: Rule = Rule {
    name: "san-lost",
    clause: "RFC 9525 6",
    severity: Severities::advice(),
    purpose: "A name that was asked for and is not there will not be served.",
    clients: "Clients that ask for this name refuse the connection.",
    origin: "The CA takes the names from its own form and not from the request.",
};
static SAN_ADDED: Rule = Rule {
    name: "san-added",
    clause: "RFC 5280 4.2.1.6",
    severity: Severities::everywhere(Severity::Note),
    purpose: "Whoever holds this key can speak for every name in the certificate.",
    clients: "They accept the additional names.",
    origin: "The CA adds the common name, or the name with and without www.",
};
static SUBJECT_CHANGED: Rule = Rule {
    name: "subject-changed",
    clause: "RFC 5280 4.1.2.6",
    severity: Severities::everywhere(Severity::Note),
    purpose: "Some programs know a certificate by its subject.",
    clients: "Clients that look at host names do not look at the subject.",
    origin: "Public CAs write the subject from what they validated, and leave the rest out.",
};
static SUBJECT_ENCODING: Rule = Rule {
    name: "subject-encoding",
    clause: "RFC 5280 7.1",
    severity: Severities::everywhere(Severity::Note),
    purpose: "The same name in other bytes is the same name for some programs only.",
    clients: "Programs that compare subjects byte by byte see another name.",
    origin: "The CA writes every name as UTF8String.",
};
pub(super) static PURPOSES_CHANGED: Rule = Rule {
    name: "purposes-changed",
    clause: "RFC 5280 4.2.1.12",
    severity: Severities::advice(),
    purpose: "A purpose that was asked for and is not there will be refused by whoever needs it.",
    clients: "Servers refuse a client certificate without clientAuth, clients a server's without serverAuth.",
    origin: "Public CAs no longer issue clientAuth beside serverAuth; private ones use a template.",
};
pub(super) static KEY_USAGES_CHANGED: Rule = Rule {
    name: "key-usages-changed",
    clause: "RFC 5280 4.2.1.3",
    severity: Severities::everywhere(Severity::Note),
    purpose: "A usage that was asked for and is not there limits what the key may do.",
    clients: "TLS needs digitalSignature; old key exchanges need keyEncipherment.",
    origin: "The CA's template decides.",
};
static IS_A_CA: Rule = Rule {
    name: "is-a-ca",
    clause: "RFC 5280 4.2.1.9",
    severity: Severities { webpki: None, ..Severities::advice() },
    purpose: "A CA's certificate on a server lets whoever takes the key sign for everybody.",
    clients: "Firefox and rustls refuse a CA as a server's certificate; the others take it.",
    origin: "The wrong template was used, or a self-signed CA was imported.",
};
