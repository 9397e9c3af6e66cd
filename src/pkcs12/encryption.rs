//! What is encrypted under a password: the schemes of PKCS#12 itself and PBES2.
//!
//! PBES2 is the library's work (`pkcs5`), and so are the ciphers of the others (`des`, `rc2`, `cbc`); what is put
//! together here is RFC 7292's own way of deriving their keys.

use std::fmt;

use ::pkcs12::kdf::Pkcs12KeyType;
use aws_lc_rs::rand;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit,
};
use der::Decode as _;
use der::asn1::OctetStringRef;
use des::{TdesEde2, TdesEde3};
use pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, Pbkdf2Params, Pbkdf2Prf};
use rc2::Rc2;
use zeroize::Zeroizing;

use super::SCRYPT_BYTES_MAX;
use super::error::{Pkcs12Error, name_of};
use super::hash::Hash;
use super::password::Password;
use crate::ber::{self, Element, OBJECT_IDENTIFIER};
use crate::tlv;

/// Octets encrypted under a password, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encrypted {
    /// How; the object identifier's contents where it is a way that is not known here.
    pub scheme: Result<Scheme, Vec<u8>>,
    /// What is encrypted.
    pub octets: Vec<u8>,
}

impl Encrypted {
    /// ```text
    /// EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm, encryptedData OCTET STRING }      -- RFC 5958 3
    /// EncryptedContentInfo ::= SEQUENCE { contentType, AlgorithmIdentifier, [0] IMPLICIT OCTET STRING OPTIONAL }
    /// ```
    pub(super) fn read(algorithm: &Element<'_>, octets: Option<&Element<'_>>) -> Result<Self, Pkcs12Error> {
        let octets = octets.map(Element::octets).transpose()?.unwrap_or_default().into_owned();
        let parts = algorithm.parts()?;
        let Some(identifier) = parts.first().filter(|first| first.tag == OBJECT_IDENTIFIER) else {
            return Err(Pkcs12Error::Unexpected {
                found: "no identifier",
                expected: "an encryption algorithm",
            });
        };
        let unknown = || unknown_inside(identifier.contents, parts.get(1));
        let scheme = Scheme::read(identifier.contents, parts.get(1));
        if scheme.as_ref().is_some_and(|scheme| !scheme.makes_sense()) {
            let found = "a count of iterations or a cost that derives nothing";
            return Err(Pkcs12Error::Unexpected { found, expected: "one above zero" });
        }
        Ok(Self { scheme: scheme.ok_or_else(unknown), octets })
    }

    /// The contents of a block ENCRYPTED PRIVATE KEY (RFC 7468 11).
    pub(crate) fn of_private_key_info(der: &[u8]) -> Result<Self, Pkcs12Error> {
        let parts = ber::sequence_parts(der)?;
        let [algorithm, octets, ..] = parts.as_slice() else {
            let expected = "an EncryptedPrivateKeyInfo";
            return Err(Pkcs12Error::Unexpected { found: "another structure", expected });
        };
        Self::read(algorithm, Some(octets))
    }

    /// The scheme's name, or that of what is not known of it.
    pub(crate) fn name(&self) -> String {
        match &self.scheme {
            Ok(scheme) => scheme.to_string(),
            Err(identifier) => name_of(identifier).to_string(),
        }
    }

    /// The scheme, or the error that it is not known.
    pub(crate) fn known(&self, place: &'static str) -> Result<&Scheme, Pkcs12Error> {
        self.scheme.as_ref().map_err(|identifier| Pkcs12Error::unsupported(place, identifier))
    }
}

/// How something is encrypted under a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 8018 6.2.
    Pbes2(Parameters),
    /// RFC 7292 C.
    Pkcs12 {
        /// The cipher, with keys by SHA-1.
        cipher: Cipher,
        /// The salt.
        salt: Vec<u8>,
        /// How often the hash is repeated, for the key and again for the IV.
        iterations: u32,
    },
}

impl Scheme {
    fn read(identifier: &[u8], parameters: Option<&Element<'_>>) -> Option<Self> {
        if identifier == PBES2 {
            return Parameters::from_der(parameters?.whole).ok().map(Self::Pbes2);
        }
        let cipher = Cipher::ALL.into_iter().find(|cipher| cipher.identifier() == identifier)?;
        // pkcs-12PbeParams ::= SEQUENCE { salt OCTET STRING, iterations INTEGER }                     -- RFC 7292 C
        let parts = parameters?.parts().ok()?;
        let [salt, iterations] = parts.as_slice() else { return None };
        let (salt, iterations) = (salt.octets().ok()?.into_owned(), u32::from_der(iterations.whole).ok()?);
        Some(Self::Pkcs12 { cipher, salt, iterations })
    }

