//! Signature algorithms as certificates and requests name them, one row each: how it is written, which
//! key it goes with, which of the provider's algorithms checks it, and whether it is weak today.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{
    self as aws, EcdsaVerificationAlgorithm, RsaParameters, UnparsedPublicKey, VerificationAlgorithm,
};
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Tag, Tagged};

use super::public::RSASSA_PSS;
use super::{PublicKey, PublicKeyAlgorithm};
use crate::policy::KeyKind;
use crate::tlv;

/// An AlgorithmIdentifier of a signature (RFC 5280 4.1.1.2), as the bytes that were received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    der: Vec<u8>,
    oid: ObjectIdentifier,
}

impl SignatureAlgorithm {
    /// Reads an AlgorithmIdentifier; the algorithm need not be a known one.
    pub fn from_der(der: &[u8]) -> der::Result<Self> {
        let parts = tlv::sequence_parts(der)?;
        let oid = parts.first().ok_or_else(|| Tag::Sequence.value_error())?;
        Ok(Self { oid: ObjectIdentifier::from_der(oid.whole)?, der: der.to_vec() })
    }

    /// What the service signs with for a kind of key (reference 3): SHA-256 with RSA, and for EC the hash
    /// that goes with the curve. P-256K with SHA-256 is our choice: no recording shows it.
    pub fn for_signing(kind: KeyKind) -> Self {
        let (oid, parameters): (_, &[u8]) = match kind {
            // RFC 4055 5: NULL parameters for PKCS#1 v1.5.
            KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => (SHA256_WITH_RSA, &[0x05, 0x00]),
            // RFC 5758 3.2: no parameters for ECDSA.
            KeyKind::P256 | KeyKind::P256K => (ECDSA_SHA256, &[]),
            KeyKind::P384 => (ECDSA_SHA384, &[]),
            KeyKind::P521 => (ECDSA_SHA512, &[]),
        };
        Self { der: tlv::sequence(&[&tlv::encoded(&oid), parameters]), oid }
    }

    /// The AlgorithmIdentifier as received.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Its name, or its object identifier where it is unknown.
    pub fn name(&self) -> String {
        self.row().map_or_else(|| self.oid.to_string(), |row| row.name.to_owned())
    }

    /// Checks a signature (the contents of its BIT STRING) over the bytes as received. Weak algorithms are
    /// checked where the provider can, and judged elsewhere.
    pub fn verify(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), SignatureFault> {
        let cannot =
            || SignatureFault::CannotCheck { algorithm: self.name(), key: key.algorithm().to_string() };
        if self.oid == RSASSA_PSS {
            return self.verify_pss(key, message, signature);
        }
        let row = self.row().ok_or_else(cannot)?;
        if !self.parameters_fit(row) {
            return Err(SignatureFault::Parameters { algorithm: row.name });
        }
        let bad = |_| SignatureFault::Bad { algorithm: row.name, key: key.algorithm().to_string() };
        let algorithm: &'static dyn VerificationAlgorithm = match (row.check, key.algorithm()) {
            (Check::Rsa(_), PublicKeyAlgorithm::Rsa { .. }) if key.is_for_pss() => {
                let key = format!("{} for RSASSA-PSS alone", key.algorithm());
                return Err(SignatureFault::WrongKeyType { algorithm: row.name, key });
            }
            (Check::Rsa(parameters), PublicKeyAlgorithm::Rsa { modulus_bits }) => {
                if !takes(parameters, key, *modulus_bits) {
                    return Err(not_of_this_length(row.name, key, *modulus_bits));
                }
                parameters
            }
            (Check::Ecdsa(curves), PublicKeyAlgorithm::Ec(kind)) => {
                curves.iter().find(|(curve, _)| curve == kind).ok_or_else(cannot)?.1
            }
            (Check::EcdsaOverSha3(hash, curves), PublicKeyAlgorithm::Ec(kind)) => {
                let algorithm = curves.iter().find(|(curve, _)| curve == kind).ok_or_else(cannot)?.1;
                let digest = as_digest(hash, message).ok_or_else(cannot)?;
                return UnparsedPublicKey::new(algorithm, key.key_bits())
                    .verify_digest(&digest, signature)
                    .map_err(bad);
            }
            (Check::Ed25519, PublicKeyAlgorithm::Ed25519) => &aws::ED25519,
            (_, PublicKeyAlgorithm::Other(_)) => return Err(cannot()),
            _ => {
                return Err(SignatureFault::WrongKeyType {
                    algorithm: row.name,
                    key: key.algorithm().to_string(),
                });
            }
        };
        UnparsedPublicKey::new(algorithm, key.key_bits()).verify(message, signature).map_err(bad)
    }

    /// RSASSA-PSS with one hash for everything and a salt of its length, which is what everybody uses; other
    /// parameters cannot be checked.
    fn verify_pss(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), SignatureFault> {
        let cannot = || SignatureFault::CannotCheck {
            algorithm: "RSASSA-PSS with these parameters".to_owned(),
            key: key.algorithm().to_string(),
        };
        let row = PssParameters::read(&self.der)
            .ok()
            .and_then(|parameters| PSS_ROWS.iter().find(|row| row.parameters == parameters))
            .ok_or_else(cannot)?;
        let kind = key.algorithm().to_string();
        if !allows(key, &row.parameters) {
            let key = format!("{kind} for RSASSA-PSS with other parameters alone");
            return Err(SignatureFault::WrongKeyType { algorithm: row.name, key });
        }
        match key.algorithm() {
            PublicKeyAlgorithm::Rsa { modulus_bits } if takes(row.check, key, *modulus_bits) => {}
            PublicKeyAlgorithm::Rsa { modulus_bits } => {
                return Err(not_of_this_length(row.name, key, *modulus_bits));
            }
            _ => return Err(SignatureFault::WrongKeyType { algorithm: row.name, key: kind }),
        }
        UnparsedPublicKey::new(row.check, key.key_bits())
            .verify(message, signature)
            .map_err(|_| SignatureFault::Bad { algorithm: row.name, key: kind })
    }

    fn row(&self) -> Option<&'static Row> {
        ROWS.iter().find(|row| row.oid == self.oid)
    }

    /// NULL or nothing for RSA (RFC 4055 5 asks for NULL, many leave it out), nothing for the others
    /// (RFC 5758 3.2, RFC 8410 3); NULL after ECDSA is seen in the field and harms nobody.
    fn parameters_fit(&self, row: &Row) -> bool {
        let Ok(parts) = tlv::sequence_parts(&self.der) else {
            return false;
        };
        match parts.get(1) {
            None => true,
            Some(parameters) => {
                let null = AnyRef::from_der(parameters.whole).is_ok_and(|any| any.tag() == Tag::Null);
                parts.len() == 2 && null && !matches!(row.check, Check::Ed25519)
            }
        }
    }
}

