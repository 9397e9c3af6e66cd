//! PKCS#12 (RFC 7292): the certificates in it, for one who has no use for the keys.
//!
//! `secret::pkcs12` reads a PFX for its key, and is strict about the password and the MAC. Here neither is asked
//! for where certificates lie open; keys are not decrypted; and the framing may be BER, as NSS writes it, and the
//! password absent, as Windows writes it: the library behind `secret::pkcs12` refuses both. The MAC is not
//! checked. A certificate that was changed fails by its own signature.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use der::Decode as _;
use der::asn1::{BmpString, ObjectIdentifier};
use des::TdesEde3;
use pkcs5::pbes2::{Kdf, Parameters};
use pkcs12::kdf::{self, Pkcs12KeyType};
use rc2::Rc2;
use sha1::Sha1;
use zeroize::Zeroizing;

use super::ber::{self, BerError, Element};
use super::error::BundleError;
use super::form::Layer;
use super::kind::Kind;
use super::walk::{Here, Walk};

/// Reads a PFX.
///
/// ```text
/// PFX ::= SEQUENCE { version INTEGER {v3(3)}, authSafe ContentInfo, macData MacData OPTIONAL }     -- RFC 7292 4
/// AuthenticatedSafe ::= SEQUENCE OF ContentInfo                  -- Data, EncryptedData, or EnvelopedData
/// ```
pub(super) fn read(walk: &mut Walk<'_>, pfx: &Element<'_>, here: &Here) -> Result<(), BundleError> {
    let here = &here.in_form(here.form.with_encoding(pfx.is_definite).with(Layer::Pkcs12));
    let framing = |error| BundleError::Framing { place: here.place.clone(), at: 0, error };
    let unknown = |what: String| BundleError::UnknownEncryption { place: here.place.clone(), what };
    let parts = pfx.parts().map_err(framing)?;
    let safes = match parts.get(1).map(Content::read).transpose().map_err(framing)? {
        Some(Content::Data(safes)) => safes,
        Some(Content::Encrypted(_)) => return Err(unknown("encryption around everything".to_owned())),
        Some(Content::Other(what)) => return Err(unknown(what)),
        None => {
            return Err(framing(BerError::CutOff { announced: pfx.whole.len() + 2, found: pfx.whole.len() }));
        }
    };
    let mut bags = Bags { number: 0, certificates: 0 };
    for safe in sequence(&safes).map_err(framing)? {
        match Content::read(&safe).map_err(framing)? {
            Content::Data(contents) => {
                let read = sequence(&contents).map_err(framing)?;
                bags.read(walk, &read, DEPTH_MAX, here)?;
            }
            Content::Encrypted(encrypted) => {
                let contents = decrypted(walk, &encrypted, here)?;
                let read = sequence(&contents).map_err(framing)?;
                bags.read(walk, &read, DEPTH_MAX, here)?;
            }
            Content::Other(what) => return Err(unknown(what)),
        }
    }
    if bags.certificates == 0 { walk.add_other(Kind::Pkcs12, here) } else { Ok(()) }
}

/// Which bag of the file is next, and how many were certificates.
struct Bags {
    number: usize,
    certificates: usize,
}

