//! What a server's certificate says of itself beside its names: what its key does, under whose rules it was issued,
//! and where its issuer is to be found.
//!
//! Much of it is a public CA's duty that no client looks at, and that a private CA cannot do.

use super::super::rule::{Fault, Rule, Severities, Severity};
use crate::certificate::Certificate;
use crate::extension::{self, PolicyInformation};
use crate::key::PublicKeyAlgorithm;
use crate::policy::KeyUsage;

/// The faults of a leaf.
pub(super) fn faults(leaf: &Certificate) -> Vec<Fault> {
    let found =
        [key_usage_fault(leaf), constraints_fault(leaf), policies_fault(leaf), issuer_address_fault(leaf)];
    let fault = |(rule, message, help): (&'static Rule, String, &str)| Fault {
        rule,
        at: 0,
        message,
        help: help.to_owned(),
    };
    found.into_iter().flatten().map(fault).collect()
}

type Found = Option<(&'static Rule, String, &'static str)>;

/// BR 7.1.2.7.11. That keyCertSign is for CAs is RFC 5280's to say.
fn key_usage_fault(leaf: &Certificate) -> Found {
    leaf.extension(extension::KEY_USAGE)?;
    let (kind, allowed) = match leaf.public_key().algorithm() {
        PublicKeyAlgorithm::Rsa { .. } => ("RSA", &RSA_USAGES[..]),
        PublicKeyAlgorithm::Ec(_) => ("EC", &EC_USAGES[..]),
        PublicKeyAlgorithm::Ed25519 | PublicKeyAlgorithm::Other(_) => return None,
    };
    let usages = leaf.key_usages();
    let not_of_servers = |usage: &&KeyUsage| **usage != KeyUsage::KeyCertSign && !allowed.contains(usage);
    let beyond: Vec<&str> = usages.iter().filter(not_of_servers).map(|usage| usage.name()).collect();
    let needed = &allowed[..allowed.len() - 1];
    let message = if !beyond.is_empty() {
        let allowed: Vec<&str> = allowed.iter().map(|usage| usage.name()).collect();
        format!(
            "has the key usage {}, where of a server's {kind} key {} are expected",
            beyond.join(", "),
            allowed.join(", ")
        )
    } else if !usages.is_empty() && !usages.iter().any(|usage| needed.contains(usage)) {
        let usages: Vec<&str> = usages.iter().map(|usage| usage.name()).collect();
        format!("has the key usage {}, where a server's {kind} key needs digitalSignature", usages.join(", "))
    } else {
        return None;
    };
    let help = "ask for digitalSignature, and with an RSA key keyEncipherment beside it, when the request is made (--key-usage)";
    Some((&KEY_USAGE_NOT_OF_SERVERS, message, help))
}

/// BR 7.1.2.7.6.
fn constraints_fault(leaf: &Certificate) -> Found {
    let one = leaf.extension(extension::BASIC_CONSTRAINTS)?;
    let message =
        "has basic constraints that are not critical, where critical ones or none are expected".to_owned();
    (!one.critical).then_some((
        &LEAF_CONSTRAINTS_NOT_CRITICAL,
        message,
        "nothing: clients read them all the same",
    ))
}

/// BR 7.1.2.7.9: one of the reserved policies.
fn policies_fault(leaf: &Certificate) -> Found {
    let one = leaf.extension(extension::CERTIFICATE_POLICIES);
    let listed = match one.map(|one| PolicyInformation::read_all(&one.value)) {
        None => Vec::new(),
        Some(Ok(policies)) => policies.iter().map(|one| one.policy.to_string()).collect(),
        // What cannot be read is a fault of its form.
        Some(Err(_)) => return None,
    };
    if listed.iter().any(|policy| RESERVED_POLICIES.contains(&policy.as_str())) {
        return None;
    }
    let listed =
        if listed.is_empty() { "no policy".to_owned() } else { format!("the policy {}", listed.join(", ")) };
    let message = format!("names {listed}, where one of {} is expected", RESERVED_POLICIES.join(", "));
    let help = "nothing, where the CA is a private one: these policies are for public CAs to give";
    Some((&NO_RESERVED_POLICY, message, help))
}

/// BR 7.1.2.7.6 and 7.1.2.7.7.
fn issuer_address_fault(leaf: &Certificate) -> Found {
    if leaf.extension(extension::AUTHORITY_INFORMATION_ACCESS).is_some() {
        return None;
    }
    let message =
        "has no authority information access, where the address of the issuer's certificate is expected";
    let help = "nothing, where the server sends its whole chain";
    Some((&NO_ISSUER_ADDRESS, message.to_owned(), help))
}

/// BR 7.1.2.7.11, the last of each of which no handshake can use by itself.
const RSA_USAGES: [KeyUsage; 3] =
    [KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment, KeyUsage::DataEncipherment];
const EC_USAGES: [KeyUsage; 2] = [KeyUsage::DigitalSignature, KeyUsage::KeyAgreement];

/// BR 7.1.6.1: validated by domain, organisation or person, and extended validation.
const RESERVED_POLICIES: [&str; 4] = ["2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.2.3", "2.23.140.1.1"];

/// The rows of this file.
pub(in super::super) static ROWS: [&Rule; 4] =
    [&KEY_USAGE_NOT_OF_SERVERS, &LEAF_CONSTRAINTS_NOT_CRITICAL, &NO_RESERVED_POLICY, &NO_ISSUER_ADDRESS];

static KEY_USAGE_NOT_OF_SERVERS: Rule = Rule {
    name: "key-usage-not-of-servers",
    clause: "BR 7.1.2.7.11",
    severity: Severities::webpki_duty(),
    purpose: "A server's key signs handshakes, or with RSA deciphers what clients send in old ones, and does nothing else.",
    clients: "TLS 1.3 needs digitalSignature, and clients that look end the handshake without it. Usages beyond that they pass over.",
    origin: "The request asked for every usage (the default policy of `az` does), or one template serves RSA and EC keys.",
};
static LEAF_CONSTRAINTS_NOT_CRITICAL: Rule = Rule {
    name: "leaf-constraints-not-critical",
    clause: "BR 7.1.2.7.6",
    severity: Severities { webpki: Some(Severity::Note), ..Severities::webpki() },
    purpose: "That a certificate is no CA's is for everybody to understand, so public CAs mark it critical.",
    clients: "They read the extension whether it is critical or not.",
    origin: "OpenSSL's basicConstraints=CA:FALSE, and Key Vault's own self-signed certificates.",
};
static NO_RESERVED_POLICY: Rule = Rule {
    name: "no-reserved-policy",
    clause: "BR 7.1.2.7.9, 7.1.6.1",
    severity: Severities::webpki_duty(),
    purpose: "A public CA says in its certificates how it checked who asked: by the domain, an organisation or a person.",
    clients: "They do not look, but for the policy of extended validation.",
    origin: "The CA is a private one, to which these requirements do not apply.",
};
static NO_ISSUER_ADDRESS: Rule = Rule {
    name: "no-issuer-address",
    clause: "BR 7.1.2.7.6, 7.1.2.7.7",
    severity: Severities { webpki: Some(Severity::Note), ..Severities::webpki() },
    purpose: "Who got the certificate without its issuer can learn from it where that is to be had.",
    clients: "Chrome, Safari and Windows fetch a missing issuer from that address; Firefox, OpenSSL, Go and Java as they come do not.",
    origin: "A private CA that publishes its certificates nowhere.",
};
