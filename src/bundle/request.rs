//! Certificate requests in any of the forms in which certificates come, read back with their signature checked.

use super::error::BundleError;
use super::kind::Kind;
use super::walk::{Found, Walk};
use super::{Origin, Source};
use crate::csr::{CertificateRequest, RequestError};

impl CertificateRequest {
    /// Reads the one request in a file, whatever form it has: PEM (also `NEW CERTIFICATE REQUEST`, and with text
    /// around it), DER, base64, the JSON of a pending operation, any of them in a ZIP archive.
    ///
    /// # Errors
    /// A [`ReadRequestError`]: also where there are two different ones, and where the signature is not right.
    pub fn read(source: &Source<'_>) -> Result<Self, ReadRequestError> {
        let file = || source.name.to_owned();
        let mut requests: Vec<(Origin, Vec<u8>)> = Vec::new();
        let mut instead = Kind::Text;
        for item in super::items(source, &mut Walk::new(None))? {
            match item.found {
                Found::Request(der) if requests.iter().any(|(_, known)| *known == der) => {}
                Found::Request(der) => requests.push((item.place, der)),
                Found::Certificate(_) => instead = Kind::Certificate,
                Found::RevocationList(_) => instead = Kind::RevocationList,
                Found::Other(Kind::TextAround { .. } | Kind::Footer { .. }) => {}
                Found::Other(kind) => instead = kind,
            }
        }
        let mut requests = requests.into_iter();
        match (requests.next(), requests.next()) {
            (Some((place, der)), None) => {
                Self::from_der(&der).map_err(|error| ReadRequestError::Request { place, error })
            }
            (Some((first, _)), Some((second, _))) => Err(ReadRequestError::Several { first, second }),
            (None, _) => Err(ReadRequestError::NoRequest { file: file(), found: instead }),
        }
    }
}

/// Why a file gave no certificate request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadRequestError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] BundleError),
    /// Something else than a request.
    #[error("{file} holds no certificate request, but {found}")]
    NoRequest {
        /// The file.
        file: String,
        /// What it is instead.
        found: Kind,
    },
    /// Two that are not the same.
    #[error("{first} and {second} are two different certificate requests, expected one")]
    Several {
        /// Where the first stands.
        first: Origin,
        /// Where the second stands.
        second: Origin,
    },
    /// A request that is none, or whose signature is not right.
    #[error("{place}: {error}")]
    Request {
        /// Where it stands.
        place: Origin,
        /// What is wrong with it.
        error: RequestError,
    },
}

impl ReadRequestError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Unreadable(error) => error.help(),
            Self::NoRequest { .. } => {
                "give what went to the CA: a PKCS#10 request, or the operation's JSON with its member csr"
                    .to_owned()
            }
            Self::Several { .. } => "give the one that this answer is for".to_owned(),
            Self::Request { error, .. } => error.help(),
        }
    }
}
