//! Private keys held in software, and the seam at which any holder of a key signs.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256K1_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair, RSA_PKCS1_SHA256,
};
use der::asn1::{BitStringRef, Null, ObjectIdentifier};
use der::{Decode, Tag};
use zeroize::Zeroizing;

use super::public::{EC_PUBLIC_KEY, RSA_ENCRYPTION, curve_identifier, curve_kind};
use super::{KeyError, PublicKey, SecretDer, SignatureAlgorithm};
use crate::policy::KeyKind;
use crate::tlv;

/// Whoever holds a private key and signs with it: [`PrivateKey`] in this program's memory; a hardware
/// token or a remote holder would be another. Requests and certificates are made through this alone.
pub trait Signer {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// The algorithm that [`Signer::sign`] uses, which must be named inside what is signed.
    fn signature_algorithm(&self) -> SignatureAlgorithm;

    /// Signs a message (hashing it first, as the algorithm says): the contents of the signature's BIT STRING.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError>;
}

/// A private key in memory, of a kind that Key Vault holds. The provider wipes it when it is dropped.
pub struct PrivateKey {
    kind: KeyKind,
    pair: Pair,
    public_key: PublicKey,
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ec(EcdsaKeyPair),
}

impl PrivateKey {
    /// Makes a new key with the provider's generator. RSA takes from a tenth of a second to several seconds.
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Provider { what: "make a key" };
        let pair = match how(kind) {
            How::Rsa(size) => Pair::Rsa(rsa::KeyPair::generate(size).map_err(failed)?),
            How::Ec(algorithm) => Pair::Ec(EcdsaKeyPair::generate(algorithm).map_err(failed)?),
        };
        Self::from_pair(kind, pair)
    }

    /// Reads PKCS#8, version 1 or 2, attributes allowed, not encrypted (RFC 5958 2). The key's numbers are
    /// checked against each other by the provider.
    pub fn from_pkcs8(der: &SecretDer) -> Result<Self, KeyError> {
        let kind = pkcs8_kind(der.secret_der())?;
        let inconsistent =
            |error: aws_lc_rs::error::KeyRejected| KeyError::Inconsistent { kind, reason: error.to_string() };
        let pair = match how(kind) {
            How::Ec(algorithm) => {
                Pair::Ec(EcdsaKeyPair::from_pkcs8(algorithm, der.secret_der()).map_err(inconsistent)?)
            }
            How::Rsa(_) => Pair::Rsa(rsa::KeyPair::from_pkcs8(der.secret_der()).map_err(inconsistent)?),
        };
        Self::from_pair(kind, pair)
    }

    /// The key as PKCS#8 version 1 without attributes: what is sealed, exported and read back.
    pub fn to_pkcs8(&self) -> Result<SecretDer, KeyError> {
        let failed = |_| KeyError::Provider { what: "write a key as PKCS#8" };
        let bytes = match &self.pair {
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                der.as_ref().to_vec()
            }
            Pair::Ec(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
        };
        Ok(SecretDer::new(Zeroizing::new(bytes)))
    }

    /// What kind of key it is.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    fn from_pair(kind: KeyKind, pair: Pair) -> Result<Self, KeyError> {
        let public_key = PublicKey::from_der(&subject_public_key_info(kind, &pair))?;
        Ok(Self { kind, pair, public_key })
    }
}

impl Signer for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn signature_algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::for_signing(self.kind)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let failed = |_| KeyError::Provider { what: "sign" };
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::Ec(pair) => Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, hidden)", self.kind)
    }
}

