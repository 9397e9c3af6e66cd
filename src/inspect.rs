//! What a file is: what is in it, how it is encoded and encrypted, which key belongs to which certificate, and who will
//! refuse it. For one who was given a file, or is about to give one away.
//!
//! It judges no chain, changes nothing, and shows no secret.

mod importers;
mod pfx;

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use crate::bundle::{BundleError, Found, Source, read_items};
use crate::certificate::Certificate;
use crate::crl::CertificateRevocationList;
use crate::csr::CertificateRequest;
use crate::fingerprint::Fingerprint;
use crate::key::{PrivateKey, SecretDer, Signer};
use crate::pem;
use crate::pkcs12::{Attributes, Password, Pfx, Pkcs12Error};

pub use importers::Refusal;
pub use pfx::{Outside, Part};

/// What is in a file.
#[derive(Debug)]
pub struct Inspection {
    /// Its form: `PKCS#12 (DER)`, `PEM`.
    pub form: String,
    /// What is in it, in the file's order.
    pub objects: Vec<Object>,
    /// What can be seen of a PKCS#12 from outside.
    pub pfx: Option<Outside>,
    /// Who is known to refuse it.
    pub refused_by: Vec<Refusal>,
}

/// One thing in a file.
#[derive(Debug)]
pub struct Object {
    /// Where it stands: `line 3`, `part 1`.
    pub place: String,
    /// What it is.
    pub what: What,
    /// What a PKCS#12 says of it.
    pub attributes: Attributes,
    /// How it is encrypted by itself.
    pub encryption: Option<String>,
}

/// What a thing in a file is.
#[derive(Debug)]
pub enum What {
    /// A certificate.
    Certificate(Box<Certificate>),
    /// A private key.
    PrivateKey(Key),
    /// A certificate request.
    Request(Box<CertificateRequest>),
    /// A CRL.
    RevocationList(Box<CertificateRevocationList>),
    /// Something else, in words.
    Other(String),
}

/// A private key, as far as it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// It was opened.
    Open {
        /// Its kind, `EC P-256`.
        kind: String,
        /// SHA-256 over its public key.
        public_key: Fingerprint,
    },
    /// It is there, and of a kind that this program does not hold, or broken; why.
    NotHeld(String),
    /// It is encrypted, and no password at hand opens it.
    Closed,
}

impl Key {
    fn of(der: &[u8]) -> Self {
        match PrivateKey::from_pkcs8(&SecretDer::new(Zeroizing::new(der.to_vec()))) {
            Ok(key) => Self::Open {
                kind: key.public_key().algorithm().to_string(),
                public_key: key.public_key().fingerprint(),
            },
            Err(error) => Self::NotHeld(error.to_string()),
        }
    }
}

impl Inspection {
    /// Looks at a file; a PKCS#12 is opened by the first of some passwords that fits, and shown from outside where none
    /// does.
    ///
    /// # Errors
    ///
    /// [`InspectError`]: what is broken, and how a bundle of certificates says it.
    pub fn of(source: &Source<'_>, passwords: &[Password]) -> Result<Self, InspectError> {
        if let Some(known) = by_its_beginning(source.bytes) {
            return Ok(Self::of_one(known.0, known.1));
        }
        match Pfx::parse(source.bytes) {
            Err(Pkcs12Error::NotPfx { .. }) => {}
            pfx => return Ok(pfx::inspect(&pfx?, "", passwords)?),
        }
        if let Some(decoded) = base64_of_pfx(source.bytes) {
            return Ok(pfx::inspect(&Pfx::parse(&decoded)?, "base64 of ", passwords)?);
        }
        of_items(source)
    }

    /// The certificates that a key belongs to, by their places in [`Inspection::objects`], counted from 1.
    pub fn certificates_of(&self, key: &Key) -> Vec<usize> {
        let Key::Open { public_key, .. } = key else { return Vec::new() };
        let belongs = |object: &Object| match &object.what {
            What::Certificate(certificate) => certificate.public_key().fingerprint() == *public_key,
            _ => false,
        };
        (1..).zip(&self.objects).filter(|(_, object)| belongs(object)).map(|(number, _)| number).collect()
    }

    fn of_one(form: &str, what: String) -> Self {
        let object = Object {
            place: String::new(),
            what: What::Other(what),
            attributes: Attributes::default(),
            encryption: None,
        };
        Self { form: form.to_owned(), objects: vec![object], pfx: None, refused_by: Vec::new() }
    }
}

