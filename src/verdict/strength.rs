//! The strength of every key along a path, and of every signature: keys that are short, that somebody else can
//! compute the private key of, or that are none at all.
//!
//! It judges public keys by themselves. Whether a signature verifies is not its business, and no list of keys
//! known to be compromised is kept.

mod modulus;

use std::cell::RefCell;
use std::collections::HashMap;

use aws_lc_rs::signature::{self as aws, EcdsaVerificationAlgorithm, ParsedPublicKey};
use der::Decode;
use der::asn1::{ObjectIdentifier, UintRef};
use der::{Tag, TagNumber};
use num_bigint::BigUint;

use self::modulus::{FERMAT_ROUNDS, TRIAL_DIVISION_MAX, fermat_round, has_roca_fingerprint, smallest_factor};
use super::rule::{Fault, Rule, Severities, Severity};
use crate::certificate::Certificate;
use crate::key::{PublicKey, PublicKeyAlgorithm, SignatureAlgorithm, SignatureFault};
use crate::policy::KeyKind;
use crate::tlv;

/// What is weak in a path, the leaf first: every certificate's key, and the signature of every certificate that
/// is signed by another. A self-signed certificate at the top is trusted for other reasons than its signature.
pub(super) fn faults(path: &[&Certificate], known: &KnownKeys) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, certificate) in path.iter().enumerate() {
        let found = known.weaknesses(certificate.public_key());
        faults.extend(found.into_iter().map(|(rule, message)| Fault {
            rule,
            at,
            message,
            help: key_help(at).to_owned(),
        }));
        let top = at + 1 == path.len();
        let weak = weak_hash(certificate.signature_algorithm());
        if let Some(hash) = weak.filter(|_| !(top && signs_itself(certificate))) {
            faults.push(Fault {
                rule: &WEAK_SIGNATURE,
                at,
                message: format!("signed over a hash of {hash}, where SHA-256 or a longer one is expected"),
                help: "ask the CA for a certificate that is signed with SHA-256 or better".to_owned(),
            });
        }
    }
    faults
}