/// A key that is too short for any provider, or too long for ours, which is said.
fn not_of_this_length(algorithm: &str, key: &PublicKey, modulus_bits: u32) -> SignatureFault {
    let exponent_bits = exponent_bits(key);
    let mut key = key.algorithm().to_string();
    if modulus_bits > RSA_BITS_MAX {
        key += &format!(" (at most {RSA_BITS_MAX} bits are checked)");
    } else if exponent_bits > RSA_EXPONENT_BITS_MAX {
        key += &format!(
            " with an exponent of {exponent_bits} bits (at most {RSA_EXPONENT_BITS_MAX} bits are checked)"
        );
    }
    SignatureFault::CannotCheck { algorithm: algorithm.to_owned(), key }
}

/// RSAPublicKey ::= SEQUENCE { modulus, publicExponent }                                             -- RFC 8017 A.1.1
fn exponent_bits(key: &PublicKey) -> usize {
    let parts = tlv::sequence_parts(key.key_bits()).unwrap_or_default();
    let octets = parts.get(1).map_or(&[][..], |exponent| exponent.contents);
    match octets.iter().position(|octet| *octet != 0).map(|at| &octets[at..]) {
        Some([first, rest @ ..]) => {
            rest.len() * 8 + usize::try_from(u8::BITS - first.leading_zeros()).expect("at most 8")
        }
        Some([]) | None => 0,
    }
}

/// Whether a key is for a signature with these parameters. RFC 4055 3.3: where the key names parameters, the hash and the
/// mask are the same and the salt is at least as long.
fn allows(key: &PublicKey, used: &PssParameters) -> bool {
    let identifier = key.algorithm_identifier();
    let names_any = tlv::sequence_parts(identifier).is_ok_and(|parts| parts.len() > 1);
    if !key.is_for_pss() || !names_any {
        return true;
    }
    PssParameters::read(identifier).is_ok_and(|named| {
        named.hash == used.hash && named.mask_hash == used.mask_hash && named.salt_length <= used.salt_length
    })
}

/// Whether the provider checks anything with a modulus and an exponent of that size: of others it says no, unseen.
fn takes(parameters: &RsaParameters, key: &PublicKey, modulus_bits: u32) -> bool {
    (parameters.min_modulus_len()..=parameters.max_modulus_len()).contains(&modulus_bits)
        && exponent_bits(key) <= RSA_EXPONENT_BITS_MAX
}