    /// Whether keys can be derived with its counts: above zero (RFC 8018 5.2), and for scrypt N a power of two above one
    /// (RFC 7914 2).
    fn makes_sense(&self) -> bool {
        match self {
            Self::Pbes2(parameters) => match &parameters.kdf {
                Kdf::Pbkdf2(pbkdf2) => pbkdf2.iteration_count > 0,
                Kdf::Scrypt(scrypt) => {
                    let n = scrypt.cost_parameter;
                    n > 1 && n.is_power_of_two() && scrypt.block_size > 0 && scrypt.parallelization > 0
                }
                _ => true,
            },
            Self::Pkcs12 { iterations, .. } => *iterations > 0,
        }
    }

    /// PBES2 with AES-256 in CBC mode and PBKDF2 with HMAC-SHA-256, a new salt and a new IV.
    pub fn aes_256(iterations: u32) -> Result<Self, Pkcs12Error> {
        let salt: [u8; PBES2_SALT_OCTETS] = random()?;
        // A count and a salt of ours are within the library's limits.
        let derivation = Pbkdf2Params::hmac_sha256(iterations, &salt).map_err(|_| Pkcs12Error::Random)?;
        let encryption = EncryptionScheme::Aes256Cbc { iv: random()? };
        Ok(Self::Pbes2(Parameters { kdf: Kdf::Pbkdf2(derivation), encryption }))
    }

    /// pbeWithSHAAnd3-KeyTripleDES-CBC with a new salt.
    pub fn triple_des(iterations: u32) -> Result<Self, Pkcs12Error> {
        let salt: [u8; PKCS12_SALT_OCTETS] = random()?;
        Ok(Self::Pkcs12 { cipher: Cipher::TripleDes, salt: salt.to_vec(), iterations })
    }

    /// Whether it is PBES2 with AES-256-CBC and PBKDF2 with HMAC-SHA-256.
    pub(crate) fn is_aes_256(&self) -> bool {
        match self {
            Self::Pbes2(Parameters { kdf: Kdf::Pbkdf2(pbkdf2), encryption }) => {
                let is_aes = matches!(encryption, EncryptionScheme::Aes256Cbc { .. });
                is_aes && pbkdf2.prf == Pbkdf2Prf::HmacWithSha256
            }
            _ => false,
        }
    }

    /// Whether it is pbeWithSHAAnd3-KeyTripleDES-CBC.
    pub(crate) fn is_triple_des(&self) -> bool {
        matches!(self, Self::Pkcs12 { cipher: Cipher::TripleDes, .. })
    }

    /// The work that one try is, in iterations.
    pub fn iterations(&self) -> u64 {
        match self {
            Self::Pbes2(parameters) => match &parameters.kdf {
                // PBKDF2 begins anew for each block of the key (RFC 8018 5.2).
                Kdf::Pbkdf2(pbkdf2) => {
                    let hash = Hash::of_hmac(pbkdf2.prf.oid().as_bytes()).map_or(20, Hash::octets);
                    let blocks = parameters.encryption.key_size().div_ceil(hash);
                    u64::from(pbkdf2.iteration_count)
                        .saturating_mul(u64::try_from(blocks).unwrap_or(u64::MAX))
                }
                // scrypt's N, r and p, as blocks of 128 bytes; what needs too much memory is as good as endless.
                Kdf::Scrypt(scrypt) => {
                    let blocks = scrypt.cost_parameter.saturating_mul(u64::from(scrypt.block_size));
                    match blocks > SCRYPT_BLOCKS_MAX {
                        true => u64::MAX,
                        false => blocks.saturating_mul(u64::from(scrypt.parallelization)),
                    }
                }
                _ => u64::MAX,
            },
            // Key and IV are derived apart.
            Self::Pkcs12 { iterations, .. } => 2 * u64::from(*iterations),
        }
    }

    /// The same, an iteration of a slower hash counted for as many as it takes the time of, and so a block of scrypt.
    pub(super) fn cost(&self) -> u64 {
        let weight = match self {
            Self::Pbes2(Parameters { kdf: Kdf::Pbkdf2(pbkdf2), .. }) => {
                Hash::of_hmac(pbkdf2.prf.oid().as_bytes()).map_or(1, Hash::weight)
            }
            Self::Pbes2(_) => SCRYPT_WEIGHT,
            Self::Pkcs12 { .. } => 1,
        };
        self.iterations().saturating_mul(weight)
    }

