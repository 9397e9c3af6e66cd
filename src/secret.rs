//! The secret behind a certificate: its private key with its chain, in the forms that servers load; and the
//! same forms read again, for an import.
//!
//! A secret is a view of a record: it is made when it is asked for and stored nowhere.

mod jks;
mod jwk;
mod pkcs7;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use crate::bundle::{Bundle, BundleError, Given, Kind, Origin, Source};
use crate::certificate::{Certificate, CertificateError};
use crate::key::{KeyError, PrivateKey, SecretDer};
use crate::pem::{self, PemError};
use crate::pkcs12::{self, Entry, Password, Pfx, Pkcs12Error, Profile};
use crate::policy::ContentType;
use crate::record::{MergeError, Record};
use crate::seal::VaultKey;

pub use jks::{JksError, PASSWORD_CHARACTERS_MIN, jks};
pub use jwk::{jwk, jwk_set};
pub use pkcs7::pkcs7;

/// A record's secret: the chain, and the private key where the policy lets it out.
#[derive(Debug)]
pub struct Secret<'a> {
    record: &'a Record,
    private_key: Option<SecretDer>,
}

impl<'a> Secret<'a> {
    /// Opens a record's secret. Where the policy says not exportable, the private key is not even opened.
    pub fn open(record: &'a Record, vault_key: &VaultKey) -> Result<Self, SecretError> {
        let private_key = match record.exportable {
            true => Some(record.open_key(vault_key).map_err(SecretError::Record)?.to_pkcs8()?),
            false => None,
        };
        Ok(Self { record, private_key })
    }

    /// The secret of a record whose policy keeps the key in: certificates only.
    pub fn without_key(record: &'a Record) -> Self {
        Self { record, private_key: None }
    }

    /// Whether the private key is in it.
    pub fn has_private_key(&self) -> bool {
        self.private_key.is_some()
    }

    /// What of it goes into a file.
    pub fn part(&self, root: Root) -> Part<'_> {
        let mut chain = self.record.chain();
        if root == Root::Out && ends_in_root(&chain) {
            chain.pop();
        }
        Part { record: self.record, private_key: self.private_key.as_ref(), chain }
    }

    /// PKCS#12, as `application/x-pkcs12` (reference 4), by a profile and under a password that may be empty or
    /// absent; the chain as it was merged.
    pub fn to_pkcs12(
        &self,
        password: &Password,
        profile: Profile,
    ) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        to_pkcs12(&[self.part(Root::In)], self.record.name.as_str(), password, profile)
    }

    /// PEM, as `application/x-pem-file` (reference 4): the PKCS#8 key, then leaf, then issuers.
    pub fn to_pem(&self) -> Zeroizing<String> {
        self.part(Root::In).to_pem()
    }
}

/// Whether the certificate that a chain ends in goes along, where it signed itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// It stays: whoever trusts it has it (RFC 8446 4.4.2 lets it be left out).
    Out,
    /// It goes along.
    In,
}

/// Whether a chain ends in a certificate that signed itself and is not its leaf.
pub fn ends_in_root(chain: &[&Certificate]) -> bool {
    chain.len() > 1 && chain.last().is_some_and(|last| last.is_self_issued())
}

/// What of a secret goes into a file.
#[derive(Debug)]
pub struct Part<'a> {
    record: &'a Record,
    private_key: Option<&'a SecretDer>,
    chain: Vec<&'a Certificate>,
}

impl<'a> Part<'a> {
    /// The certificates, leaf first.
    pub fn chain(&self) -> &[&'a Certificate] {
        &self.chain
    }

    /// Whether the private key goes along.
    pub fn has_private_key(&self) -> bool {
        self.private_key.is_some()
    }

    /// The PKCS#8 key where it may leave, then leaf, then issuers: blocks with lines that end in LF.
    pub fn to_pem(&self) -> Zeroizing<String> {
        let key = self.private_key.map(|key| pem::write_secret("PRIVATE KEY", key.secret_der()));
        self.with_chain(key)
    }

    /// The same with the key encrypted by itself (RFC 7468 11).
    pub fn to_encrypted_pem(&self, password: &Password) -> Result<Zeroizing<String>, SecretError> {
        let key = self.private_key.map(|key| pkcs12::shroud(key, password)).transpose()?;
        Ok(self.with_chain(key.map(|key| pem::write_secret("ENCRYPTED PRIVATE KEY", &key))))
    }

    /// The chain as a JSON list of base64 DER, leaf first (RFC 7515 4.1.6): what a merge takes.
    pub fn to_x5c(&self) -> Vec<String> {
        self.chain.iter().map(|one| BASE64_STANDARD.encode(one.as_der())).collect()
    }

    fn with_chain(&self, key: Option<Zeroizing<String>>) -> Zeroizing<String> {
        let chain = pem_chain(&self.chain);
        let length = chain.len() + key.as_ref().map_or(0, |key| key.len());
        let mut text = Zeroizing::new(String::with_capacity(length));
        if let Some(key) = key {
            text.push_str(&key);
        }
        text.push_str(&chain);
        text
    }
}

/// One PKCS#12 of several parts. The first is shown under the friendly name; the others under their own.
pub fn to_pkcs12(
    parts: &[Part<'_>],
    friendly_name: &str,
    password: &Password,
    profile: Profile,
) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let chains: Vec<Vec<&[u8]>> =
        parts.iter().map(|part| part.chain.iter().map(|one| one.as_der()).collect()).collect();
    let entries: Vec<Entry<'_>> = parts
        .iter()
        .zip(&chains)
        .enumerate()
        .map(|(index, (part, certificates))| Entry {
            friendly_name: if index == 0 { friendly_name } else { part.record.name.as_str() },
            private_key: part.private_key,
            certificates,
        })
        .collect();
    Ok(pkcs12::write(&entries, password, profile)?)
}