/// A message's SHA-3 hash under the name of the SHA-2 hash of the same length. The provider has no ECDSA that goes
/// with SHA-3, and takes a digest only by the name that its algorithm goes with; ECDSA itself sees a string of bits
/// and no name (FIPS 186-5 6.4.2).
fn as_digest(hash: Sha3, message: &[u8]) -> Option<Digest> {
    let (sha3, same_length) = match hash {
        Sha3::Bits256 => (&digest::SHA3_256, &digest::SHA256),
        Sha3::Bits384 => (&digest::SHA3_384, &digest::SHA384),
        Sha3::Bits512 => (&digest::SHA3_512, &digest::SHA512),
    };
    Digest::import_less_safe(digest::digest(sha3, message).as_ref(), same_length).ok()
}

/// Why a signature does not count.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureFault {
    /// It was checked and is wrong.
    #[error("the {algorithm} signature does not verify under the {key} key")]
    Bad {
        /// The signature algorithm's name.
        algorithm: &'static str,
        /// The kind of key.
        key: String,
    },
    /// The algorithm is for another type of key than the signer's.
    #[error("the signature says {algorithm}, and the signer's key is {key}")]
    WrongKeyType {
        /// The signature algorithm's name.
        algorithm: &'static str,
        /// The kind of key.
        key: String,
    },
    /// The algorithm's parameters are not those that it is defined with.
    #[error("the parameters of {algorithm} are not the ones it is defined with")]
    Parameters {
        /// The signature algorithm's name.
        algorithm: &'static str,
    },
    /// This program's provider does not know the algorithm, or not with this key: neither right nor wrong.
    #[error("{algorithm} with a {key} key cannot be checked by this program")]
    CannotCheck {
        /// The signature algorithm's name or identifier.
        algorithm: String,
        /// The kind of key.
        key: String,
    },
}

/// ```text
/// RSASSA-PSS-params  ::=  SEQUENCE  {                          -- RFC 4055 3.1
///      hashAlgorithm     [0] HashAlgorithm DEFAULT sha1,
///      maskGenAlgorithm  [1] MaskGenAlgorithm DEFAULT mgf1SHA1,
///      saltLength        [2] INTEGER DEFAULT 20,
///      trailerField      [3] INTEGER DEFAULT 1  }
/// ```
#[derive(PartialEq, Eq)]
struct PssParameters {
    hash: ObjectIdentifier,
    mask_hash: ObjectIdentifier,
    salt_length: u32,
}

impl PssParameters {
    /// Reads them out of the AlgorithmIdentifier of a signature.
    fn read(identifier: &[u8]) -> der::Result<Self> {
        let mut parameters = Self { hash: SHA1, mask_hash: SHA1, salt_length: 20 };
        let parts = tlv::sequence_parts(identifier)?;
        let given = parts.get(1).ok_or_else(|| Tag::Sequence.value_error())?;
        if parts.len() != 2 {
            return Err(Tag::Sequence.value_error().into());
        }
        for part in tlv::sequence_parts(given.whole)? {
            match part.tag.number().value() {
                0 => parameters.hash = first_identifier(part.contents)?,
                1 => {
                    // RFC 4055 2.2: MGF1 is the one that there is.
                    let mask = tlv::sequence_parts(part.contents)?;
                    let [function, hash] = mask.as_slice() else {
                        return Err(Tag::Sequence.value_error().into());
                    };
                    if ObjectIdentifier::from_der(function.whole)? != MGF1 {
                        return Err(Tag::ObjectIdentifier.value_error().into());
                    }
                    parameters.mask_hash = first_identifier(hash.whole)?;
                }
                2 => parameters.salt_length = u32::from_der(part.contents)?,
                3 if u32::from_der(part.contents)? == 1 => {}
                _ => return Err(part.tag.value_error().into()),
            }
        }
        Ok(parameters)
    }
}

/// The object identifier that an AlgorithmIdentifier begins with.
fn first_identifier(identifier: &[u8]) -> der::Result<ObjectIdentifier> {
    let parts = tlv::sequence_parts(identifier)?;
    ObjectIdentifier::from_der(parts.first().ok_or_else(|| Tag::Sequence.value_error())?.whole)
}

struct PssRow {
    parameters: PssParameters,
    name: &'static str,
    check: &'static RsaParameters,
}

struct Row {
    oid: ObjectIdentifier,
    name: &'static str,
    check: Check,
}