/// What was found of keys before: one stands in many paths. A key is known by its address, as it lives longer than the
/// judgement.
#[derive(Debug, Default)]
pub(super) struct KnownKeys(RefCell<HashMap<*const PublicKey, Vec<(&'static Rule, String)>>>);

impl KnownKeys {
    fn weaknesses(&self, key: &PublicKey) -> Vec<(&'static Rule, String)> {
        self.0.borrow_mut().entry(std::ptr::from_ref(key)).or_insert_with(|| key_weaknesses(key)).clone()
    }
}

fn key_help(at: usize) -> &'static str {
    if at == 0 {
        "make a new key, RSA of 2048 bits or more or EC P-256, and send the CA a request for that one"
    } else {
        "ask the CA to issue from another of its CAs: this one's key cannot be relied on"
    }
}

/// Self-issued, and not plainly signed by another key of the same name. MD5 signatures cannot be checked, and are
/// given the benefit of the doubt.
fn signs_itself(certificate: &Certificate) -> bool {
    certificate.is_self_issued()
        && !matches!(
            certificate.verify_signature(certificate.public_key()),
            Err(SignatureFault::Bad { .. } | SignatureFault::WrongKeyType { .. })
        )
}

/// What is weak in a key alone, with the rules by which it is: size, exponent, primes that can be found, a point off
/// its curve. Nothing secret is needed for it, nor given by it.
pub fn key_weaknesses(key: &PublicKey) -> Vec<(&'static Rule, String)> {
    match key.algorithm() {
        PublicKeyAlgorithm::Rsa { .. } => rsa_faults(key.key_bits()),
        PublicKeyAlgorithm::Other(oid) if *oid == RSASSA_PSS => rsa_faults(key.key_bits()),
        PublicKeyAlgorithm::Ec(kind) => ec_fault(*kind, key.key_bits()).into_iter().collect(),
        PublicKeyAlgorithm::Ed25519 => Vec::new(),
        PublicKeyAlgorithm::Other(_) => unnamed_curve_fault(key).into_iter().collect(),
    }
}

/// ```text
/// ECParameters ::= CHOICE {                                        -- RFC 5480 2.1.1
///      namedCurve         OBJECT IDENTIFIER
///      -- implicitCurve   NULL
///      -- specifiedCurve  SpecifiedECDomain }
/// ```
fn unnamed_curve_fault(key: &PublicKey) -> Option<(&'static Rule, String)> {
    let parts = tlv::sequence_parts(key.as_der()).ok()?;
    let algorithm = tlv::sequence_parts(parts.first()?.whole).ok()?;
    let identifier = ObjectIdentifier::from_der(algorithm.first()?.whole).ok()?;
    let how = match algorithm.get(1).map(|parameters| parameters.tag) {
        _ if identifier != EC_PUBLIC_KEY => return None,
        Some(Tag::ObjectIdentifier) => return None,
        Some(Tag::Sequence) => "writes its curve out",
        Some(_) | None => "does not say its curve",
    };
    let message = format!("the EC key {how}, where the identifier of a curve is expected");
    Some((&EC_CURVE_NOT_NAMED, message))
}

/// A point is on its curve where the provider takes it as a key: it checks the equation and the range (SEC 1
/// 3.2.2.1). The first octet is looked at here, because the provider also takes a whole SubjectPublicKeyInfo.
fn ec_fault(kind: KeyKind, point: &[u8]) -> Option<(&'static Rule, String)> {
    let algorithm: &'static EcdsaVerificationAlgorithm = match kind {
        KeyKind::P256 => &aws::ECDSA_P256_SHA256_ASN1,
        KeyKind::P384 => &aws::ECDSA_P384_SHA384_ASN1,
        KeyKind::P521 => &aws::ECDSA_P521_SHA512_ASN1,
        KeyKind::P256K => &aws::ECDSA_P256K1_SHA256_ASN1,
        KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => return None,
    };
    let is_point = matches!(point.first(), Some(0x02..=0x04));
    if is_point && ParsedPublicKey::new(algorithm, point).is_ok() {
        return None;
    }
    let message =
        format!("the key says that it is a point on {kind}, and its {} octets are none", point.len());
    Some((&EC_POINT_NOT_ON_CURVE, message))
}

fn rsa_faults(key: &[u8]) -> Vec<(&'static Rule, String)> {
    let (modulus, exponent) = match rsa_numbers(key) {
        Ok(numbers) => numbers,
        Err(error) => {
            let message =
                format!("the RSA key is no modulus and exponent, as RFC 8017 A.1.1 has it: {error}");
            return vec![(&RSA_KEY_MALFORMED, message)];
        }
    };
    let mut faults = Vec::new();
    let bits = modulus.bits();
    if bits < RSA_BITS_FACTORED {
        let message = format!(
            "the RSA modulus has {bits} bits, where at least {RSA_BITS_MIN} are expected and {RSA_BITS_FACTORED} are the least"
        );
        faults.push((&RSA_BELOW_1024, message));
    } else if bits < RSA_BITS_MIN {
        let message = format!("the RSA modulus has {bits} bits, where at least {RSA_BITS_MIN} are expected");
        faults.push((&RSA_BELOW_2048, message));
    }
    if bits % 8 != 0 {
        let message = format!("the RSA modulus has {bits} bits, where a multiple of 8 is expected");
        faults.push((&RSA_MODULUS_NOT_WHOLE_BYTES, message));
    }
    faults.extend(exponent_fault(&exponent));
    faults.extend(modulus_fault(&modulus));
    faults
}