impl Bags {
    /// ```text
    /// SafeBag ::= SEQUENCE { bagId OBJECT IDENTIFIER, bagValue [0] EXPLICIT ANY, bagAttributes SET OPTIONAL }
    /// CertBag ::= SEQUENCE { certId OBJECT IDENTIFIER, certValue [0] EXPLICIT OCTET STRING }     -- 4.2, 4.2.3
    /// ```
    fn read(
        &mut self,
        walk: &mut Walk<'_>,
        bags: &[Element<'_>],
        depth: usize,
        here: &Here,
    ) -> Result<(), BundleError> {
        let framing = |error| BundleError::Framing { place: here.place.clone(), at: 0, error };
        for bag in bags {
            let (kind, value) = typed(bag).map_err(framing)?;
            self.number += 1;
            let here = here.at_item(self.number);
            match (kind.strip_prefix(&BAG_ARC), value) {
                (Some([KEY_BAG | SHROUDED_KEY_BAG]), _) => walk.add_other(Kind::PrivateKey, &here)?,
                (Some([CERTIFICATE_BAG]), Some(value)) => match typed(&value).map_err(framing)? {
                    (X509_CERTIFICATE, Some(octets)) => {
                        let octets = octets.octets().map_err(framing)?;
                        walk.add_certificate(&octets, &here)?;
                        self.certificates += 1;
                    }
                    _ => walk.add_other(Kind::OtherBag, &here)?,
                },
                (Some([CRL_BAG]), Some(value)) => match typed(&value).map_err(framing)? {
                    (X509_CRL, Some(octets)) => {
                        let octets = octets.octets().map_err(framing)?;
                        walk.add_revocation_list(&octets, &here)?;
                    }
                    _ => walk.add_other(Kind::OtherBag, &here)?,
                },
                (Some([SAFE_CONTENTS_BAG]), Some(value)) if depth > 0 => {
                    let inner = value.parts().map_err(framing)?;
                    self.read(walk, &inner, depth - 1, &here)?;
                }
                _ => walk.add_other(Kind::OtherBag, &here)?,
            }
        }
        Ok(())
    }
}

/// A ContentInfo (RFC 5652 3) of a PFX.
enum Content {
    Data(Vec<u8>),
    Encrypted(Encrypted),
    /// Something that RFC 7292 has not, or that a private key opens: its type.
    Other(String),
}

impl Content {
    fn read(info: &Element<'_>) -> Result<Self, BerError> {
        let (kind, content) = typed(info)?;
        match (kind, content) {
            (DATA, Some(octets)) => Ok(Self::Data(octets.octets()?.into_owned())),
            (ENCRYPTED_DATA, Some(content)) => Ok(Self::Encrypted(Encrypted::read(&content)?)),
            (other, _) => Ok(Self::Other(name_of(other))),
        }
    }
}

/// ```text
/// EncryptedData ::= SEQUENCE { version, encryptedContentInfo }                       -- RFC 5652 8
/// EncryptedContentInfo ::= SEQUENCE { contentType, AlgorithmIdentifier, [0] IMPLICIT OCTET STRING OPTIONAL }
/// ```
struct Encrypted {
    algorithm: Vec<u8>,
    /// The whole element of the algorithm's parameters.
    parameters: Vec<u8>,
    octets: Vec<u8>,
}

impl Encrypted {
    fn read(content: &Element<'_>) -> Result<Self, BerError> {
        let missing = || BerError::Tag { found: content.tag, expected: "an EncryptedData" };
        let info = content.parts()?.into_iter().nth(1).ok_or_else(missing)?.parts()?;
        let [_, algorithm, rest @ ..] = info.as_slice() else { return Err(missing()) };
        let algorithm = algorithm.parts()?;
        let [oid, parameters, ..] = algorithm.as_slice() else { return Err(missing()) };
        let octets = rest.first().map(Element::octets).transpose()?.unwrap_or_default().into_owned();
        Ok(Self { algorithm: oid.contents.to_vec(), parameters: parameters.whole.to_vec(), octets })
    }
}

/// What is encrypted, by no password, the empty one, or the one given: whichever gives a SEQUENCE that fills it.
fn decrypted(
    walk: &mut Walk<'_>,
    encrypted: &Encrypted,
    here: &Here,
) -> Result<Zeroizing<Vec<u8>>, BundleError> {
    let unknown =
        || BundleError::UnknownEncryption { place: here.place.clone(), what: name_of(&encrypted.algorithm) };
    let scheme = Scheme::read(encrypted).ok_or_else(unknown)?;
    let given = walk.password;
    for password in [None, Some("")].into_iter().chain(given.map(Some)) {
        let iterations = scheme.iterations();
        walk.iterations_left = walk
            .iterations_left
            .checked_sub(iterations)
            .ok_or_else(|| BundleError::Iterations { place: here.place.clone(), iterations })?;
        let opened = scheme.decrypt(password, &encrypted.octets);
        // What a wrong password gives can end in right padding by chance, and is no SEQUENCE.
        if let Some(opened) = opened.filter(|opened| sequence(opened).is_ok()) {
            return Ok(opened);
        }
    }
    let was_given = given.is_some_and(|password| !password.is_empty());
    Err(BundleError::Password { place: here.place.clone(), was_given })
}

/// How something is encrypted under a password.
enum Scheme {
    /// RFC 8018 6.2.
    Pbes2(Parameters),
    /// RFC 7292 C: pbeWithSHAAnd3-KeyTripleDES-CBC.
    TripleDes(Derivation),
    /// RFC 7292 C: pbewithSHAAnd40BitRC2-CBC.
    Rc2(Derivation),
}

/// `pkcs-12PbeParams ::= SEQUENCE { salt OCTET STRING, iterations INTEGER }` (RFC 7292 C)
struct Derivation {
    salt: Vec<u8>,
    iterations: u32,
}

impl Scheme {
    fn read(encrypted: &Encrypted) -> Option<Self> {
        match encrypted.algorithm.as_slice() {
            PBES2 => Parameters::from_der(&encrypted.parameters).ok().map(Self::Pbes2),
            TRIPLE_DES => Derivation::read(&encrypted.parameters).map(Self::TripleDes),
            RC2_40 => Derivation::read(&encrypted.parameters).map(Self::Rc2),
            _ => None,
        }
    }

    /// The work that one try is, in iterations.
    fn iterations(&self) -> u64 {
        match self {
            Self::Pbes2(parameters) => match &parameters.kdf {
                Kdf::Pbkdf2(pbkdf2) => u64::from(pbkdf2.iteration_count),
                // scrypt's N, r and p: as blocks of 128 bytes, each written once, which bounds the memory too.
                Kdf::Scrypt(scrypt) => scrypt
                    .cost_parameter
                    .saturating_mul(u64::from(scrypt.block_size))
                    .saturating_mul(u64::from(scrypt.parallelization)),
                _ => u64::MAX,
            },
            // Key and IV are derived apart.
            Self::TripleDes(derivation) | Self::Rc2(derivation) => 2 * u64::from(derivation.iterations),
        }
    }