/// What is told by its first bytes, and read by others.
fn by_its_beginning(bytes: &[u8]) -> Option<(&'static str, String)> {
    let entries = |bytes: &[u8]| {
        let count = bytes.get(8..12).and_then(|count| count.try_into().ok()).map_or(0, u32::from_be_bytes);
        format!("{count} entries; keytool -list -v -keystore FILE shows them")
    };
    match bytes {
        [0xfe, 0xed, 0xfe, 0xed, ..] => Some(("Java KeyStore (JKS)", entries(bytes))),
        [0xce, 0xce, 0xce, 0xce, ..] => Some(("Java KeyStore (JCEKS)", entries(bytes))),
        _ if bytes.starts_with(b"SQLite format 3\0") => {
            Some(("SQLite", "a vault of coldcert, if it is one: coldcert --vault FILE list".to_owned()))
        }
        _ => {
            let document = crate::json::read(bytes).ok()?;
            match (document["format"].as_str(), &document["kty"], &document["keys"]) {
                (Some("coldcert-backup"), ..) => Some((
                    "JSON",
                    "a backup of coldcert: coldcert restore FILE brings it back into a vault".to_owned(),
                )),
                (_, kty, _) if kty.is_string() => Some(("JWK", jwk(&document))),
                (_, _, serde_json::Value::Array(keys)) => {
                    Some(("JWK Set", keys.iter().map(jwk).collect::<Vec<_>>().join("; ")))
                }
                _ => None,
            }
        }
    }
}

fn jwk(key: &serde_json::Value) -> String {
    let text = |member: &str| key[member].as_str().unwrap_or_default().to_owned();
    let private =
        if key["d"].is_string() || key["k"].is_string() { "with its private key" } else { "public" };
    let chain = key["x5c"].as_array().map_or(0, Vec::len);
    let curve = text("crv");
    let kind = if curve.is_empty() { text("kty") } else { format!("{} {curve}", text("kty")) };
    format!("{kind} {}, {private}, {chain} certificates", text("kid"))
}

/// The value of a vault's secret, as people save it.
fn base64_of_pfx(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.trim_start().starts_with("MII"))?;
    let compact: Zeroizing<String> = Zeroizing::new(text.split_ascii_whitespace().collect());
    let decoded = Zeroizing::new(BASE64_STANDARD.decode(compact.as_bytes()).ok()?);
    let is_pfx = !matches!(Pfx::parse(&decoded), Err(Pkcs12Error::NotPfx { .. }));
    is_pfx.then_some(decoded)
}

/// Everything else: what a bundle finds, and the private keys of PEM beside it.
fn of_items(source: &Source<'_>) -> Result<Inspection, InspectError> {
    let items = read_items(source)?;
    let mut forms: Vec<String> = Vec::new();
    let mut keys = private_keys(source.bytes).into_iter();
    let mut objects = Vec::new();
    for item in items {
        let form = item.form.to_string();
        if !form.is_empty() && !forms.contains(&form) {
            forms.push(form);
        }
        let mut encryption = None;
        let what = match item.found {
            Found::Certificate(certificate) => What::Certificate(certificate),
            Found::RevocationList(list) => What::RevocationList(list),
            Found::Request(der) => match CertificateRequest::from_der(&der) {
                Ok(request) => What::Request(Box::new(request)),
                Err(error) => What::Other(format!("a certificate request that cannot be read: {error}")),
            },
            Found::Other(kind) if kind.is_private_key() => match keys.next() {
                Some((key, by)) => {
                    encryption = by;
                    What::PrivateKey(key)
                }
                None => What::Other(kind.to_string()),
            },
            Found::Other(kind) => What::Other(kind.to_string()),
        };
        let place = item.place.within_file();
        objects.push(Object { place, what, attributes: Attributes::default(), encryption });
    }
    if forms.is_empty() {
        forms.push("of no form that certificates have".to_owned());
    }
    Ok(Inspection { form: forms.join(" and "), objects, pfx: None, refused_by: Vec::new() })
}

/// The private keys of a PEM file, in its order: PKCS#8, in the clear or encrypted, and older forms by name; or that of
/// PKCS#8 alone.
fn private_keys(bytes: &[u8]) -> Vec<(Key, Option<String>)> {
    if !pem::looks_like_pem(bytes) {
        return vec![(Key::of(bytes), None)];
    }
    let blocks = pem::read(bytes).unwrap_or_default();
    let keys = blocks.into_iter().filter(|block| block.label.ends_with("PRIVATE KEY"));
    keys.map(|block| match block.label.as_str() {
        "PRIVATE KEY" => (Key::of(block.contents()), None),
        "ENCRYPTED PRIVATE KEY" => (Key::Closed, Some(pfx::scheme_of(block.contents()))),
        label => (Key::NotHeld(format!("a block {label}, which is not PKCS#8")), None),
    })
    .collect()
}

/// `EC P-256`, `closed`
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { kind, .. } => f.write_str(kind),
            Self::NotHeld(why) => f.write_str(why),
            Self::Closed => f.write_str("closed"),
        }
    }
}

/// Why a file could not be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// A PKCS#12 that is broken.
    #[error(transparent)]
    Pkcs12(#[from] Pkcs12Error),
    /// Anything else that is broken, or nothing that this program knows.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

impl InspectError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Pkcs12(error) => error.help(),
            Self::Bundle(error) => error.help(),
        }
    }
}