fn exponent_fault(exponent: &BigUint) -> Option<(&'static Rule, String)> {
    let is_odd = exponent.bit(0);
    if !is_odd || *exponent == BigUint::from(1u32) {
        let message =
            format!("the RSA exponent is {}, where an odd number from 3 up is expected", short(exponent));
        return Some((&RSA_EXPONENT_BROKEN, message));
    }
    let usual = BigUint::from(EXPONENT_MIN)..(BigUint::from(1u32) << EXPONENT_BITS_MAX);
    (!usual.contains(exponent)).then(|| {
        let message = format!(
            "the RSA exponent is {}, where {EXPONENT_MIN} or more, and at most {EXPONENT_BITS_MAX} bits, is expected",
            short(exponent)
        );
        (&RSA_EXPONENT_UNUSUAL, message)
    })
}

/// The first way in which the modulus can be split: each of them is the end of the key, and one is enough.
fn modulus_fault(modulus: &BigUint) -> Option<(&'static Rule, String)> {
    let bits = modulus.bits();
    if bits > SPLIT_BITS_MAX {
        return None;
    }
    if let Some(factor) = smallest_factor(modulus) {
        let message = format!(
            "the RSA modulus of {bits} bits is divisible by {factor}, where no factor up to {TRIAL_DIVISION_MAX} is expected"
        );
        return Some((&RSA_SMALL_FACTOR, message));
    }
    if let Some(round) = fermat_round(modulus) {
        let message = format!(
            "Fermat's method splits the RSA modulus of {bits} bits in round {round}, where it should not within {FERMAT_ROUNDS}"
        );
        return Some((&RSA_CLOSE_PRIMES, message));
    }
    has_roca_fingerprint(modulus).then(|| {
        let message = format!(
            "the RSA modulus of {bits} bits has the fingerprint of the ROCA key generator (CVE-2017-15361), where random primes have none"
        );
        (&RSA_ROCA, message)
    })
}

/// ```text
/// RSAPublicKey ::= SEQUENCE {                                      -- RFC 8017 A.1.1
///      modulus           INTEGER,
///      publicExponent    INTEGER }
/// ```
fn rsa_numbers(key: &[u8]) -> der::Result<(BigUint, BigUint)> {
    let parts = tlv::sequence_parts(key)?;
    let [modulus, exponent] = parts.as_slice() else {
        return Err(Tag::Sequence.length_error().into());
    };
    let number = |der| Ok::<_, der::Error>(BigUint::from_bytes_be(UintRef::from_der(der)?.as_bytes()));
    Ok((number(modulus.whole)?, number(exponent.whole)?))
}

/// A number, or how long it is where it would fill the line.
fn short(number: &BigUint) -> String {
    match u64::try_from(number) {
        Ok(number) => number.to_string(),
        Err(_) => format!("a number of {} bits", number.bits()),
    }
}

/// The hash under a signature, where it is one for which two certificates with one signature can be made.
pub(super) fn weak_hash(algorithm: &SignatureAlgorithm) -> Option<&'static str> {
    let parts = tlv::sequence_parts(algorithm.as_der()).ok()?;
    let oid = ObjectIdentifier::from_der(parts.first()?.whole).ok()?;
    let hash = if oid == RSASSA_PSS { pss_hash(parts.get(1)?.whole).ok()? } else { oid };
    WEAK_HASHES.iter().find(|(weak, _)| *weak == hash).map(|(_, name)| *name)
}

/// ```text
/// RSASSA-PSS-params  ::=  SEQUENCE  {                              -- RFC 4055 3.1
///      hashAlgorithm      [0] HashAlgorithm DEFAULT sha1Identifier, … }
/// ```
fn pss_hash(parameters: &[u8]) -> der::Result<ObjectIdentifier> {
    let parts = tlv::sequence_parts(parameters)?;
    let tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    let Some(hash) = parts.first().filter(|part| part.tag == tag) else {
        return Ok(SHA1);
    };
    let identifier = tlv::sequence_parts(hash.contents)?;
    let oid = identifier.first().ok_or_else(|| Tag::Sequence.value_error())?;
    ObjectIdentifier::from_der(oid.whole)
}