#[derive(Clone, Copy)]
enum Check {
    Rsa(&'static RsaParameters),
    Ecdsa(&'static [(KeyKind, &'static EcdsaVerificationAlgorithm)]),
    /// With the algorithms of the SHA-2 hash of the same length.
    EcdsaOverSha3(Sha3, &'static [(KeyKind, &'static EcdsaVerificationAlgorithm)]),
    Ed25519,
}

/// FIPS 202.
#[derive(Clone, Copy)]
enum Sha3 {
    Bits256,
    Bits384,
    Bits512,
}

/// The longest RSA key that a signature is checked under: the provider's, whose time grows with the square of it.
pub const RSA_BITS_MAX: u32 = 8_192;
/// The longest RSA exponent that the provider checks signatures with: aws-lc's (crypto/fipsmodule/rsa/rsa.c), which keeps
/// verifying quick.
pub const RSA_EXPONENT_BITS_MAX: usize = 33;

const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");

const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// RFC 4055 3.1, with the salt as long as the hash.
static PSS_ROWS: [PssRow; 3] = [
    PssRow {
        parameters: PssParameters { hash: SHA256, mask_hash: SHA256, salt_length: 32 },
        name: "RSASSA-PSS with SHA-256",
        check: &aws::RSA_PSS_2048_8192_SHA256,
    },
    PssRow {
        parameters: PssParameters { hash: SHA384, mask_hash: SHA384, salt_length: 48 },
        name: "RSASSA-PSS with SHA-384",
        check: &aws::RSA_PSS_2048_8192_SHA384,
    },
    PssRow {
        parameters: PssParameters { hash: SHA512, mask_hash: SHA512, salt_length: 64 },
        name: "RSASSA-PSS with SHA-512",
        check: &aws::RSA_PSS_2048_8192_SHA512,
    },
];

