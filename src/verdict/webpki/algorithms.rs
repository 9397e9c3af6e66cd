//! How public CAs write keys, and what they sign with, byte for byte as clients know it (BR 7.1.3).
//!
//! Which kinds of keys there are, how strong one is, and whether a signature verifies, is judged elsewhere.

use der::Decode;
use der::asn1::ObjectIdentifier;

use super::super::rule::{Fault, Rule, Severities};
use super::super::strength;
use crate::certificate::Certificate;
use crate::fingerprint::hex;
use crate::key::{PublicKey, PublicKeyAlgorithm};
use crate::policy::KeyKind;
use crate::tlv;

/// The keys and signatures of a path, leaf first. A signature that was made by a key above the path is not looked at:
/// a trusted certificate needs none.
pub(super) fn faults(path: &[&Certificate]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, certificate) in path.iter().enumerate() {
        let fault = |(rule, message, help): (&'static Rule, String, &str)| Fault {
            rule,
            at,
            message,
            help: help.to_owned(),
        };
        faults.extend(key_fault(certificate.public_key()).map(fault));
        let issuer = path.get(at + 1).map(|issuer| issuer.public_key());
        faults.extend(issuer.and_then(|key| signature_fault(certificate, key)).map(fault));
    }
    faults
}

/// What key it is, is judged before (BR 6.1.5); here, how an RSA key is written: an EC key is known by its encoding.
fn key_fault(key: &PublicKey) -> Option<(&'static Rule, String, &'static str)> {
    let found = tlv::sequence_parts(key.as_der()).ok()?.first()?.whole;
    let is_rsa = matches!(key.algorithm(), PublicKeyAlgorithm::Rsa { .. });
    (is_rsa && found != RSA_KEY).then(|| {
        let message = format!(
            "its RSA key is written with the algorithm {}, where {}, rsaEncryption with NULL, is expected",
            hex(found),
            hex(&RSA_KEY)
        );
        (&KEY_ENCODING, message, "make an RSA key for every use, and ask for a certificate for that one")
    })
}

/// BR 7.1.3.2: an AlgorithmIdentifier is one of those of the table, byte for byte, and with ECDSA the one that goes
/// with the signer's curve. What is over SHA-1 or worse is called weak elsewhere.
fn signature_fault(
    certificate: &Certificate,
    signer: &PublicKey,
) -> Option<(&'static Rule, String, &'static str)> {
    let algorithm = certificate.signature_algorithm();
    if strength::weak_hash(algorithm).is_some() {
        return None;
    }
    let help = "ask the CA to sign as public CAs do: with SHA-256 by its RSA or P-256 key, with SHA-384 by its P-384 key";
    let found = hex(algorithm.as_der());
    let curve = match signer.algorithm() {
        PublicKeyAlgorithm::Ec(kind) => Some(*kind),
        _ => None,
    };
    let oid =
        ObjectIdentifier::from_der(tlv::sequence_parts(algorithm.as_der()).ok()?.first()?.whole).ok()?;
    if !SIGNATURES.contains(&oid) {
        let name = algorithm.name();
        let message =
            format!("signed with {name}, where RSA or ECDSA with SHA-256, SHA-384 or SHA-512 is expected");
        return Some((&SIGNATURE_NOT_ALLOWED, message, help));
    }
    let name = algorithm.name();
    let message = match ECDSA_OF_CURVE.iter().find(|(kind, ..)| curve == Some(*kind)) {
        Some((_, _, expected)) if found == *expected => return None,
        Some((kind, expected, _)) if name != *expected => {
            format!("signed with {name} by a {kind} key, where {expected} goes with that curve")
        }
        Some((_, _, expected)) => {
            format!("its algorithm {name} is written {found}, where {expected} is expected")
        }
        None if RSA_SIGNATURES.contains(&found.as_str()) || curve.is_some() => return None,
        None => format!(
            "its algorithm {name} is written {found}, where NULL parameters, or for RSASSA-PSS one hash throughout and a salt of its length, are expected"
        ),
    };
    Some((&SIGNATURE_UNUSUAL, message, help))
}

/// BR 7.1.3.1.1, byte for byte: rsaEncryption (RFC 3279 2.3.1) with NULL.
const RSA_KEY: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// BR 7.1.3.2.1 and 7.1.3.2.2, whatever their parameters: RSASSA-PKCS1-v1_5 and ECDSA with SHA-256, SHA-384 and
/// SHA-512, and RSASSA-PSS.
const SIGNATURES: [ObjectIdentifier; 7] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"),
];

/// BR 7.1.3.2.1: RSASSA-PKCS1-v1_5 with NULL, and RSASSA-PSS with one hash for everything and a salt of its length.
const RSA_SIGNATURES: [&str; 6] = [
    "300d06092a864886f70d01010b0500",
    "300d06092a864886f70d01010c0500",
    "300d06092a864886f70d01010d0500",
    "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120",
    "304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130",
    "304106092a864886f70d01010a3034a00f300d06096086480165030402030500a11c301a06092a864886f70d010108300d06096086480165030402030500a203020140",
];

/// BR 7.1.3.2.2: what a key on each curve signs with, by name and as it is written.
const ECDSA_OF_CURVE: [(KeyKind, &str, &str); 3] = [
    (KeyKind::P256, "ecdsa-with-SHA256", "300a06082a8648ce3d040302"),
    (KeyKind::P384, "ecdsa-with-SHA384", "300a06082a8648ce3d040303"),
    (KeyKind::P521, "ecdsa-with-SHA512", "300a06082a8648ce3d040304"),
];

/// The rows of this file.
pub(in super::super) static ROWS: [&Rule; 3] = [&KEY_ENCODING, &SIGNATURE_NOT_ALLOWED, &SIGNATURE_UNUSUAL];

static KEY_ENCODING: Rule = Rule {
    name: "key-encoding",
    clause: "BR 7.1.3.1.1",
    severity: Severities::webpki(),
    purpose: "An RSA key is written in one way, so that every client reads the same: for every use of RSA, with NULL parameters.",
    clients: "Chrome and Go refuse a key that is for RSASSA-PSS alone, and one without the NULL; OpenSSL takes both.",
    origin: "The key was made with `openssl genpkey -algorithm RSA-PSS`, or a module wrote it in a way of its own.",
};
pub(in super::super) static SIGNATURE_NOT_ALLOWED: Rule = Rule {
    name: "signature-not-allowed",
    clause: "BR 7.1.3.2",
    severity: Severities::webpki(),
    purpose: "A signature is of use where every client can check it: RSA or ECDSA, with SHA-256, SHA-384 or SHA-512.",
    clients: "Browsers refuse DSA, Ed25519, and hashes such as SHA-224 or SHA-3; OpenSSL and Go take some of them.",
    origin: "A private CA was set up with a newer or rarer kind of key than clients have.",
};
static SIGNATURE_UNUSUAL: Rule = Rule {
    name: "signature-unusual",
    clause: "BR 7.1.3.2.1, 7.1.3.2.2",
    severity: Severities::webpki_duty(),
    purpose: "Public CAs sign with the hash that goes with the key, and write the algorithm in one way, byte for byte.",
    clients: "Most check it all the same; some TLS libraries know each curve with its own hash alone.",
    origin: "A private CA was told SHA-256 or SHA-384 for all its keys, or its software leaves the NULL out.",
};
