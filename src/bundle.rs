//! Whatever the CA sent, as certificates: which were found, where, and what was passed over.
//!
//! It reads PEM and DER. It judges nothing: a certificate is a certificate here, whoever signed it.

use std::fmt;

use crate::certificate::{Certificate, CertificateError};
use crate::pem::{self, PemError};
use crate::tlv;

/// A file as it was given: what to call it, and its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its name, for messages.
    pub name: &'a str,
    /// All of it.
    pub bytes: &'a [u8],
}

/// Certificates as they were given, in the order given.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// The certificates, at least one when it was read.
    pub certificates: Vec<Given>,
    /// What stood beside them and was left alone.
    pub passed_over: Vec<PassedOver>,
}

/// A certificate, and where it stood.
#[derive(Clone, Debug)]
pub struct Given {
    /// The certificate.
    pub certificate: Certificate,
    /// Where it stood.
    pub place: Origin,
}

/// Where something stood in what was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file's name.
    pub file: String,
    /// The line of a PEM block's first line, from 1; none for DER.
    pub line: Option<usize>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{} line {line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// Something that is no certificate, beside certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// What it is.
    pub kind: Kind,
    /// Where it stood.
    pub place: Origin,
}

/// What was found where a certificate was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A private key, in any PEM form or as PKCS#8.
    PrivateKey,
    /// A certificate request: what was sent to the CA, not what came back.
    CertificateRequest,
    /// PKCS#7, CMS.
    Pkcs7,
    /// PKCS#12.
    Pkcs12,
    /// A PEM block of another label.
    Block {
        /// The label.
        label: String,
    },
    /// A web page: a login form saved as a certificate.
    Html,
    /// Other text.
    Text,
    /// Other bytes.
    Bytes,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PrivateKey => f.write_str("a private key"),
            Self::CertificateRequest => f.write_str("a certificate request"),
            Self::Pkcs7 => f.write_str("a PKCS#7 bundle"),
            Self::Pkcs12 => f.write_str("a PKCS#12 file"),
            Self::Block { label } => write!(f, "a PEM block {label:?}"),
            Self::Html => f.write_str("a web page"),
            Self::Text => f.write_str("text"),
            Self::Bytes => f.write_str("bytes of no known kind"),
        }
    }
}

impl Bundle {
    /// Reads files, each PEM or DER, in the order given.
    pub fn read(sources: &[Source<'_>]) -> Result<Self, BundleError> {
        let mut bundle = Self::default();
        for source in sources {
            let before = bundle.certificates.len();
            bundle.read_one(source)?;
            if bundle.certificates.len() == before {
                let found = bundle.passed_over.last();
                let kind = found.map_or_else(|| kind_of(source.bytes), |passed| passed.kind.clone());
                return Err(BundleError::NoCertificate { file: source.name.to_owned(), found: kind });
            }
            if bundle.certificates.len() > CERTIFICATES_MAX {
                return Err(BundleError::TooMany { file: source.name.to_owned() });
            }
        }
        Ok(bundle)
    }

    fn read_one(&mut self, source: &Source<'_>) -> Result<(), BundleError> {
        let file = source.name.to_owned();
        if source.bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(BundleError::Empty { file });
        }
        if pem::looks_like_pem(source.bytes) {
            let blocks = pem::read(source.bytes).map_err(|error| BundleError::Pem { file, error })?;
            return blocks.iter().try_for_each(|block| self.read_block(source, block));
        }
        match kind_of(source.bytes) {
            Kind::Bytes => self.read_der(source),
            kind => Err(BundleError::NoCertificate { file, found: kind }),
        }
    }

    fn read_block(&mut self, source: &Source<'_>, block: &pem::Block) -> Result<(), BundleError> {
        let place = Origin { file: source.name.to_owned(), line: Some(block.line) };
        let contents = block.contents();
        let kind = match block.label.as_str() {
            "CERTIFICATE" | "X509 CERTIFICATE" => return self.add(contents, place),
            // OpenSSL writes its own trust settings behind the certificate.
            "TRUSTED CERTIFICATE" => {
                let first = tlv::split_first(contents).map_or(contents, |(first, _)| first.whole);
                return self.add(first, place);
            }
            label if label.ends_with("PRIVATE KEY") => Kind::PrivateKey,
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Kind::CertificateRequest,
            "PKCS7" | "CMS" => Kind::Pkcs7,
            label => Kind::Block { label: label.to_owned() },
        };
        self.passed_over.push(PassedOver { kind, place });
        Ok(())
    }

    /// One DER certificate, or several back to back.
    fn read_der(&mut self, source: &Source<'_>) -> Result<(), BundleError> {
        let mut rest = source.bytes;
        while !rest.is_empty() {
            let at = source.bytes.len() - rest.len();
            let place = Origin { file: source.name.to_owned(), line: None };
            let (first, after) = tlv::split_first(rest).map_err(|error| BundleError::Certificate {
                place: place.clone(),
                at,
                error: error.into(),
            })?;
            let certificate = Certificate::from_der(first.whole)
                .map_err(|error| BundleError::Certificate { place: place.clone(), at, error })?;
            self.certificates.push(Given { certificate, place });
            rest = after;
        }
        Ok(())
    }