/// RFC 3279 2.2, RFC 4055 5, RFC 5758 3.2, RFC 8410 3, RFC 9688 3.1; curves with each hash as the provider has them.
static ROWS: [Row; 12] = [
    Row {
        oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5"),
        name: "sha1WithRSAEncryption",
        check: Check::Rsa(&aws::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
    },
    Row {
        oid: SHA256_WITH_RSA,
        name: "sha256WithRSAEncryption",
        check: Check::Rsa(&aws::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
    },
    Row {
        oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"),
        name: "sha384WithRSAEncryption",
        check: Check::Rsa(&aws::RSA_PKCS1_2048_8192_SHA384),
    },
    Row {
        oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"),
        name: "sha512WithRSAEncryption",
        check: Check::Rsa(&aws::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
    },
    Row {
        oid: ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"),
        name: "ecdsa-with-SHA1",
        check: Check::Ecdsa(&[
            (KeyKind::P256, &aws::ECDSA_P256_SHA1_ASN1),
            (KeyKind::P521, &aws::ECDSA_P521_SHA1_ASN1),
        ]),
    },
    Row { oid: ECDSA_SHA256, name: "ecdsa-with-SHA256", check: Check::Ecdsa(&WITH_SHA256) },
    Row { oid: ECDSA_SHA384, name: "ecdsa-with-SHA384", check: Check::Ecdsa(&WITH_SHA384) },
    Row { oid: ECDSA_SHA512, name: "ecdsa-with-SHA512", check: Check::Ecdsa(&WITH_SHA512) },
    Row {
        oid: ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.10"),
        name: "ecdsa-with-SHA3-256",
        check: Check::EcdsaOverSha3(Sha3::Bits256, &WITH_SHA256),
    },
    Row {
        oid: ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.11"),
        name: "ecdsa-with-SHA3-384",
        check: Check::EcdsaOverSha3(Sha3::Bits384, &WITH_SHA384),
    },
    Row {
        oid: ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.12"),
        name: "ecdsa-with-SHA3-512",
        check: Check::EcdsaOverSha3(Sha3::Bits512, &WITH_SHA512),
    },
    Row { oid: ObjectIdentifier::new_unwrap("1.3.101.112"), name: "Ed25519", check: Check::Ed25519 },
];

/// The curves that the provider has with each hash.
static WITH_SHA256: [(KeyKind, &EcdsaVerificationAlgorithm); 4] = [
    (KeyKind::P256, &aws::ECDSA_P256_SHA256_ASN1),
    (KeyKind::P384, &aws::ECDSA_P384_SHA256_ASN1),
    (KeyKind::P521, &aws::ECDSA_P521_SHA256_ASN1),
    (KeyKind::P256K, &aws::ECDSA_P256K1_SHA256_ASN1),
];
static WITH_SHA384: [(KeyKind, &EcdsaVerificationAlgorithm); 3] = [
    (KeyKind::P256, &aws::ECDSA_P256_SHA384_ASN1),
    (KeyKind::P384, &aws::ECDSA_P384_SHA384_ASN1),
    (KeyKind::P521, &aws::ECDSA_P521_SHA384_ASN1),
];
static WITH_SHA512: [(KeyKind, &EcdsaVerificationAlgorithm); 3] = [
    (KeyKind::P256, &aws::ECDSA_P256_SHA512_ASN1),
    (KeyKind::P384, &aws::ECDSA_P384_SHA512_ASN1),
    (KeyKind::P521, &aws::ECDSA_P521_SHA512_ASN1),
];

#[cfg(test)]
mod tests {
    use der::asn1::UintRef;

    use super::*;

    /// Made with OpenSSL 3.0: `openssl dgst -sha3-256 -sign`, and so on, over the text `a message`.
    #[test]
    fn ecdsa_over_sha3_is_checked_as_others_sign_it() {
        let key = PublicKey::from_der(&bytes(KEY)).unwrap();
        let algorithm = |last: u8| {
            let oid = ObjectIdentifier::new(&format!("2.16.840.1.101.3.4.3.{last}")).unwrap();
            SignatureAlgorithm::from_der(&tlv::sequence(&[&tlv::encoded(&oid)])).unwrap()
        };
        for (last, signature) in SIGNATURES {
            let signature = bytes(signature);
            assert_eq!(algorithm(last).verify(&key, b"a message", &signature), Ok(()), "{last}");
            let changed = algorithm(last).verify(&key, b"another message", &signature);
            assert!(matches!(changed, Err(SignatureFault::Bad { .. })), "{last}: {changed:?}");
            let other = algorithm(if last == 10 { 11 } else { 10 }).verify(&key, b"a message", &signature);
            assert!(matches!(other, Err(SignatureFault::Bad { .. })), "{last}: {other:?}");
        }
        let sha2 = SignatureAlgorithm::for_signing(KeyKind::P256);
        assert!(sha2.verify(&key, b"a message", &bytes(SIGNATURES[0].1)).is_err());
    }

    #[test]
    fn an_rsa_signature_by_a_key_too_small_for_the_provider_is_not_called_wrong() {
        let number = |bytes: &[u8]| tlv::encoded(&UintRef::new(bytes).unwrap());
        let key = |bits: usize| {
            let numbers = tlv::sequence(&[&number(&vec![0xff; bits / 8]), &number(&[1, 0, 1])]);
            let contents = [&[0][..], &numbers].concat();
            let encryption = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
            let algorithm = tlv::sequence(&[&tlv::encoded(&encryption), &[5, 0]]);
            let key = tlv::sequence(&[&algorithm, &tlv::wrapped(Tag::BitString, &contents)]);
            PublicKey::from_der(&key).unwrap()
        };
        let says = |bits: usize| {
            let sha256 = SignatureAlgorithm::for_signing(KeyKind::Rsa2048);
            sha256.verify(&key(bits), b"a message", &vec![1; bits / 8])
        };
        for bits in [512, 768, 1016, 16_384] {
            assert!(
                matches!(says(bits), Err(SignatureFault::CannotCheck { .. })),
                "{bits}: {:?}",
                says(bits)
            );
        }
        assert!(matches!(says(2048), Err(SignatureFault::Bad { .. })));
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }

    const KEY: &str = "3059301306072a8648ce3d020106082a8648ce3d03010703420004d16824e4d6eeeacf9d97d71547a2ff17c6521c54625891ef3bc3d65fa85fc05b8755393ef774f8d5cbfa9b18817fa68151976e898d88a8a45c80a0f672cb130a";
    const SIGNATURES: [(u8, &str); 3] = [
        (
            10,
            "3045022100b03a37bec9d017fd1f8bc4ebf0e842e01371752d42f75b4c3268e7232ba3f0cf022029f24a4d24aee35155b29337d8857fdd1a8e18a657fee5fbabe533780e92abdb",
        ),
        (
            11,
            "304502203bfd1473b1b12326bcc940d2537437f814ec7a163c322ed1209db3216dc2a1db022100def67a1dec132012b509f6f000626e4b7a6f8df1a01f4b84f0c09dad39b9a058",
        ),
        (
            12,
            "30440220153d30c117cb92a8042ba3a7d43c19789a48412d99e3cf53f5fcb6d24f5bdcd802207f3fa33b3af579ed546eb8d0a89683bc76970ccdc67651fbd93d5d285d9a9d16",
        ),
    ];
}