    /// What was encrypted; none where the padding says that the password is another.
    pub(super) fn decrypt(&self, password: &Password, octets: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Pbes2(parameters) => {
                parameters.decrypt(password.as_utf8(), octets).ok().map(Zeroizing::new)
            }
            Self::Pkcs12 { cipher, salt, iterations } => {
                let derived = cipher.derive(password, salt, *iterations)?;
                match cipher {
                    Cipher::TripleDes => decrypt::<TdesEde3>(&derived, octets),
                    Cipher::TripleDesOfTwoKeys => decrypt::<TdesEde2>(&derived, octets),
                    Cipher::Rc2Of128 | Cipher::Rc2Of40 => decrypt::<Rc2>(&derived, octets),
                }
            }
        }
    }

    /// Encrypts; none where the provider cannot.
    pub(super) fn encrypt(&self, password: &Password, plain: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Pbes2(parameters) => parameters.encrypt(password.as_utf8(), plain).ok(),
            Self::Pkcs12 { cipher, salt, iterations } => {
                let derived = cipher.derive(password, salt, *iterations)?;
                match cipher {
                    Cipher::TripleDes => encrypt::<TdesEde3>(&derived, plain),
                    Cipher::TripleDesOfTwoKeys => encrypt::<TdesEde2>(&derived, plain),
                    Cipher::Rc2Of128 | Cipher::Rc2Of40 => encrypt::<Rc2>(&derived, plain),
                }
            }
        }
    }

    /// The AlgorithmIdentifier.
    pub(super) fn to_der(&self) -> Vec<u8> {
        match self {
            Self::Pbes2(parameters) => tlv::sequence(&[&tlv::identifier(PBES2), &tlv::encoded(parameters)]),
            Self::Pkcs12 { cipher, salt, iterations } => {
                let salt = OctetStringRef::new(salt).expect("a salt is short");
                let parameters = tlv::sequence(&[&tlv::encoded(&salt), &tlv::encoded(iterations)]);
                tlv::sequence(&[&tlv::identifier(cipher.identifier()), &parameters])
            }
        }
    }
}

/// `AES-256-CBC by PBKDF2 with HMAC-SHA-256, 200000 iterations`
impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pbes2(parameters) => {
                write!(f, "{} by ", cipher_name(&parameters.encryption))?;
                match &parameters.kdf {
                    Kdf::Pbkdf2(pbkdf2) => write!(
                        f,
                        "PBKDF2 with HMAC-{}, {} iterations",
                        hash_name(pbkdf2.prf),
                        pbkdf2.iteration_count
                    ),
                    Kdf::Scrypt(scrypt) => write!(
                        f,
                        "scrypt, N {}, r {}, p {}",
                        scrypt.cost_parameter, scrypt.block_size, scrypt.parallelization
                    ),
                    other => name_of(other.oid().as_bytes()).fmt(f),
                }
            }
            Self::Pkcs12 { cipher, iterations, .. } => {
                write!(f, "{cipher} by PKCS#12's own derivation with SHA-1, {iterations} iterations")
            }
        }
    }
}

/// The ciphers of RFC 7292 C that are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// pbeWithSHAAnd3-KeyTripleDES-CBC.
    TripleDes,
    /// pbeWithSHAAnd2-KeyTripleDES-CBC.
    TripleDesOfTwoKeys,
    /// pbeWithSHAAnd128BitRC2-CBC.
    Rc2Of128,
    /// pbeWithSHAAnd40BitRC2-CBC.
    Rc2Of40,
}

impl Cipher {
    const ALL: [Self; 4] = [Self::TripleDes, Self::TripleDesOfTwoKeys, Self::Rc2Of128, Self::Rc2Of40];

    /// 1.2.840.113549.1.12.1.3 to 6, the contents.
    fn identifier(self) -> &'static [u8] {
        match self {
            Self::TripleDes => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 3],
            Self::TripleDesOfTwoKeys => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 4],
            Self::Rc2Of128 => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 5],
            Self::Rc2Of40 => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 6],
        }
    }

    fn key_octets(self) -> usize {
        match self {
            Self::TripleDes => 24,
            Self::TripleDesOfTwoKeys | Self::Rc2Of128 => 16,
            Self::Rc2Of40 => 5,
        }
    }

    /// Key and IV (RFC 7292 B.2, B.3).
    fn derive(self, password: &Password, salt: &[u8], iterations: u32) -> Option<Derived> {
        let derive = |purpose, octets| Hash::Sha1.derive(password, salt, purpose, iterations, octets);
        let key = derive(Pkcs12KeyType::EncryptionKey, self.key_octets())?;
        Some(Derived { key, iv: derive(Pkcs12KeyType::Iv, BLOCK_OCTETS)? })
    }
}