/// Baseline Requirements 6.1.5; NIST SP 800-131A 3 for everybody else: shorter keys are within reach.
const RSA_BITS_MIN: u64 = 2048;
/// RSA-768 was factored in 2009 by six institutes, and 829 bits in 2020. BoringSSL and OpenSSL, at the security level
/// that everybody has, take none of fewer.
const RSA_BITS_FACTORED: u64 = 1024;
/// Baseline Requirements 6.1.6: the exponent should lie between 2^16 + 1 and 2^256 - 1.
const EXPONENT_MIN: u32 = 65_537;
const EXPONENT_BITS_MAX: u32 = 256;
/// A modulus above this is not tried: OpenSSL's OPENSSL_RSA_MAX_MODULUS_BITS, twice what our provider verifies
/// with. Such a key passes no signature check, and square roots of numbers without end would take as long.
const SPLIT_BITS_MAX: u64 = 16_384;

/// id-ecPublicKey (RFC 5480 2.1.1).
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// id-RSASSA-PSS (RFC 4055 3.1), of keys and of signatures.
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
/// id-sha1 (RFC 3279 2.1).
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");

/// Signature algorithms, and hashes as RSASSA-PSS names them, over MD2, MD4, MD5 and SHA-1: RFC 3279 2.1 and 2.2,
/// RFC 8017 A.2.4, and the older names of the OIW.
const WEAK_HASHES: [(ObjectIdentifier, &str); 12] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.2"), "MD2"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.3"), "MD4"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4"), "MD5"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5"), "SHA-1"),
    (ObjectIdentifier::new_unwrap("1.2.840.10040.4.3"), "SHA-1"),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"), "SHA-1"),
    (ObjectIdentifier::new_unwrap("1.3.14.3.2.2"), "MD4"),
    (ObjectIdentifier::new_unwrap("1.3.14.3.2.3"), "MD5"),
    (ObjectIdentifier::new_unwrap("1.3.14.3.2.27"), "SHA-1"),
    (ObjectIdentifier::new_unwrap("1.3.14.3.2.29"), "SHA-1"),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.2.5"), "MD5"),
    (SHA1, "SHA-1"),
];

/// The rows of this file.
pub(super) static ROWS: [&Rule; 12] = [
    &RSA_BELOW_1024,
    &RSA_BELOW_2048,
    &RSA_MODULUS_NOT_WHOLE_BYTES,
    &RSA_KEY_MALFORMED,
    &RSA_EXPONENT_BROKEN,
    &RSA_EXPONENT_UNUSUAL,
    &RSA_SMALL_FACTOR,
    &RSA_CLOSE_PRIMES,
    &RSA_ROCA,
    &EC_POINT_NOT_ON_CURVE,
    &EC_CURVE_NOT_NAMED,
    &WEAK_SIGNATURE,
];

/// RFC 5280 has no opinion on strength, the Baseline Requirements do.
const SHORT: Severities = Severities {
    key_vault: Some(Severity::Note),
    rfc5280: Some(Severity::Warn),
    webpki: Some(Severity::Refuse),
    conformance: false,
};