    fn decrypt(&self, password: Option<&str>, octets: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Pbes2(parameters) => {
                parameters.decrypt(password.unwrap_or_default(), octets).ok().map(Zeroizing::new)
            }
            Self::TripleDes(derivation) => derivation.decrypt::<TdesEde3>(TRIPLE_DES_KEY, password, octets),
            Self::Rc2(derivation) => derivation.decrypt::<Rc2>(RC2_40_KEY, password, octets),
        }
    }
}

impl Derivation {
    fn read(parameters: &[u8]) -> Option<Self> {
        let (parameters, _) = ber::split_first(parameters).ok()?;
        let parts = parameters.parts().ok()?;
        let [salt, iterations] = parts.as_slice() else { return None };
        Some(Self {
            salt: salt.octets().ok()?.into_owned(),
            iterations: u32::from_der(iterations.whole).ok()?,
        })
    }

    fn decrypt<C>(
        &self,
        key_bytes: usize,
        password: Option<&str>,
        octets: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>>
    where
        C: KeyInit + BlockCipherDecrypt,
    {
        let password = bmp(password)?;
        let derive = |purpose, bytes| {
            let iterations = i32::try_from(self.iterations).ok()?;
            let derived = kdf::derive_key::<Sha1>(&password, &self.salt, purpose, iterations, bytes);
            Some(Zeroizing::new(derived))
        };
        let key = derive(Pkcs12KeyType::EncryptionKey, key_bytes)?;
        let iv = derive(Pkcs12KeyType::Iv, IV_BYTES)?;
        let cipher = cbc::Decryptor::<C>::new_from_slices(&key, &iv).ok()?;
        cipher.decrypt_padded_vec::<Pkcs7>(octets).ok().map(Zeroizing::new)
    }
}

/// A password as RFC 7292 B.1 has it: a BMPString and two zeros. No password at all is no octets, as Windows
/// and OpenSSL have it.
fn bmp(password: Option<&str>) -> Option<Zeroizing<Vec<u8>>> {
    let Some(password) = password else {
        return Some(Zeroizing::new(Vec::new()));
    };
    let mut octets = Zeroizing::new(BmpString::from_utf8(password).ok()?.into_bytes().into_vec());
    octets.extend([0, 0]);
    Some(octets)
}

/// `SEQUENCE { type OBJECT IDENTIFIER, value [0] EXPLICIT ANY, … }`: the type's contents, and the value.
fn typed<'a>(element: &Element<'a>) -> Result<(&'a [u8], Option<Element<'a>>), BerError> {
    let parts = element.parts()?;
    let kind = parts.first().map_or(&[][..], |kind| kind.contents);
    let value = match parts.get(1).filter(|value| value.tag == ber::CONTEXT_0) {
        Some(value) => value.parts()?.first().copied(),
        None => None,
    };
    Ok((kind, value))
}

/// The parts of the one SEQUENCE that the bytes are.
fn sequence(bytes: &[u8]) -> Result<Vec<Element<'_>>, BerError> {
    let (sequence, rest) = ber::split_first(bytes)?;
    match sequence.tag == ber::SEQUENCE && rest.is_empty() {
        true => sequence.parts(),
        false => Err(BerError::Tag { found: sequence.tag, expected: "a SEQUENCE that fills its place" }),
    }
}

fn name_of(oid: &[u8]) -> String {
    let dotted = ObjectIdentifier::from_bytes(oid).map(|oid| oid.to_string());
    dotted.unwrap_or_else(|_| "an unknown algorithm".to_owned())
}

/// 1.2.840.113549.1.7.1 and 6, RFC 5652 4 and 8.
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const ENCRYPTED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06];
/// 1.2.840.113549.1.12.10.1, RFC 7292 4.2 and D.
const BAG_ARC: [u8; 10] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01];
const KEY_BAG: u8 = 1;
const SHROUDED_KEY_BAG: u8 = 2;
const CERTIFICATE_BAG: u8 = 3;
const CRL_BAG: u8 = 4;
const SAFE_CONTENTS_BAG: u8 = 6;
/// 1.2.840.113549.1.9.22.1 and 1.9.23.1, RFC 7292 4.2.3 and 4.2.4.
const X509_CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x16, 0x01];
const X509_CRL: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x17, 0x01];
/// 1.2.840.113549.1.5.13, RFC 8018 A.4.
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
/// 1.2.840.113549.1.12.1.3 and 6, RFC 7292 C, and the bytes of their keys.
const TRIPLE_DES: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x03];
const TRIPLE_DES_KEY: usize = 24;
const RC2_40: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x06];
const RC2_40_KEY: usize = 5;
/// The block of both ciphers.
const IV_BYTES: usize = 8;
/// How deep SafeContents in SafeContents are followed (RFC 7292 4.2.6). Ours: no program is known to write one.
const DEPTH_MAX: usize = 4;
