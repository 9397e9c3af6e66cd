//! What the CAs between a server's certificate and its root say of themselves.

use super::super::purpose::SERVER_AUTH;
use super::super::rule::{Fault, Rule, Severities};
use super::{PURPOSES_KEPT_APART, PURPOSES_MIXED};
use crate::certificate::Certificate;
use crate::extension;
use crate::policy::KeyUsage;

/// Those of a path, leaf first. A root that signed itself is trusted as it is.
pub(super) fn faults(path: &[&Certificate]) -> Vec<Fault> {
    let top = path.len() - 1;
    let mut faults = Vec::new();
    let issuers = path.iter().enumerate().skip(1).filter(|(at, one)| *at < top || !one.is_self_issued());
    for (at, certificate) in issuers {
        let usage = key_usage_fault(certificate).map(|message| {
            let help = "ask the CA for a chain through a CA certificate with keyCertSign and cRLSign";
            (&CA_KEY_USAGE, message, help)
        });
        let purposes = purposes_fault(certificate).map(|message| {
            let help = "ask the CA for a chain through a CA certificate for servers alone";
            (&PURPOSES_MIXED, message, help)
        });
        let found = usage.into_iter().chain(purposes);
        faults.extend(found.map(|(rule, message, help)| Fault { rule, at, message, help: help.to_owned() }));
    }
    faults
}

/// BR 7.1.2.10.6: beside serverAuth none of those that are kept apart. A CA that is not restricted says
/// anyExtendedKeyUsage, and that alone (7.1.2.2.4).
fn purposes_fault(certificate: &Certificate) -> Option<String> {
    let listed = certificate.extended_key_usages();
    let apart = PURPOSES_KEPT_APART.iter().filter(|(oid, _)| listed.contains(oid));
    let names: Vec<&str> = apart.map(|(_, name)| *name).collect();
    (listed.contains(&SERVER_AUTH) && !names.is_empty())
        .then(|| format!("a CA for {} too, which a CA of servers must not be for", names.join(", ")))
}

/// That a key usage without keyCertSign cannot sign is path validation's to say.
fn key_usage_fault(certificate: &Certificate) -> Option<String> {
    let Some(extension) = certificate.extension(extension::KEY_USAGE) else {
        return Some("a CA without a key usage, where keyCertSign and cRLSign are expected".to_owned());
    };
    let usages = certificate.key_usages();
    if !extension.critical {
        return Some("a CA whose key usage is not critical, where a critical one is expected".to_owned());
    }
    let lacks_lists = usages.contains(&KeyUsage::KeyCertSign) && !usages.contains(&KeyUsage::CrlSign);
    lacks_lists.then(|| {
        let usages: Vec<&str> = usages.iter().map(|usage| usage.name()).collect();
        format!("a CA with the key usage {}, where cRLSign is expected too", usages.join(", "))
    })
}

/// The rows of this file.
pub(in super::super) static ROWS: [&Rule; 1] = [&CA_KEY_USAGE];

static CA_KEY_USAGE: Rule = Rule {
    name: "ca-key-usage",
    clause: "BR 7.1.2.10.7, 7.1.2.6.1",
    severity: Severities::webpki_duty(),
    purpose: "A CA's key is for certificates and for lists of the revoked ones, and the CA says so in a way that nobody passes over.",
    clients: "They take it, but for revocation lists: without cRLSign those of this CA count for nothing.",
    origin: "The CA certificate was made by hand, without OpenSSL's keyUsage=critical,keyCertSign,cRLSign.",
};