pub(super) static RSA_BELOW_1024: Rule = Rule {
    name: "rsa-below-1024",
    clause: "BR 6.1.5; NIST SP 800-131A 3",
    severity: Severities::path_validation(),
    purpose: "An RSA modulus shorter than 1024 bits has been factored in public, one of 512 within hours: whoever wants its private key has it.",
    clients: "All refuse it, most of them in the handshake without a word about the length.",
    origin: "The request was made by a very old device, or for a test.",
};
pub(super) static RSA_BELOW_2048: Rule = Rule {
    name: "rsa-below-2048",
    clause: "BR 6.1.5; NIST SP 800-131A 3",
    severity: SHORT,
    purpose: "An RSA modulus shorter than 2048 bits can be factored by those who can pay for it, and whoever factors a CA's can issue in its name.",
    clients: "Browsers, OpenSSL at its usual security level and the TLS stacks of current systems refuse the chain.",
    origin: "The CA, or the device that made the request, is older than 2013, or a template still has 1024 bits as its default.",
};
pub(super) static RSA_MODULUS_NOT_WHOLE_BYTES: Rule = Rule {
    name: "rsa-modulus-not-whole-bytes",
    clause: "BR 6.1.5",
    severity: Severities::webpki(),
    purpose: "Public CAs use moduli whose bits are a multiple of 8, because some libraries compute lengths wrongly for others.",
    clients: "Most do not look; some hardware and older TLS stacks reject the key or the signatures made with it.",
    origin: "A key generator multiplied two primes without setting their top bits, and the product came out a bit short.",
};
pub(super) static RSA_KEY_MALFORMED: Rule = Rule {
    name: "rsa-key-malformed",
    clause: "RFC 8017 A.1.1; RFC 3279 2.3.1",
    severity: Severities::path_validation(),
    purpose: "An RSA public key is a positive modulus and a positive exponent; anything else can check no signature.",
    clients: "All refuse the key when they first use it, some already when they read the certificate.",
    origin: "The certificate was put together by a program that writes a number with its top bit set as a negative one, or was damaged.",
};
pub(super) static RSA_EXPONENT_BROKEN: Rule = Rule {
    name: "rsa-exponent-broken",
    clause: "RFC 8017 3.1; BR 6.1.6",
    severity: Severities::path_validation(),
    purpose: "With the exponent 1 a signature is the message itself and anybody can make one; an even exponent has no private key that belongs to it.",
    clients: "Every maintained library refuses the key.",
    origin: "A key was made by hand or by a test script, or by an attacker who hoped that nobody looks.",
};
pub(super) static RSA_EXPONENT_UNUSUAL: Rule = Rule {
    name: "rsa-exponent-unusual",
    clause: "BR 6.1.6",
    // The requirement is a SHOULD; what it says one SHALL have is 3, and roots with 3 are in the stores.
    severity: Severities {
        key_vault: None,
        rfc5280: Some(Severity::Note),
        webpki: Some(Severity::Warn),
        conformance: false,
    },
    purpose: "Small exponents have turned careless padding checks into forgeries more than once, and very large ones make verifying slow.",
    clients: "Most accept 3 and 17; some stacks take no exponent longer than 32 or 64 bits.",
    origin: "The CA's key is from the time when 3 was the usual exponent, or its module was told to choose at random.",
};
pub(super) static RSA_SMALL_FACTOR: Rule = Rule {
    name: "rsa-small-factor",
    clause: "BR 6.1.6; NIST SP 800-89 5.3.3",
    severity: Severities::path_validation(),
    purpose: "A modulus with a small factor is no product of two large primes, so its private key is within anybody's reach.",
    clients: "Libraries refuse an even modulus and overlook the rest; public CAs refuse the request.",
    origin: "The key generator is faulty, or a bit of the modulus was changed in memory or on the way.",
};
pub(super) static RSA_CLOSE_PRIMES: Rule = Rule {
    name: "rsa-close-primes",
    clause: "BR 6.1.1.3; CVE-2022-26320",
    severity: Severities::path_validation(),
    purpose: "Two primes close together are found at once by Fermat's method of 1643, and with them the private key.",
    clients: "Clients do not look; public CAs refuse the request and revoke what was issued.",
    origin: "A device searched for its second prime from where it found the first, as certain printers did.",
};
pub(super) static RSA_ROCA: Rule = Rule {
    name: "rsa-roca",
    clause: "CVE-2017-15361; BR 6.1.1.3",
    severity: Severities::path_validation(),
    purpose: "Primes of this form leave so few choices that a key of 2048 bits or less can be factored at a known price.",
    clients: "Few clients look; public CAs refuse the request, and states have withdrawn identity cards over it.",
    origin: "The key was made inside a smart card, security module or TPM with Infineon's RSA library before its repair in 2017.",
};
pub(super) static EC_POINT_NOT_ON_CURVE: Rule = Rule {
    name: "ec-point-not-on-curve",
    clause: "RFC 5480 2.2; SEC 1 3.2.2.1",
    severity: Severities::path_validation(),
    purpose: "A public key on a curve satisfies the curve's equation; what does not is no key, and computing with it can give secrets away.",
    clients: "All maintained libraries refuse the certificate as soon as they use its key.",
    origin: "The bytes were changed on the way, the curve named is another than the key's, or the point was made up.",
};
pub(super) static EC_CURVE_NOT_NAMED: Rule = Rule {
    name: "ec-curve-not-named",
    clause: "RFC 5480 2.1.1",
    severity: Severities::path_validation(),
    purpose: "A key that brings the numbers of its curve along can bring a curve that was made for a forgery (CVE-2020-0601), so certificates name a curve that all know.",
    clients: "OpenSSL, BoringSSL, Go and Windows refuse it.",
    origin: "The key was made with OpenSSL's -param_enc explicit, or by an old library of smart cards.",
};
pub(super) static WEAK_SIGNATURE: Rule = Rule {
    name: "weak-signature",
    clause: "RFC 6151; RFC 6194; BR 7.1.3.2",
    severity: SHORT,
    purpose: "For MD5 and SHA-1 two different certificates with one signature can be made, so the signature no longer says which of them the CA saw.",
    clients: "Browsers have refused SHA-1 since 2017, OpenSSL does at its usual security level, Windows for server certificates.",
    origin: "A private CA was set up with SHA-1 and never changed, or its intermediate was issued before the change.",
};

