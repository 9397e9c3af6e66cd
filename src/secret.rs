//! The secret behind a certificate: its private key with its chain, in the forms that servers load; and the
//! same forms read again, for an import.
//!
//! A secret is a view of a record: it is made when it is asked for and stored nowhere.

use der::asn1::ObjectIdentifier;
use der::{Tag, TagNumber};
use zeroize::Zeroizing;

use crate::bundle::{Bundle, BundleError, Given, Kind, Origin, Source};
use crate::certificate::{Certificate, CertificateError};
use crate::key::{KeyError, PrivateKey, SecretDer};
use crate::pem::{self, PemError};
use crate::pkcs12::{self, Entry, Password, Pkcs12Error, Profile};
use crate::policy::ContentType;
use crate::record::{MergeError, Record};
use crate::seal::VaultKey;
use crate::tlv;

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

    /// PKCS#12, as `application/x-pkcs12` (reference 4), by a profile and under a password that may be empty or absent.
    pub fn to_pkcs12(
        &self,
        password: &Password,
        profile: Profile,
    ) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let chain = self.record.chain();
        let certificates: Vec<&[u8]> = chain.iter().map(|certificate| certificate.as_der()).collect();
        let entry = Entry {
            friendly_name: self.record.name.as_str(),
            private_key: self.private_key.as_ref(),
            certificates: &certificates,
        };
        Ok(pkcs12::write(&[entry], password, profile)?)
    }

    /// PEM, as `application/x-pem-file` (reference 4): the PKCS#8 key, then leaf, then issuers.
    pub fn to_pem(&self) -> Zeroizing<String> {
        let key = self.private_key.as_ref().map(|key| pem::write_secret("PRIVATE KEY", key.secret_der()));
        let chain = pem_chain(&self.record.chain());
        let mut text =
            Zeroizing::new(String::with_capacity(chain.len() + key.as_ref().map_or(0, |key| key.len())));
        if let Some(key) = key {
            text.push_str(&key);
        }
        text.push_str(&chain);
        text
    }
}

/// Certificates as PEM, in the order given.
pub fn pem_chain(certificates: &[&Certificate]) -> String {
    certificates.iter().map(|certificate| pem::write("CERTIFICATE", certificate.as_der())).collect()
}

/// Certificates as PKCS#7, DER: a SignedData without signers (RFC 5652 5.1), in the order given.
///
/// ```text
/// ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY }
/// SignedData ::= SEQUENCE { version, digestAlgorithms SET, encapContentInfo, certificates [0] IMPLICIT, signerInfos SET }
/// ```
pub fn pkcs7(certificates: &[&Certificate]) -> Vec<u8> {
    let all: Vec<u8> = certificates.iter().flat_map(|one| one.as_der().iter().copied()).collect();
    let context = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    let signed = tlv::sequence(&[
        &tlv::encoded(&1u8),
        &tlv::wrapped(Tag::Set, &[]),
        &tlv::sequence(&[&tlv::encoded(&ID_DATA)]),
        &tlv::wrapped(context, &all),
        &tlv::wrapped(Tag::Set, &[]),
    ]);
    tlv::sequence(&[&tlv::encoded(&ID_SIGNED_DATA), &tlv::wrapped(context, &signed)])
}

/// RFC 5652 4.
const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// RFC 5652 5.1.
const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// A private key and certificates that were made elsewhere.
#[derive(Debug)]
pub struct Brought {
    /// The key.
    pub key: PrivateKey,
    /// The certificates that came with it, in the file's order.
    pub bundle: Bundle,
    /// Which form they had.
    pub content_type: ContentType,
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
    let mut bundle = Bundle::read(&[*source])?;
    bundle.passed_over.retain(|passed| passed.kind != Kind::PrivateKey);
    Ok(Brought { key, bundle, content_type: ContentType::Pem })
}

fn from_pkcs12(source: &Source<'_>, passwords: &[Password]) -> Result<Brought, SecretError> {
    let contents = pkcs12::read(source.bytes, passwords)?;
    let key = only(contents.private_keys.into_iter().map(|bag| bag.private_key).collect(), source)?;
    let place = Origin::of_file(source.name);
    let mut bundle = Bundle::default();
    for bag in contents.certificates {
        let certificate = Certificate::from_der(&bag.certificate)
            .map_err(|error| SecretError::Certificate { file: source.name.to_owned(), error })?;
        bundle.certificates.push(Given { certificate, place: place.clone() });
    }
    Ok(Brought { key, bundle, content_type: ContentType::Pkcs12 })
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
            Self::Certificate { error, .. } => error.help(),
            Self::Bundle(error) => error.help(),
            Self::Key(error) => error.help(),
            Self::Record(error) => error.help(),
        }
    }
}