    fn add(&mut self, der: &[u8], place: Origin) -> Result<(), BundleError> {
        match Certificate::from_der(der) {
            Ok(certificate) => {
                self.certificates.push(Given { certificate, place });
                Ok(())
            }
            Err(error) => Err(BundleError::Certificate { place, at: 0, error }),
        }
    }
}

/// Why files gave no certificates.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Nothing in it.
    #[error("{file} is empty")]
    Empty {
        /// The file.
        file: String,
    },
    /// Something else than a certificate.
    #[error("{file} holds no certificate, but {found}")]
    NoCertificate {
        /// The file.
        file: String,
        /// What it is instead.
        found: Kind,
    },
    /// PEM armour or base64 that is broken.
    #[error("{file}: {error}")]
    Pem {
        /// The file.
        file: String,
        /// What is broken, and on which line.
        error: PemError,
    },
    /// What should be a certificate is none, or is cut off.
    #[error("{place}, byte {at}: {error}")]
    Certificate {
        /// The file, and the line of the PEM block.
        place: Origin,
        /// Where the certificate starts in a DER file.
        at: usize,
        /// What is wrong with it.
        error: CertificateError,
    },
    /// More certificates than a CA sends.
    #[error("{file} brings the number of certificates above {CERTIFICATES_MAX}")]
    TooMany {
        /// The file.
        file: String,
    },
}

impl BundleError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Empty { .. } => "take the CA's answer again: nothing arrived in this file".to_owned(),
            Self::NoCertificate { file, found } => match found {
                Kind::PrivateKey => {
                    "give the certificate that the CA sent; a private key is not to be carried around"
                        .to_owned()
                }
                Kind::CertificateRequest => {
                    "this is what goes to the CA; give the certificate that the CA makes of it".to_owned()
                }
                Kind::Pkcs7 => format!(
                    "take the certificates out first: openssl pkcs7 -print_certs -in {file} -out answer.pem"
                ),
                Kind::Pkcs12 => format!(
                    "take the certificates out first: openssl pkcs12 -nokeys -in {file} -out answer.pem"
                ),
                Kind::Html => {
                    "download the certificate again, signed in: this is the page, not the file".to_owned()
                }
                Kind::Block { .. } | Kind::Text | Kind::Bytes => {
                    "give the CA's answer as PEM or DER".to_owned()
                }
            },
            Self::Pem { error, .. } => error.help(),
            Self::Certificate { error, .. } => error.help(),
            Self::TooMany { .. } => "give the certificates of this chain alone".to_owned(),
        }
    }
}

/// What bytes without PEM armour are, as far as their beginning tells. `Bytes` may be a certificate.
fn kind_of(bytes: &[u8]) -> Kind {
    if bytes.first() != Some(&0x30) {
        let text = std::str::from_utf8(bytes).ok().map(str::trim_start);
        return match text {
            Some(text) if HTML.iter().any(|tag| starts_with_ignoring_case(text, tag)) => Kind::Html,
            Some(_) => Kind::Text,
            None => Kind::Bytes,
        };
    }
    // What the second element of the outer SEQUENCE is tells PKCS#8, PKCS#10, PKCS#12 and PKCS#7 apart.
    let Ok(parts) = tlv::sequence_parts(bytes) else {
        return Kind::Bytes;
    };
    let tags: Vec<u8> = parts.iter().filter_map(|part| part.whole.first().copied()).collect();
    match tags.as_slice() {
        [0x02, 0x30, 0x04, ..] => Kind::PrivateKey,
        [0x02, 0x30, ..] if parts.iter().all(|part| part.whole.len() < bytes.len()) && parts.len() <= 3 => {
            Kind::Pkcs12
        }
        [0x02, 0x04, 0xa0, ..] | [0x02, 0x02, ..] => Kind::PrivateKey,
        [0x06, 0xa0] => Kind::Pkcs7,
        [0x30, 0x30, 0x03] => match tlv::sequence_parts(parts[0].whole).ok().as_deref() {
            // A request's info: version, name, key, [0] attributes.
            Some([version, _, _, attributes])
                if version.whole == [2, 1, 0] && attributes.whole[0] == 0xa0 =>
            {
                Kind::CertificateRequest
            }
            _ => Kind::Bytes,
        },
        _ => Kind::Bytes,
    }
}

fn starts_with_ignoring_case(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

const HTML: [&str; 3] = ["<!doctype html", "<html", "<?xml"];
/// A whole public root store is under 200 certificates and a CA's answer under 10: more is a mistake, or an
/// attempt at this machine's time.
pub const CERTIFICATES_MAX: usize = 1000;