#[cfg(test)]
mod tests {
    use super::modulus::tests::{close_primes, roca_modulus};
    use super::*;
    use crate::key::{PrivateKey, Signer};

    #[test]
    fn good_keys_of_every_kind_have_no_fault() {
        for kind in KeyKind::ALL {
            let key = PrivateKey::generate(kind).unwrap();
            assert_eq!(named(key.public_key()), [""; 0], "{kind}");
        }
    }

    #[test]
    fn short_and_odd_sizes_are_told_apart() {
        let key =
            |bits: u32| rsa(&(prime_product() >> (2048 - bits) | BigUint::from(1u32)), &EXPONENT_MIN.into());
        let of_size = |bits| {
            named(&key(bits)).into_iter().filter(|name| *name != "rsa-small-factor").collect::<Vec<_>>()
        };
        assert_eq!(of_size(2048), [""; 0]);
        assert_eq!(of_size(2047), ["rsa-below-2048", "rsa-modulus-not-whole-bytes"]);
        assert_eq!(of_size(1024), ["rsa-below-2048"]);
        assert_eq!(of_size(1016), ["rsa-below-1024"]);
        let found = key_weaknesses(&key(1024));
        assert_eq!(found[0].1, "the RSA modulus has 1024 bits, where at least 2048 are expected");
    }

    #[test]
    fn exponents_are_odd_and_within_reason() {
        let of_exponent = |exponent: &BigUint| named(&rsa(&prime_product(), exponent));
        for exponent in [0u32, 1, 2, 65_536] {
            assert_eq!(of_exponent(&exponent.into()), ["rsa-exponent-broken"], "{exponent}");
        }
        for exponent in [3u32, 17, 65_535] {
            assert_eq!(of_exponent(&exponent.into()), ["rsa-exponent-unusual"], "{exponent}");
        }
        let one = BigUint::from(1u32);
        assert_eq!(of_exponent(&65_537u32.into()), [""; 0]);
        assert_eq!(of_exponent(&((&one << 256) - 1u32)), [""; 0]);
        assert_eq!(of_exponent(&((&one << 256) + 1u32)), ["rsa-exponent-unusual"]);
    }

