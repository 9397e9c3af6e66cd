//! The MAC over a PKCS#12: by RFC 7292, or PBMAC1 (RFC 9579).

use std::fmt;

use ::pkcs12::kdf::Pkcs12KeyType;
use aws_lc_rs::{constant_time, hmac, pbkdf2};
use der::Decode as _;
use der::asn1::OctetStringRef;
use pkcs5::pbes2::Pbkdf2Params;
use std::num::NonZeroU32;
use zeroize::Zeroizing;

use super::encryption::random;
use super::error::Pkcs12Error;
use super::hash::Hash;
use super::password::Password;
use crate::ber::{Element, OBJECT_IDENTIFIER};
use crate::tlv;

/// A MAC, and how it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mac {
    /// How.
    pub scheme: MacScheme,
    value: Vec<u8>,
}

/// How a MAC is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MacScheme {
    /// HMAC with a key by RFC 7292 B.
    Pkcs12 {
        /// The hash, of the HMAC and of the derivation.
        hash: Hash,
        /// The salt.
        salt: Vec<u8>,
        /// How often it is repeated.
        iterations: u32,
    },
    /// HMAC with a key by PBKDF2 (RFC 8018 7.1, RFC 9579).
    Pbmac1 {
        /// The derivation's hash.
        derived_by: Hash,
        /// The salt.
        salt: Vec<u8>,
        /// How often it is repeated.
        iterations: u32,
        /// Octets of the key.
        key_octets: usize,
        /// The HMAC's hash.
        hash: Hash,
    },
}

impl Mac {
    /// ```text
    /// MacData ::= SEQUENCE { mac DigestInfo, macSalt OCTET STRING, iterations INTEGER DEFAULT 1 }   -- RFC 7292 4
    /// DigestInfo ::= SEQUENCE { digestAlgorithm AlgorithmIdentifier, digest OCTET STRING }
    /// ```
    pub(super) fn read(mac_data: &Element<'_>) -> Result<Self, Pkcs12Error> {
        let unexpected = || Pkcs12Error::Unexpected { found: "another structure", expected: "a MacData" };
        let parts = mac_data.parts()?;
        let [digest, salt, iterations @ ..] = parts.as_slice() else { return Err(unexpected()) };
        let digest = digest.parts()?;
        let [algorithm, value] = digest.as_slice() else { return Err(unexpected()) };
        let algorithm = algorithm.parts()?;
        let Some(identifier) = algorithm.first().filter(|first| first.tag == OBJECT_IDENTIFIER) else {
            return Err(unexpected());
        };
        let scheme = if identifier.contents == PBMAC1 {
            MacScheme::read_pbmac1(algorithm.get(1).ok_or_else(unexpected)?)?
        } else {
            let hash = Hash::of_digest(identifier.contents)
                .ok_or_else(|| Pkcs12Error::unsupported(PLACE, identifier.contents))?;
            let iterations = iterations.first().map_or(Ok(1), |count| u32::from_der(count.whole));
            let iterations = iterations.map_err(|_| Pkcs12Error::Iterations { iterations: u64::MAX })?;
            MacScheme::Pkcs12 { hash, salt: salt.octets()?.into_owned(), iterations }
        };
        if scheme.iterations() == 0 {
            return Err(Pkcs12Error::Unexpected {
                found: "a MAC without iterations",
                expected: "one at least",
            });
        }
        Ok(Self { scheme, value: value.octets()?.into_owned() })
    }

    /// Makes one over some contents.
    pub(super) fn make(scheme: MacScheme, password: &Password, contents: &[u8]) -> Option<Self> {
        let value = scheme.compute(password, contents)?;
        Some(Self { scheme, value })
    }

    /// Whether it agrees.
    pub(super) fn agrees(&self, password: &Password, contents: &[u8]) -> bool {
        let computed = self.scheme.compute(password, contents);
        computed.is_some_and(|value| constant_time::verify_slices_are_equal(&value, &self.value).is_ok())
    }

    /// The MacData.
    pub(super) fn to_der(&self) -> Vec<u8> {
        let octets = |octets| tlv::encoded(&OctetStringRef::new(octets).expect("a salt or MAC is short"));
        let (algorithm, salt, iterations) = match &self.scheme {
            MacScheme::Pkcs12 { hash, salt, iterations } => {
                (algorithm_with_null(hash.digest_identifier()), salt.as_slice(), *iterations)
            }
            MacScheme::Pbmac1 { derived_by, salt, iterations, key_octets, hash } => {
                let key_octets = u16::try_from(*key_octets).unwrap_or(u16::MAX);
                let derivation = tlv::sequence(&[
                    &octets(salt),
                    &tlv::encoded(iterations),
                    &tlv::encoded(&key_octets),
                    &algorithm_with_null(derived_by.hmac_identifier()),
                ]);
                let parameters = tlv::sequence(&[
                    &tlv::sequence(&[&tlv::identifier(PBKDF2), &derivation]),
                    &algorithm_with_null(hash.hmac_identifier()),
                ]);
                // RFC 9579 5: salt and count of MacData are there and mean nothing.
                (tlv::sequence(&[&tlv::identifier(PBMAC1), &parameters]), salt.as_slice(), 1)
            }
        };
        let digest = tlv::sequence(&[&algorithm, &octets(&self.value)]);
        // X.690 11.5: what is the default is not written.
        let count = if iterations == 1 { Vec::new() } else { tlv::encoded(&iterations) };
        tlv::sequence(&[&digest, &octets(salt), &count])
    }
}

