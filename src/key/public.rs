//! Public keys, of whatever kind a certificate or request carries, as the bytes that were received.

use std::fmt;

use aws_lc_rs::digest;
use der::asn1::{BitStringRef, ObjectIdentifier, UintRef};
use der::{Decode, Tag};

use super::KeyError;
use crate::fingerprint::Fingerprint;
use crate::policy::KeyKind;
use crate::tlv;

/// A public key: the DER of its SubjectPublicKeyInfo (RFC 5280 4.1.2.7) exactly as received, and what kind
/// of key that says it is.
#[derive(Clone)]
pub struct PublicKey {
    der: Vec<u8>,
    algorithm: PublicKeyAlgorithm,
    /// Where in `der` the contents of the BIT STRING lie: an RSAPublicKey, a point, or other raw bytes.
    bits: std::ops::Range<usize>,
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo. The kind of key need not be one that this program can make or check.
    ///
    /// ```text
    /// SubjectPublicKeyInfo  ::=  SEQUENCE  {
    ///      algorithm            AlgorithmIdentifier,
    ///      subjectPublicKey     BIT STRING  }
    /// ```
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let (algorithm, bits) =
            read(der).map_err(|error| KeyError::NotPublicKey { reason: error.to_string() })?;
        Ok(Self { algorithm, bits, der: der.to_vec() })
    }

    /// The SubjectPublicKeyInfo as received.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// What kind of key it says it is.
    pub fn algorithm(&self) -> &PublicKeyAlgorithm {
        &self.algorithm
    }

    /// The kind in Key Vault's terms, where it is one that Key Vault holds.
    pub fn kind(&self) -> Option<KeyKind> {
        match self.algorithm {
            PublicKeyAlgorithm::Rsa { modulus_bits } => KeyKind::from_rsa_bits(modulus_bits),
            PublicKeyAlgorithm::Ec(kind) => Some(kind),
            PublicKeyAlgorithm::Ed25519 | PublicKeyAlgorithm::Other(_) => None,
        }
    }

    /// The contents of the BIT STRING: an RSAPublicKey (RFC 8017 A.1.1), an uncompressed point (RFC 5480
    /// 2.2), or what another algorithm puts there.
    pub fn key_bits(&self) -> &[u8] {
        &self.der[self.bits.clone()]
    }

    /// The numbers of a key that Key Vault holds, by their names in a JSON Web Key: of RSA `n` and `e`, in as few octets as
    /// they need (RFC 7518 6.3.1); of EC `x` and `y`, in their full length (RFC 7518 6.2.1).
    pub fn numbers(&self) -> Option<[(&'static str, &[u8]); 2]> {
        match self.algorithm {
            PublicKeyAlgorithm::Rsa { .. } => {
                // RSAPublicKey ::= SEQUENCE { modulus, publicExponent }                            -- RFC 8017 A.1.1
                let parts = tlv::sequence_parts(self.key_bits()).ok()?;
                let [modulus, exponent] = parts.as_slice() else { return None };
                let number = |der| UintRef::from_der(der).ok().map(|number| number.as_bytes());
                Some([("n", number(modulus.whole)?), ("e", number(exponent.whole)?)])
            }
            PublicKeyAlgorithm::Ec(_) => {
                // 04, x, y (RFC 5480 2.2)
                let both = self.key_bits().strip_prefix(&[4])?;
                let (x, y) = both.split_at_checked(both.len() / 2)?;
                Some([("x", x), ("y", y)])
            }
            PublicKeyAlgorithm::Ed25519 | PublicKeyAlgorithm::Other(_) => None,
        }
    }

    /// Its AlgorithmIdentifier, as received.
    pub(super) fn algorithm_identifier(&self) -> &[u8] {
        tlv::first_parts(&self.der, 1)
            .ok()
            .and_then(|parts| parts.first().map(|part| part.whole))
            .unwrap_or_default()
    }

    /// Whether it is an RSA key for RSASSA-PSS and nothing else (RFC 4055 1.2).
    pub fn is_for_pss(&self) -> bool {
        self.identifier() == Some(RSASSA_PSS)
    }

    fn identifier(&self) -> Option<ObjectIdentifier> {
        let (first, _) =
            tlv::split_first(tlv::split_first(self.algorithm_identifier()).ok()?.0.contents).ok()?;
        ObjectIdentifier::from_der(first.whole).ok()
    }

    /// SHA-256 over the SubjectPublicKeyInfo.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.der)
    }

    /// SHA-1 over the BIT STRING's contents: method 1 of RFC 5280 4.2.1.2 for a subject key identifier.
    pub fn key_identifier(&self) -> [u8; 20] {
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, self.key_bits());
        hash.as_ref().try_into().expect("SHA-1 gives 20 bytes")
    }
}

