//! Why files gave no certificates: the sum of what their forms can go wrong with, each with its place.

use super::base64::TRIES_OF_A_CHARACTER;
use super::gzip::GzipError;
use super::kind::Kind;
use super::walk::{BYTES_MAX, DEPTH_MAX, OTHERS_MAX};
use super::zip::ZipError;
use super::{CERTIFICATES_MAX, Origin};
use crate::ber::BerError;
use crate::certificate::CertificateError;
use crate::crl::CRLS_MAX;
use crate::json::JsonError;
use crate::pem::PemError;
use crate::pkcs12::Pkcs12Error;

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
    /// What should be a CRL is none.
    #[error("{place}: {fault}")]
    RevocationList {
        /// Where it stands.
        place: Origin,
        /// What is wrong with it.
        fault: String,
    },
    /// No CRL, where one is asked for.
    #[error("{file} holds no CRL")]
    NoRevocationList {
        /// The file.
        file: String,
    },
    /// PEM armour or base64 that is broken.
    #[error("{file}: {error}")]
    Pem {
        /// The file, and where in it.
        file: String,
        /// What is broken, and on which line.
        error: PemError,
    },
    /// What should be a certificate is none.
    #[error("{place}: {error}")]
    Certificate {
        /// Where it stands.
        place: Origin,
        /// What is wrong with it.
        error: CertificateError,
    },
    /// Binary that is cut off, or is no BER.
    #[error("{place}, from byte {at} of it: {error}")]
    Framing {
        /// Where it stands.
        place: Origin,
        /// Where in that the element begins.
        at: usize,
        /// What is wrong with it.
        error: BerError,
    },
    /// Bytes of no known kind beside what was read.
    #[error("{place}, from byte {at} of it: {length} bytes that are neither text nor a certificate")]
    Unknown {
        /// Where they stand.
        place: Origin,
        /// Where in that they begin.
        at: usize,
        /// How many.
        length: usize,
    },
    /// Base64 that begins like a certificate, and is not whole.
    #[error("{place}: {characters} characters of base64 that do not make whole bytes")]
    Base64 {
        /// Where it begins.
        place: Origin,
        /// How many there are, without white space.
        characters: usize,
    },
    /// Base64 of base64 that may be one thing or several, in every layer.
    #[error(
        "{place}: base64 in base64 that can be parted in too many ways, each character is tried at most {TRIES_OF_A_CHARACTER} times"
    )]
    TooManyWays {
        /// Where it begins.
        place: Origin,
    },
    /// A long line of base64 outside of any block: a part of one whose ends are lost.
    #[error("{place}: a line of base64 outside of any block")]
    Stray {
        /// Where it stands.
        place: Origin,
    },
    /// JSON that is broken.
    #[error("{place}: {}{error}", if .error.is_limit() { "" } else { "not JSON: " })]
    Json {
        /// Where it stands.
        place: Origin,
        /// What is wrong, at which line and column of it.
        error: JsonError,
    },
    /// A member of a JSON document that must be a certificate, and is not.
    #[error("{place} holds no certificate, but {found}")]
    Member {
        /// Which.
        place: Origin,
        /// What it is.
        found: Kind,
    },
    /// A PKCS#12 that cannot be read, or that no password at hand opens.
    #[error("{place}: {error}")]
    Pkcs12 {
        /// Where it stands.
        place: Origin,
        /// Why.
        error: Pkcs12Error,
    },
    /// A ZIP archive that cannot be opened.
    #[error("{place}: {error}")]
    Zip {
        /// The archive or its entry.
        place: Origin,
        /// What is wrong with it.
        error: ZipError,
    },
    /// gzip that cannot be unpacked.
    #[error("{place}: {error}")]
    Gzip {
        /// The file, or what it is in.
        place: Origin,
        /// What is wrong with it.
        error: GzipError,
    },
    /// More layers than anybody wraps an answer in.
    #[error("{place}: more than {DEPTH_MAX} layers, one inside the other")]
    TooDeep {
        /// How far the reading came.
        place: Origin,
    },
    /// More than is decoded.
    #[error("{file} brings what is decoded above {BYTES_MAX} bytes")]
    TooLarge {
        /// The file.
        file: String,
    },
    /// More certificates than a CA sends.
    #[error("{file} brings the number of certificates above {CERTIFICATES_MAX}")]
    TooMany {
        /// The file.
        file: String,
    },
    /// More CRLs than are compared.
    #[error("{file} brings the number of CRLs above {CRLS_MAX}")]
    TooManyRevocationLists {
        /// The file.
        file: String,
    },
    /// More of what is no certificate than anybody reads about.
    #[error("{file} brings the number of what is no certificate above {OTHERS_MAX}")]
    TooManyOthers {
        /// The file.
        file: String,
    },
}