impl MacScheme {
    /// HMAC with a key by RFC 7292 B, with a new salt.
    pub(super) fn pkcs12(hash: Hash, iterations: u32) -> Result<Self, Pkcs12Error> {
        let salt: [u8; SALT_OCTETS] = random()?;
        Ok(Self::Pkcs12 { hash, salt: salt.to_vec(), iterations })
    }

    /// PBMAC1 with HMAC-SHA-256 in both places, with a new salt.
    pub(super) fn pbmac1(iterations: u32) -> Result<Self, Pkcs12Error> {
        let (hash, salt): (_, [u8; SALT_OCTETS]) = (Hash::Sha256, random()?);
        let key_octets = hash.octets();
        Ok(Self::Pbmac1 { derived_by: hash, salt: salt.to_vec(), iterations, key_octets, hash })
    }

    /// ```text
    /// PBMAC1-params ::= SEQUENCE { keyDerivationFunc AlgorithmIdentifier, messageAuthScheme AlgorithmIdentifier }
    /// ```
    fn read_pbmac1(parameters: &Element<'_>) -> Result<Self, Pkcs12Error> {
        let unexpected = || Pkcs12Error::Unexpected { found: "another structure", expected: "PBMAC1-params" };
        let algorithms = parameters.parts()?;
        let [derivation, authentication] = algorithms.as_slice() else { return Err(unexpected()) };
        let (derivation, authentication) = (derivation.parts()?, authentication.parts()?);
        let ([function, parameters, ..], [by, ..]) = (derivation.as_slice(), authentication.as_slice())
        else {
            return Err(unexpected());
        };
        if function.contents != PBKDF2 {
            return Err(Pkcs12Error::unsupported(PLACE, function.contents));
        }
        let hash = Hash::of_hmac(by.contents).ok_or_else(|| Pkcs12Error::unsupported(PLACE, by.contents))?;
        let pbkdf2 = Pbkdf2Params::from_der(parameters.whole).map_err(|_| unexpected())?;
        // RFC 9579 4: the length of the key must be stated, and one under 20 octets is not to be taken.
        let Some(key_octets) = pbkdf2.key_length.map(usize::from) else {
            return Err(Pkcs12Error::Unexpected {
                found: "no length of the key",
                expected: "one, by RFC 9579 4",
            });
        };
        if key_octets < KEY_OCTETS_MIN {
            return Err(Pkcs12Error::ShortMacKey {
                octets: pbkdf2.key_length.map_or(0, u64::from),
                least: KEY_OCTETS_MIN,
            });
        }
        let prf = pbkdf2.prf.oid();
        let derived_by = Hash::of_hmac(prf.as_bytes()).filter(|hash| hash.pbkdf2().is_some());
        let derived_by = derived_by.ok_or_else(|| Pkcs12Error::unsupported(PLACE, prf.as_bytes()))?;
        let salt = pbkdf2.salt.as_ref().to_vec();
        Ok(Self::Pbmac1 { derived_by, salt, iterations: pbkdf2.iteration_count, key_octets, hash })
    }

    /// The work that one try is, in iterations.
    pub fn iterations(&self) -> u64 {
        match self {
            Self::Pkcs12 { iterations, .. } => u64::from(*iterations),
            // PBKDF2 begins anew for each block of the key (RFC 8018 5.2).
            Self::Pbmac1 { iterations, key_octets, derived_by, .. } => {
                let blocks = key_octets.div_ceil(derived_by.octets());
                u64::from(*iterations).saturating_mul(u64::try_from(blocks).unwrap_or(u64::MAX))
            }
        }
    }

    /// The same, an iteration of a slower hash counted for as many as it takes the time of.
    pub(super) fn cost(&self) -> u64 {
        let (Self::Pkcs12 { hash: by, .. } | Self::Pbmac1 { derived_by: by, .. }) = self;
        self.iterations().saturating_mul(by.weight())
    }

    fn compute(&self, password: &Password, contents: &[u8]) -> Option<Vec<u8>> {
        let (key, hash) = match self {
            Self::Pkcs12 { hash, salt, iterations } => {
                (hash.derive(password, salt, Pkcs12KeyType::Mac, *iterations, hash.octets())?, hash)
            }
            Self::Pbmac1 { derived_by, salt, iterations, key_octets, hash } => {
                let mut key = Zeroizing::new(vec![0; *key_octets]);
                let iterations = NonZeroU32::new(*iterations)?;
                pbkdf2::derive(derived_by.pbkdf2()?, iterations, salt, password.as_utf8(), &mut key);
                (key, hash)
            }
        };
        let tag = hmac::sign(&hmac::Key::new(hash.hmac(), &key), contents);
        Some(tag.as_ref().to_vec())
    }
}

/// `HMAC-SHA-256, 200000 iterations`
impl fmt::Display for MacScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pkcs12 { hash, iterations, .. } => write!(f, "HMAC-{hash}, {iterations} iterations"),
            Self::Pbmac1 { hash, derived_by, iterations, .. } => {
                write!(f, "PBMAC1 with HMAC-{hash} by PBKDF2 with HMAC-{derived_by}, {iterations} iterations")
            }
        }
    }
}

fn algorithm_with_null(identifier: &[u8]) -> Vec<u8> {
    tlv::sequence(&[&tlv::identifier(identifier), &[0x05, 0x00]])
}

const PLACE: &str = "the MAC";
/// 1.2.840.113549.1.5.14, RFC 8018 A.5.
const PBMAC1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 14];
/// 1.2.840.113549.1.5.12, RFC 8018 A.2.
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
/// RFC 9579 4.
const KEY_OCTETS_MIN: usize = 20;
/// The service's own (reference 4).
const SALT_OCTETS: usize = 20;