    #[test]
    fn moduli_that_can_be_split_are_found_out() {
        let of_modulus = |modulus: &BigUint| named(&rsa(modulus, &EXPONENT_MIN.into()));
        assert_eq!(of_modulus(&(prime_product() - 1u32)), ["rsa-small-factor"]);
        assert_eq!(of_modulus(&close_primes(400)), ["rsa-close-primes"]);
        assert_eq!(of_modulus(&roca_modulus()), ["rsa-roca"]);
        let (rule, message) = &key_weaknesses(&rsa(&close_primes(400), &EXPONENT_MIN.into()))[0];
        assert_eq!(rule.severity_in(super::super::rule::Profile::Rfc5280), Some(Severity::Refuse));
        assert_eq!(
            message,
            "Fermat's method splits the RSA modulus of 2048 bits in round 1, where it should not within 100"
        );
    }

    #[test]
    fn a_modulus_without_end_is_not_worked_on() {
        let endless = (BigUint::from(1u32) << 1_000_000) + 1u32;
        assert_eq!(named(&rsa(&endless, &EXPONENT_MIN.into())), ["rsa-modulus-not-whole-bytes"]);
    }

    #[test]
    fn a_key_of_other_numbers_is_malformed() {
        let modulus = tlv::encoded(&UintRef::new(&prime_product().to_bytes_be()).unwrap());
        for exponent in [&[][..], &[0x02, 0x01, 0x83], &[0x04, 0x01, 0x03], &[0x02, 0x01, 0x03, 0x05, 0x00]] {
            let key = tlv::sequence(&[&modulus, exponent]);
            let found: Vec<_> = rsa_faults(&key).into_iter().map(|(rule, _)| rule.name).collect();
            assert_eq!(found, ["rsa-key-malformed"], "{exponent:02x?}");
        }
    }

    #[test]
    fn a_key_for_pss_alone_is_an_rsa_key() {
        let key = spki(
            &tlv::sequence(&[&tlv::encoded(&RSASSA_PSS)]),
            &rsa_bits(&roca_modulus(), &65_537u32.into()),
        );
        assert_eq!(named(&key), ["rsa-roca"]);
    }

    #[test]
    fn a_point_beside_its_curve_is_no_key() {
        for kind in KeyKind::ALL.into_iter().filter(|kind| kind.curve().is_some()) {
            let private = PrivateKey::generate(kind).unwrap();
            let key = private.public_key();
            let point = key.key_bits();
            let coordinate = (point.len() - 1) / 2;
            let mut compressed = point[..=coordinate].to_vec();
            compressed[0] = 2 | point[point.len() - 1] & 1;
            assert!(ec_fault(kind, &compressed).is_none(), "{kind}");
            let mut beside = point.to_vec();
            beside[2 * coordinate] ^= 1;
            let zero = [&[4][..], &vec![0; 2 * coordinate]].concat();
            for wrong in [&beside[..], &zero, &point[..point.len() - 1], &[0], &[], key.as_der()] {
                assert!(ec_fault(kind, wrong).is_some(), "{kind} {wrong:02x?}");
            }
            let other = if kind == KeyKind::P256 { KeyKind::P256K } else { KeyKind::P256 };
            assert!(ec_fault(other, point).is_some(), "{kind}");
        }
    }

    #[test]
    fn weak_hashes_are_known_in_every_spelling() {
        let weak = |parts: &[&[u8]]| weak_hash(&SignatureAlgorithm::from_der(&tlv::sequence(parts)).unwrap());
        let oid = |text: &str| tlv::encoded(&ObjectIdentifier::new_unwrap(text));
        assert_eq!(weak(&[&oid("1.2.840.113549.1.1.4"), &[5, 0]]), Some("MD5"));
        assert_eq!(weak(&[&oid("1.2.840.10045.4.1")]), Some("SHA-1"));
        assert_eq!(weak(&[&oid("1.2.840.113549.1.1.11"), &[5, 0]]), None);
        let pss = oid("1.2.840.113549.1.1.10");
        let hash = |text: &str| {
            let identifier = tlv::sequence(&[&oid(text)]);
            let tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
            tlv::sequence(&[&tlv::wrapped(tag, &identifier)])
        };
        assert_eq!(weak(&[&pss, &tlv::sequence(&[])]), Some("SHA-1"));
        assert_eq!(weak(&[&pss, &hash("1.3.14.3.2.26")]), Some("SHA-1"));
        assert_eq!(weak(&[&pss, &hash("2.16.840.1.101.3.4.2.1")]), None);
    }