impl BundleError {
    /// Whether there was more of it than is read.
    pub(crate) fn is_limit(&self) -> bool {
        match self {
            Self::TooDeep { .. }
            | Self::TooManyWays { .. }
            | Self::TooLarge { .. }
            | Self::TooMany { .. }
            | Self::TooManyRevocationLists { .. }
            | Self::TooManyOthers { .. }
            | Self::Zip { error: ZipError::TooMany | ZipError::TooLarge, .. }
            | Self::Gzip { error: GzipError::TooMany | GzipError::TooLarge, .. }
            | Self::Pkcs12 { error: Pkcs12Error::Iterations { .. } | Pkcs12Error::TooManyBags, .. } => true,
            Self::Json { error, .. } => error.is_limit(),
            _ => false,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Empty { .. } => "take the CA's answer again: nothing arrived in this file".to_owned(),
            Self::NoCertificate { found, .. } | Self::Member { found, .. } => found.help().to_owned(),
            Self::RevocationList { .. } => "fetch the list again, in binary mode".to_owned(),
            Self::NoRevocationList { .. } => {
                "give the list itself, in DER or PEM: the certificate says where it is, `openssl x509 -noout -ext crlDistributionPoints`"
                    .to_owned()
            }
            Self::Pem { error, .. } => error.help(),
            Self::Certificate { error, .. } => error.help(),
            Self::Framing { error: BerError::CutOff { .. } | BerError::NotClosed, .. } => {
                "fetch the file again, in binary mode, and compare its size with the sender's".to_owned()
            }
            Self::Framing { .. } | Self::Unknown { .. } => {
                "fetch the file again, in binary mode: something in it was changed or put together wrongly"
                    .to_owned()
            }
            Self::Base64 { .. } => {
                "characters are missing or added: copy all of it again, or ask for the file itself".to_owned()
            }
            Self::Stray { .. } => {
                "copy the whole block again, with its BEGIN and END lines, or delete the line".to_owned()
            }
            Self::Json { error, .. } if error.is_limit() => {
                "give the operation or the certificates alone, and not what stands around them".to_owned()
            }
            Self::Json { .. } => "save the whole answer again, from the first brace to the last".to_owned(),
            Self::Pkcs12 { error: Pkcs12Error::WrongPassword { was_given: false, .. }, .. } => {
                "give its password with --pfx-password-file FILE".to_owned()
            }
            Self::Pkcs12 { error, .. } => error.help(),
            Self::Zip { error, .. } => error.help(),
            Self::Gzip { error, .. } => error.help(),
            Self::TooDeep { .. } | Self::TooManyWays { .. } => "take the outer layers off first, or ask for the file itself".to_owned(),
            Self::TooManyRevocationLists { .. } => "give the CRLs of this chain's CAs alone".to_owned(),
            Self::TooLarge { .. } | Self::TooMany { .. } | Self::TooManyOthers { .. } => {
                "give the certificates of this chain alone".to_owned()
            }
        }
    }
}