/// The same bytes, or the same key of an RSA whose NULL parameters one has left out (RFC 3279 2.3.1).
impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        let is_rsa = matches!(self.algorithm, PublicKeyAlgorithm::Rsa { .. });
        self.der == other.der
            || is_rsa && self.key_bits() == other.key_bits() && self.identifier() == other.identifier()
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.algorithm, self.fingerprint())
    }
}

/// What kind of key a SubjectPublicKeyInfo says it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKeyAlgorithm {
    /// rsaEncryption, of any size (RFC 3279 2.3.1).
    Rsa {
        /// Bits of the modulus.
        modulus_bits: u32,
    },
    /// id-ecPublicKey on a curve that Key Vault knows (RFC 5480 2.1.1).
    Ec(KeyKind),
    /// id-Ed25519 (RFC 8410 3).
    Ed25519,
    /// Anything else: the algorithm's identifier, or the unknown curve's.
    Other(ObjectIdentifier),
}

impl fmt::Display for PublicKeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { modulus_bits } => write!(f, "RSA {modulus_bits}"),
            Self::Ec(kind) => kind.fmt(f),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Other(oid) => write!(f, "{oid}"),
        }
    }
}

fn read(der: &[u8]) -> der::Result<(PublicKeyAlgorithm, std::ops::Range<usize>)> {
    let parts = tlv::sequence_parts(der)?;
    let [identifier, bits] = parts.as_slice() else {
        return Err(der::ErrorKind::Incomplete {
            expected_len: der::Length::from(2u8),
            actual_len: der::Length::try_from(parts.len())?,
        }
        .into());
    };
    identifier.tag.assert_eq(Tag::Sequence)?;
    let key = BitStringRef::from_der(bits.whole)?;
    if key.unused_bits() != 0 {
        return Err(Tag::BitString.value_error().into());
    }
    let end = der.len();
    let range = end - key.raw_bytes().len()..end;
    Ok((algorithm(identifier.contents, key.raw_bytes())?, range))
}

fn algorithm(identifier: &[u8], key: &[u8]) -> der::Result<PublicKeyAlgorithm> {
    let (oid, parameters) = tlv::split_first(identifier)?;
    let oid = ObjectIdentifier::from_der(oid.whole)?;
    match oid {
        // A key that is for RSASSA-PSS alone has the same form (RFC 4055 1.2).
        RSA_ENCRYPTION | RSASSA_PSS => {
            // RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }   (RFC 8017 A.1.1)
            let numbers = tlv::sequence_parts(key)?;
            let modulus = numbers.first().ok_or_else(|| Tag::Sequence.value_error())?;
            let modulus = UintRef::from_der(modulus.whole)?;
            let leading = modulus.as_bytes().first().map_or(8, |byte| byte.leading_zeros());
            let bits = u32::try_from(modulus.as_bytes().len()).unwrap_or(u32::MAX / 8) * 8 - leading;
            Ok(PublicKeyAlgorithm::Rsa { modulus_bits: bits })
        }
        EC_PUBLIC_KEY => {
            // ECParameters as a named curve only (RFC 5480 2.1.1): another form is an unknown curve.
            let curve = ObjectIdentifier::from_der(parameters).unwrap_or(EC_PUBLIC_KEY);
            Ok(curve_kind(curve).map_or(PublicKeyAlgorithm::Other(curve), PublicKeyAlgorithm::Ec))
        }
        ED25519 => Ok(PublicKeyAlgorithm::Ed25519),
        other => Ok(PublicKeyAlgorithm::Other(other)),
    }
}

pub(super) fn curve_kind(oid: ObjectIdentifier) -> Option<KeyKind> {
    CURVES.iter().find(|(curve, _)| *curve == oid).map(|(_, kind)| *kind)
}

pub(super) fn curve_identifier(kind: KeyKind) -> Option<ObjectIdentifier> {
    CURVES.iter().find(|(_, curve)| *curve == kind).map(|(oid, _)| *oid)
}

/// RFC 3279 2.3.1.
pub(super) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 4055 3.1: of a key, and of a signature.
pub(super) const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
/// RFC 5480 2.1.1.
pub(super) const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// RFC 8410 3.
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// RFC 5480 2.1.1.1; secp256k1 from SEC 2.
const CURVES: [(ObjectIdentifier, KeyKind); 4] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), KeyKind::P256),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), KeyKind::P384),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), KeyKind::P521),
    (ObjectIdentifier::new_unwrap("1.3.132.0.10"), KeyKind::P256K),
];