    /// The leaf's key and signature, the intermediate's, and the root's key, but not its signature.
    #[test]
    fn each_fault_is_laid_to_its_certificate() {
        let algorithm =
            |text: &str| tlv::sequence(&[&tlv::encoded(&ObjectIdentifier::new_unwrap(text)), &[5, 0]]);
        let (sha1, md5) = (algorithm("1.2.840.113549.1.1.5"), algorithm("1.2.840.113549.1.1.4"));
        let good = rsa(&prime_product(), &EXPONENT_MIN.into());
        let even = rsa(&(prime_product() - 1u32), &EXPONENT_MIN.into());
        let short = rsa(&(BigUint::from(1_000_003u32) * 1_000_033u32), &EXPONENT_MIN.into());
        let leaf = certificate("leaf", "middle", &good, &sha1);
        let middle = certificate("middle", "root", &even, &sha1);
        let root = certificate("root", "root", &short, &md5);
        let found = faults(&[&leaf, &middle, &root], &KnownKeys::default());
        let found: Vec<_> = found.iter().map(|fault| (fault.at, fault.rule.name)).collect();
        let expected =
            [(0, "weak-signature"), (1, "rsa-small-factor"), (1, "weak-signature"), (2, "rsa-below-1024")];
        assert_eq!(
            found.into_iter().filter(|(_, name)| !name.contains("close")).collect::<Vec<_>>(),
            expected
        );
    }

    fn named(key: &PublicKey) -> Vec<&'static str> {
        key_weaknesses(key).into_iter().map(|(rule, _)| rule.name).collect()
    }

    /// 2048 bits of two primes that lie well apart: 3·2^1022 + 1037 and 2^1024 - 105.
    fn prime_product() -> BigUint {
        let one = BigUint::from(1u32);
        ((&one << 1022) * 3u32 + 1037u32) * ((&one << 1024) - 105u32)
    }

    fn rsa_bits(modulus: &BigUint, exponent: &BigUint) -> Vec<u8> {
        let number = |number: &BigUint| tlv::encoded(&UintRef::new(&number.to_bytes_be()).unwrap());
        tlv::sequence(&[&number(modulus), &number(exponent)])
    }

    fn rsa(modulus: &BigUint, exponent: &BigUint) -> PublicKey {
        let encryption = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
        spki(&tlv::sequence(&[&tlv::encoded(&encryption), &[5, 0]]), &rsa_bits(modulus, exponent))
    }

    fn spki(algorithm: &[u8], bits: &[u8]) -> PublicKey {
        let bits = tlv::wrapped(Tag::BitString, &[&[0], bits].concat());
        PublicKey::from_der(&tlv::sequence(&[algorithm, &bits])).unwrap()
    }

    /// A certificate whose signature nobody checks.
    fn certificate(subject: &str, issuer: &str, key: &PublicKey, algorithm: &[u8]) -> Certificate {
        let name = |text: &str| {
            let common_name = tlv::encoded(&ObjectIdentifier::new_unwrap("2.5.4.3"));
            let value = tlv::wrapped(Tag::Utf8String, text.as_bytes());
            tlv::sequence(&[&tlv::wrapped(Tag::Set, &tlv::sequence(&[&common_name, &value]))])
        };
        let date = tlv::wrapped(Tag::UtcTime, b"260101000000Z");
        let signed = tlv::sequence(&[
            &tlv::encoded(&1u8),
            algorithm,
            &name(issuer),
            &tlv::sequence(&[&date, &date]),
            &name(subject),
            key.as_der(),
        ]);
        let signature = tlv::wrapped(Tag::BitString, &[0, 1]);
        Certificate::from_der(&tlv::sequence(&[&signed, algorithm, &signature])).unwrap()
    }
}