enum How {
    Rsa(rsa::KeySize),
    Ec(&'static EcdsaSigningAlgorithm),
}

fn how(kind: KeyKind) -> How {
    match kind {
        KeyKind::Rsa2048 => How::Rsa(rsa::KeySize::Rsa2048),
        KeyKind::Rsa3072 => How::Rsa(rsa::KeySize::Rsa3072),
        KeyKind::Rsa4096 => How::Rsa(rsa::KeySize::Rsa4096),
        KeyKind::P256 => How::Ec(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyKind::P384 => How::Ec(&ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyKind::P521 => How::Ec(&ECDSA_P521_SHA512_ASN1_SIGNING),
        KeyKind::P256K => How::Ec(&ECDSA_P256K1_SHA256_ASN1_SIGNING),
    }
}

/// The kind that a PKCS#8 structure says it holds, before the provider looks at its numbers: it would refuse a
/// small key without saying that it is small.
///
/// ```text
/// OneAsymmetricKey ::= SEQUENCE {                          -- RFC 5958 2
///      version                   Version,
///      privateKeyAlgorithm       PrivateKeyAlgorithmIdentifier,
///      privateKey                PrivateKey,
///      attributes            [0] Attributes OPTIONAL,
///      ...,
///      [[2: publicKey        [1] PublicKey OPTIONAL ]] }
/// ```
fn pkcs8_kind(der: &[u8]) -> Result<KeyKind, KeyError> {
    let not_pkcs8 = |error: der::Error| KeyError::NotPkcs8 { reason: error.to_string() };
    let parts = tlv::sequence_parts(der).map_err(not_pkcs8)?;
    let [version, identifier, key, ..] = parts.as_slice() else {
        return Err(KeyError::NotPkcs8 { reason: format!("{} parts where 3 are expected", parts.len()) });
    };
    for (part, tag) in [(version, Tag::Integer), (identifier, Tag::Sequence), (key, Tag::OctetString)] {
        part.tag.assert_eq(tag).map_err(not_pkcs8)?;
    }
    let (algorithm, parameters) = tlv::split_first(identifier.contents).map_err(not_pkcs8)?;
    match ObjectIdentifier::from_der(algorithm.whole).map_err(not_pkcs8)? {
        RSA_ENCRYPTION => rsa_kind(key.contents),
        EC_PUBLIC_KEY => {
            let curve = ObjectIdentifier::from_der(parameters).map_err(not_pkcs8)?;
            let unsupported = || KeyError::UnsupportedKind { found: format!("EC on the curve {curve}") };
            curve_kind(curve).ok_or_else(unsupported)
        }
        other => Err(KeyError::UnsupportedKind { found: other.to_string() }),
    }
}

/// The kind of an RSA key, by the octets of its modulus.
///
/// ```text
/// RSAPrivateKey ::= SEQUENCE {                             -- RFC 8017 A.1.2
///     version           Version,
///     modulus           INTEGER,  -- n
///     ... }
/// ```
fn rsa_kind(der: &[u8]) -> Result<KeyKind, KeyError> {
    let not_pkcs8 = |error: der::Error| KeyError::NotPkcs8 { reason: error.to_string() };
    let parts = tlv::sequence_parts(der).map_err(not_pkcs8)?;
    let [_, modulus, ..] = parts.as_slice() else {
        return Err(KeyError::NotPkcs8 { reason: "an RSA key without a modulus".to_owned() });
    };
    modulus.tag.assert_eq(Tag::Integer).map_err(not_pkcs8)?;
    let octets = modulus.contents.iter().skip_while(|octet| **octet == 0).count();
    let bits = u32::try_from(octets).unwrap_or(u32::MAX / 8).saturating_mul(8);
    KeyKind::from_rsa_bits(bits).ok_or_else(|| KeyError::UnsupportedKind { found: format!("RSA {bits}") })
}

/// RSA with NULL parameters (RFC 3279 2.3.1); EC as a named curve and an uncompressed point (RFC 5480 2):
/// as the service writes both (reference 3).
fn subject_public_key_info(kind: KeyKind, pair: &Pair) -> Vec<u8> {
    let (algorithm, key) = match pair {
        Pair::Rsa(pair) => (
            tlv::sequence(&[&tlv::encoded(&RSA_ENCRYPTION), &tlv::encoded(&Null)]),
            pair.public_key().as_ref(),
        ),
        Pair::Ec(pair) => {
            let curve = curve_identifier(kind).expect("every EC kind has a curve");
            (
                tlv::sequence(&[&tlv::encoded(&EC_PUBLIC_KEY), &tlv::encoded(&curve)]),
                pair.public_key().as_ref(),
            )
        }
    };
    let bits = BitStringRef::from_bytes(key).expect("a public key is under 256 MiB");
    tlv::sequence(&[&algorithm, &tlv::encoded(&bits)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_signs_what_its_own_public_key_verifies_and_survives_pkcs8() {
        for kind in KeyKind::ALL {
            let key = PrivateKey::generate(kind).unwrap();
            let again = PrivateKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap();
            assert_eq!((again.kind(), again.public_key()), (kind, key.public_key()));
            let signature = again.sign(b"to be signed").unwrap();
            let algorithm = key.signature_algorithm();
            assert_eq!(algorithm.verify(key.public_key(), b"to be signed", &signature), Ok(()), "{kind}");
            assert!(algorithm.verify(key.public_key(), b"to be changed", &signature).is_err(), "{kind}");
        }
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let key = PrivateKey::generate(KeyKind::P256).unwrap();
        assert_eq!(format!("{key:?}"), "PrivateKey(EC P-256, hidden)");
        assert_eq!(format!("{:?}", key.to_pkcs8().unwrap()), "SecretDer(hidden)");
    }

    #[test]
    fn what_is_no_pkcs8_is_said_and_nothing_of_it_shown() {
        for bytes in [&b""[..], b"hello", &[0x30, 0x00], &[0x30, 0x03, 0x02, 0x01, 0x00]] {
            let error = PrivateKey::from_pkcs8(&SecretDer::new(Zeroizing::new(bytes.to_vec()))).unwrap_err();
            assert!(matches!(error, KeyError::NotPkcs8 { .. }), "{error}");
        }
    }
}
