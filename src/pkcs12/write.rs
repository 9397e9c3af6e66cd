//! A PKCS#12 written, by a profile.

use std::panic::resume_unwind;
use std::thread;

use aws_lc_rs::digest;
use der::{Tag, TagNumber};
use zeroize::Zeroizing;

use super::bag::{self, Attributes, CERTIFICATE_BAG, SHROUDED_KEY_BAG};
use super::encryption::{Scheme, random};
use super::error::Pkcs12Error;
use super::hash::Hash;
use super::mac::{Mac, MacScheme};
use super::password::Password;
use super::profile::Profile;
use super::read::{DATA, ENCRYPTED_DATA};
use super::{EMPTY_PASSWORD_ITERATIONS, PASSWORD_ITERATIONS};
use crate::key::SecretDer;
use crate::tlv;

/// A certificate that goes into a PFX, with its chain and its key.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The name under which Windows and Java show it.
    pub friendly_name: &'a str,
    /// PKCS#8; `None` for a certificate whose key must not leave (`exportable: false`).
    pub private_key: Option<&'a SecretDer>,
    /// DER, leaf first, then its chain in order; at least one.
    pub certificates: &'a [&'a [u8]],
}

/// Writes a PFX with one certificate or several, each with its chain and its key.
///
/// Certificates stand in the order given, bytes unchanged; one that several entries share, an issuer, is written once.
/// It is not checked that key and leaf belong together: that is proven before a record exists.
///
/// What is said of key and leaf, and in which order they stand, is the profile's to say.
///
/// # Errors
///
/// [`NoCertificate`](Pkcs12Error::NoCertificate), [`PrivateKey`](Pkcs12Error::PrivateKey),
/// [`Random`](Pkcs12Error::Random).
pub fn write(
    entries: &[Entry<'_>],
    password: &Password,
    profile: Profile,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    if entries.is_empty() || entries.iter().any(|entry| entry.certificates.is_empty()) {
        return Err(Pkcs12Error::NoCertificate);
    }
    let said = (1..).zip(entries).map(|(number, entry)| profile.said_of(number, entry));
    let said = said.collect::<Result<Vec<_>, _>>()?;
    let certificates = safe_contents(&certificate_bags(entries, &said));
    let writer = Writer { profile, password };
    // Deriving keys is most of the work, and each part has keys of its own.
    let (keys, certificates) = thread::scope(|scope| {
        let certificates = scope.spawn(|| writer.encrypted(&certificates));
        let keys = writer.key_bags(entries, &said);
        (keys, certificates.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    writer.pfx(&keys?, certificates?)
}

fn certificate_bags(entries: &[Entry<'_>], said: &[Said]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut known: Vec<&[u8]> = Vec::new();
    let mut bags = Vec::new();
    for (entry, said) in entries.iter().zip(said) {
        for (depth, der) in entry.certificates.iter().enumerate() {
            let attributes = said.of_certificate(depth);
            // What is said of a leaf is said of it, even if another's chain has it already.
            if !known.contains(der) || attributes != Attributes::default() {
                bags.push(bag::write(CERTIFICATE_BAG, &bag::certificate(der), &attributes));
                known.push(der);
            }
        }
    }
    bags
}

struct Writer<'a> {
    profile: Profile,
    password: &'a Password,
}

impl Writer<'_> {
    fn key_bags(&self, entries: &[Entry<'_>], said: &[Said]) -> Result<Vec<Zeroizing<Vec<u8>>>, Pkcs12Error> {
        let keys = entries.iter().zip(said).filter_map(|(entry, said)| Some((entry.private_key?, said)));
        keys.map(|(key, said)| Ok(bag::write(SHROUDED_KEY_BAG, &self.shroud(key)?, &said.of_key))).collect()
    }

    /// The safes in the profile's order, and the MAC over them.
    fn pfx(
        &self,
        keys: &[Zeroizing<Vec<u8>>],
        certificates: Vec<u8>,
    ) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
        let keys = (!keys.is_empty()).then(|| content_info(DATA, &octets(&safe_contents(keys))));
        let certificates = Some(certificates);
        let safes = match self.profile.keys_first() {
            true => [keys, certificates],
            false => [certificates, keys],
        };
        let safes: Vec<u8> = safes.into_iter().flatten().flatten().collect();
        let authenticated = tlv::wrapped(Tag::Sequence, &safes);
        let iterations = self.iterations();
        let scheme = match self.profile {
            Profile::Modern => MacScheme::pkcs12(Hash::Sha256, iterations)?,
            Profile::Pbmac1 => MacScheme::pbmac1(iterations)?,
            Profile::Compatible | Profile::KeyVault => MacScheme::pkcs12(Hash::Sha1, iterations)?,
        };
        let mac = Mac::make(scheme, self.password, &authenticated).ok_or(Pkcs12Error::Random)?;
        let version = tlv::encoded(&3u8);
        let contents = content_info(DATA, &octets(&authenticated));
        Ok(Zeroizing::new(tlv::sequence(&[&version, &contents, &mac.to_der()])))
    }

    /// `EncryptedData ::= SEQUENCE { version 0, SEQUENCE { contentType Data, algorithm, [0] IMPLICIT OCTET STRING } }`
    fn encrypted(&self, plain: &[u8]) -> Result<Vec<u8>, Pkcs12Error> {
        let scheme = self.scheme()?;
        let encrypted = scheme.encrypt(self.password, plain).ok_or(Pkcs12Error::Random)?;
        let implicit_0 = Tag::ContextSpecific { constructed: false, number: TagNumber(0) };
        let info =
            tlv::sequence(&[&tlv::identifier(DATA), &scheme.to_der(), &tlv::wrapped(implicit_0, &encrypted)]);
        Ok(content_info(ENCRYPTED_DATA, &tlv::sequence(&[&tlv::encoded(&0u8), &info])))
    }

    fn shroud(&self, key: &SecretDer) -> Result<Vec<u8>, Pkcs12Error> {
        encrypted_private_key_info(key, &self.scheme()?, self.password)
    }

    fn scheme(&self) -> Result<Scheme, Pkcs12Error> {
        match self.profile {
            Profile::Modern | Profile::Pbmac1 => Scheme::aes_256(self.iterations()),
            Profile::Compatible | Profile::KeyVault => Scheme::triple_des(self.iterations()),
        }
    }

    fn iterations(&self) -> u32 {
        self.profile.iterations(self.password)
    }
}

/// Encrypts a private key by itself, for a PEM file: the contents of a block `ENCRYPTED PRIVATE KEY` (RFC 7468 11), by
/// the algorithms and iterations of [`Profile::Modern`].
pub fn shroud(key: &SecretDer, password: &Password) -> Result<Vec<u8>, Pkcs12Error> {
    encrypted_private_key_info(key, &Scheme::aes_256(Profile::Modern.iterations(password))?, password)
}

/// `EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm, encryptedData OCTET STRING }` (RFC 5958 3)
fn encrypted_private_key_info(
    key: &SecretDer,
    scheme: &Scheme,
    password: &Password,
) -> Result<Vec<u8>, Pkcs12Error> {
    algorithm_of(key)?;
    let encrypted = scheme.encrypt(password, key.secret_der()).ok_or(Pkcs12Error::Random)?;
    Ok(tlv::sequence(&[&scheme.to_der(), &octets(&encrypted)]))
}

/// What a profile says of the parts of an entry.
struct Said {
    of_key: Attributes,
    of_leaf: Attributes,
    /// The name of each issuer, where there is no key and Java shows every certificate by itself.
    name_of_issuers: Option<String>,
}

impl Said {
    fn of_certificate(&self, depth: usize) -> Attributes {
        match (depth, &self.name_of_issuers) {
            (0, _) => self.of_leaf.clone(),
            (depth, Some(name)) => Attributes {
                friendly_name: Some(format!("{name}#{}", depth + 1)),
                trusted_by_java: true,
                ..Attributes::default()
            },
            (_, None) => Attributes::default(),
        }
    }
}

impl Profile {
    /// What is said of an entry's key and leaf.
    ///
    /// With a key, both carry a localKeyId and the friendly name; by `key-vault` as the service has it: the number as a
    /// DWORD of Windows, and the names that Windows gave the key. Without one, each certificate carries the name and the
    /// attribute by which Java shows it as a trusted entry; without that Java would show nothing.
    fn said_of(self, number: u32, entry: &Entry<'_>) -> Result<Said, Pkcs12Error> {
        let name = entry.friendly_name.to_owned();
        let nothing = Attributes::default();
        Ok(match (entry.private_key, self) {
            (None, Self::KeyVault) => {
                Said { of_key: nothing.clone(), of_leaf: nothing, name_of_issuers: None }
            }
            (None, _) => Said {
                of_key: nothing,
                of_leaf: Attributes {
                    friendly_name: Some(name.clone()),
                    trusted_by_java: true,
                    ..Attributes::default()
                },
                name_of_issuers: Some(name),
            },
            (Some(key), Self::KeyVault) => {
                let local_key_id = Some(number.to_le_bytes().to_vec());
                let is_rsa = algorithm_of(key)? == RSA_ENCRYPTION;
                let of_key = Attributes {
                    friendly_name: if is_rsa { Some(guid(random()?)) } else { None },
                    provider: Some(if is_rsa { RSA_PROVIDER } else { EC_PROVIDER }.to_owned()),
                    local_key_id: local_key_id.clone(),
                    trusted_by_java: false,
                };
                let of_leaf = Attributes { local_key_id, ..nothing };
                Said { of_key, of_leaf, name_of_issuers: None }
            }
            (Some(_), _) => {
                let leaf = entry.certificates.first().ok_or(Pkcs12Error::NoCertificate)?;
                let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, leaf);
                // As OpenSSL has it: the SHA-1 of the leaf.
                let said = Attributes {
                    friendly_name: Some(name),
                    local_key_id: Some(hash.as_ref().to_vec()),
                    ..nothing
                };
                Said { of_key: said.clone(), of_leaf: said, name_of_issuers: None }
            }
        })
    }

    /// Iterations of each derivation.
    fn iterations(self, password: &Password) -> u32 {
        match self {
            Self::Modern | Self::Pbmac1 if password.protects_nothing() => EMPTY_PASSWORD_ITERATIONS,
            Self::Modern | Self::Pbmac1 => PASSWORD_ITERATIONS,
            Self::Compatible => COMPATIBLE_ITERATIONS,
            Self::KeyVault => KEY_VAULT_ITERATIONS,
        }
    }

    /// Whether the keys stand before the certificates, as Windows has it; OpenSSL has it the other way.
    fn keys_first(self) -> bool {
        matches!(self, Self::KeyVault)
    }
}

/// The identifier of a private key's algorithm, its contents.
///
/// `PrivateKeyInfo ::= SEQUENCE { version, privateKeyAlgorithm AlgorithmIdentifier, privateKey OCTET STRING, … }`
/// (RFC 5958 2)
fn algorithm_of(key: &SecretDer) -> Result<&[u8], Pkcs12Error> {
    let parts = tlv::first_parts(key.secret_der(), 3).map_err(|_| Pkcs12Error::PrivateKey)?;
    let [version, algorithm, octets] = parts.as_slice() else { return Err(Pkcs12Error::PrivateKey) };
    let (identifier, _) = tlv::split_first(algorithm.contents).map_err(|_| Pkcs12Error::PrivateKey)?;
    match (version.tag, algorithm.tag, octets.tag, identifier.tag) {
        (Tag::Integer, Tag::Sequence, Tag::OctetString, Tag::ObjectIdentifier) => Ok(identifier.contents),
        _ => Err(Pkcs12Error::PrivateKey),
    }
}

/// A GUID as Windows names a key container: `8-4-4-4-12` digits, lower case.
fn guid(octets: [u8; 16]) -> String {
    let digits: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// `ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY }` (RFC 5652 3)
fn content_info(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let explicit_0 = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    tlv::sequence(&[&tlv::identifier(kind), &tlv::wrapped(explicit_0, content)])
}

fn safe_contents(bags: &[Zeroizing<Vec<u8>>]) -> Zeroizing<Vec<u8>> {
    let bags: Vec<&[u8]> = bags.iter().map(|bag| bag.as_slice()).collect();
    Zeroizing::new(tlv::sequence(&bags))
}

fn octets(contents: &[u8]) -> Vec<u8> {
    tlv::wrapped(Tag::OctetString, contents)
}

/// Iterations by `compatible`: the default of `openssl pkcs12 -export`; old importers are not asked for more.
const COMPATIBLE_ITERATIONS: u32 = 2_048;
/// Iterations by `key-vault` (reference 4).
const KEY_VAULT_ITERATIONS: u32 = 2_000;
/// Reference 4.
const RSA_PROVIDER: &str = "Microsoft Enhanced RSA and AES Cryptographic Provider";
const EC_PROVIDER: &str = "Microsoft Software Key Storage Provider";
/// 1.2.840.113549.1.1.1, RFC 3279 2.3.1, the contents.
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