struct Derived {
    key: Zeroizing<Vec<u8>>,
    iv: Zeroizing<Vec<u8>>,
}

impl fmt::Display for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TripleDes => "3DES-CBC",
            Self::TripleDesOfTwoKeys => "3DES-CBC of two keys",
            Self::Rc2Of128 => "RC2-CBC of 128 bits",
            Self::Rc2Of40 => "RC2-CBC of 40 bits",
        })
    }
}

fn decrypt<C: KeyInit + BlockCipherDecrypt>(derived: &Derived, octets: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = cbc::Decryptor::<C>::new_from_slices(&derived.key, &derived.iv).ok()?;
    cipher.decrypt_padded_vec::<Pkcs7>(octets).ok().map(Zeroizing::new)
}

fn encrypt<C: KeyInit + BlockCipherEncrypt>(derived: &Derived, plain: &[u8]) -> Option<Vec<u8>> {
    let cipher = cbc::Encryptor::<C>::new_from_slices(&derived.key, &derived.iv).ok()?;
    Some(cipher.encrypt_padded_vec::<Pkcs7>(plain))
}

fn cipher_name(encryption: &EncryptionScheme) -> String {
    match encryption {
        EncryptionScheme::Aes128Cbc { .. } => "AES-128-CBC".to_owned(),
        EncryptionScheme::Aes192Cbc { .. } => "AES-192-CBC".to_owned(),
        EncryptionScheme::Aes256Cbc { .. } => "AES-256-CBC".to_owned(),
        EncryptionScheme::Aes128Gcm { .. } => "AES-128-GCM".to_owned(),
        EncryptionScheme::Aes256Gcm { .. } => "AES-256-GCM".to_owned(),
        EncryptionScheme::DesEde3Cbc { .. } => "3DES-CBC".to_owned(),
        other => name_of(other.oid().as_bytes()).to_string(),
    }
}

fn hash_name(prf: Pbkdf2Prf) -> String {
    Hash::of_hmac(prf.oid().as_bytes()).map_or_else(|| prf.oid().to_string(), |hash| hash.to_string())
}

/// Octets for a salt or an IV.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Pkcs12Error> {
    let mut octets = [0; N];
    rand::fill(&mut octets).map_err(|_| Pkcs12Error::Random)?;
    Ok(octets)
}

/// What is not known inside a scheme that is: of PBES2 its cipher or its derivation.
fn unknown_inside(identifier: &[u8], parameters: Option<&Element<'_>>) -> Vec<u8> {
    let inner = || {
        let parts = parameters.filter(|_| identifier == PBES2)?.parts().ok()?;
        let [derivation, cipher] = parts.as_slice() else { return None };
        let names = [derivation, cipher].map(|one| one.parts().ok()?.first().map(|first| first.contents));
        let known = [&[PBKDF2, SCRYPT][..], &CIPHERS];
        let unknown = names
            .into_iter()
            .zip(known)
            .find(|(name, known)| name.is_some_and(|name| !known.contains(&name)));
        unknown.and_then(|(name, _)| name)
    };
    inner().unwrap_or(identifier).to_vec()
}

/// 1.2.840.113549.1.5.12 and 1.3.6.1.4.1.11591.4.11, RFC 8018 A.2, RFC 7914 7.
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
const SCRYPT: &[u8] = &[0x2b, 6, 1, 4, 1, 0xda, 0x47, 4, 11];
/// 2.16.840.1.101.3.4.1.2, 22 and 42, 6 and 46 of AES; 1.2.840.113549.3.7 of 3DES.
const CIPHERS: [&[u8]; 6] = [
    &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 2],
    &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 22],
    &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42],
    &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 6],
    &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 46],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3, 7],
];

/// N and r of scrypt together, in blocks of 128 bytes.
const SCRYPT_BLOCKS_MAX: u64 = SCRYPT_BYTES_MAX / 128;

/// The time that a block of scrypt takes, in iterations of SHA-256: measured three to four.
const SCRYPT_WEIGHT: u64 = 3;

/// 1.2.840.113549.1.5.13, RFC 8018 A.4.
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
/// RFC 8018 4.1 asks for 8 at least, NIST SP 800-132 5.1 for 16.
const PBES2_SALT_OCTETS: usize = 16;
/// The service's own (reference 4), and OpenSSL's.
const PKCS12_SALT_OCTETS: usize = 8;
/// The block of 3DES and RC2.
const BLOCK_OCTETS: usize = 8;