/// Certificates as PEM, in the order given.
pub fn pem_chain(certificates: &[&Certificate]) -> String {
    certificates.iter().map(|certificate| pem::write("CERTIFICATE", certificate.as_der())).collect()
}

/// A private key and certificates that were made elsewhere.
#[derive(Debug)]
pub struct Brought {
    /// The key.
    pub key: PrivateKey,
    /// The certificates that came with it, in the file's order.
    pub bundle: Bundle,
    /// Which form they had.
    pub content_type: ContentType,
    /// Whether it was a PFX without a MAC, of which nobody can tell whether it was changed.
    pub lacks_mac: bool,
}

impl Brought {
    /// Reads a PFX or a PEM file with one private key and its certificates, as Key Vault imports them
    /// (reference 4): the key of a PEM file as PKCS#8, not encrypted. Of several passwords the first that fits counts.
    pub fn read(source: &Source<'_>, passwords: &[Password]) -> Result<Self, SecretError> {
        if pem::looks_like_pem(source.bytes) { from_pem(source) } else { from_pkcs12(source, passwords) }
    }
}

fn from_pem(source: &Source<'_>) -> Result<Brought, SecretError> {
    let file = || source.name.to_owned();
    let blocks = pem::read(source.bytes).map_err(|error| SecretError::Pem { file: file(), error })?;
    let mut keys = Vec::new();
    for block in blocks {
        match block.label.as_str() {
            "PRIVATE KEY" => keys.push(SecretDer::new(block.into_contents())),
            label if label.ends_with("PRIVATE KEY") => {
                return Err(SecretError::KeyForm { file: file(), line: block.line, label: label.to_owned() });
            }
            _ => {}
        }
    }
    let key = only(keys, source)?;
    let mut bundle = Bundle::read(&[*source]).map_err(|error| match error {
        BundleError::NoCertificate { .. } => SecretError::KeyAlone { file: file() },
        error => error.into(),
    })?;
    bundle.passed_over.retain(|passed| passed.kind != Kind::PrivateKey);
    Ok(Brought { key, bundle, content_type: ContentType::Pem, lacks_mac: false })
}

fn from_pkcs12(source: &Source<'_>, passwords: &[Password]) -> Result<Brought, SecretError> {
    let pfx = Pfx::parse(source.bytes)?;
    let contents = pfx.open(passwords)?;
    let key = only(contents.private_keys.into_iter().map(|bag| bag.private_key).collect(), source)?;
    let place = Origin::of_file(source.name);
    let mut bundle = Bundle::default();
    for bag in contents.certificates {
        let certificate = Certificate::from_der(&bag.certificate)
            .map_err(|error| SecretError::Certificate { file: source.name.to_owned(), error })?;
        bundle.certificates.push(Given { certificate, place: place.clone() });
    }
    Ok(Brought { key, bundle, content_type: ContentType::Pkcs12, lacks_mac: pfx.mac.is_none() })
}

fn only(keys: Vec<SecretDer>, source: &Source<'_>) -> Result<PrivateKey, SecretError> {
    match <[SecretDer; 1]>::try_from(keys) {
        Ok([key]) => Ok(PrivateKey::from_pkcs8(&key)?),
        Err(keys) => Err(SecretError::KeyCount { file: source.name.to_owned(), found: keys.len() }),
    }
}

/// Why a secret was not written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// PKCS#12.
    #[error(transparent)]
    Pkcs12(#[from] Pkcs12Error),
    /// PEM armour.
    #[error("{file}: {error}")]
    Pem {
        /// The file.
        file: String,
        /// What is broken.
        error: PemError,
    },
    /// A key in a form that Key Vault does not import.
    #[error(
        "{file} line {line}: the key is a {label:?}, where an unencrypted PKCS#8 \"PRIVATE KEY\" is expected"
    )]
    KeyForm {
        /// The file.
        file: String,
        /// The block's first line.
        line: usize,
        /// The block's label.
        label: String,
    },
    /// No key, or several.
    #[error("{file} holds {found} private keys, where one is expected")]
    KeyCount {
        /// The file.
        file: String,
        /// How many.
        found: usize,
    },
    /// A key without a certificate.
    #[error("{file} holds a private key and no certificate, where both are expected")]
    KeyAlone {
        /// The file.
        file: String,
    },
    /// A certificate in it.
    #[error("{file}: {error}")]
    Certificate {
        /// The file.
        file: String,
        /// What is wrong with it.
        error: CertificateError,
    },
    /// The certificates in it.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The key in it.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A Java KeyStore.
    #[error(transparent)]
    Jks(#[from] JksError),
    /// The record's key does not open.
    #[error(transparent)]
    Record(MergeError),
}

impl SecretError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Pkcs12(error) => error.help(),
            Self::Pem { error, .. } => error.help(),
            Self::KeyForm { file, .. } => format!(
                "turn the key into PKCS#8 first: openssl pkcs8 -topk8 -nocrypt -in {file} -out key.pem; and add the certificates to it"
            ),
            Self::KeyCount { .. } => "give one private key with its certificates in one file".to_owned(),
            Self::KeyAlone { file } => {
                format!("put them in one file: cat {file} CERTIFICATE ISSUER… > both.pem; and import that")
            }
            Self::Certificate { error, .. } => error.help(),
            Self::Bundle(error) => error.help(),
            Self::Key(error) => error.help(),
            Self::Jks(error) => error.help(),
            Self::Record(error) => error.help(),
        }
    }
}
