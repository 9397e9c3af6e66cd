//! gzip (RFC 1952), of one file: read as what is in it.

use std::io::Read as _;

use flate2::bufread::MultiGzDecoder;

use super::error::BundleError;
use super::form::Layer;
use super::walk::{Here, Walk};

/// Whether bytes begin as gzip does, with its one method.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1f\x8b\x08")
}

/// Reads what is in it.
pub(super) fn read(walk: &mut Walk<'_>, bytes: &[u8], here: &Here) -> Result<(), BundleError> {
    let failed = |error| BundleError::Gzip { place: here.place.clone(), error };
    let mut contents = Vec::new();
    // One byte more than allowed, so that what is exactly as large as allowed is told from what is larger.
    let most = u64::try_from(BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let read = MultiGzDecoder::new(bytes).take(most).read_to_end(&mut contents);
    match read {
        Err(error) => Err(failed(GzipError::Broken { reason: error.to_string() })),
        Ok(length) if length > BYTES_MAX => Err(failed(GzipError::TooLarge)),
        Ok(_) => walk.read(&contents, &here.within(Layer::Gzip)),
    }
}

/// Why gzip cannot be unpacked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GzipError {
    /// It is cut off or changed.
    #[error("the gzip file is broken: {reason}")]
    Broken {
        /// In the words of the library.
        reason: String,
    },
    /// Too much in it.
    #[error("unpacked, the gzip file has more than {BYTES_MAX} bytes")]
    TooLarge,
}

impl GzipError {
    pub(super) fn help(&self) -> String {
        match self {
            Self::Broken { .. } => {
                "fetch the file again, in binary mode, and compare its size with the sender's"
            }
            Self::TooLarge => "unpack what is needed of it, and give the files",
        }
        .to_owned()
    }
}

/// The most bytes, unpacked: 16 MiB, as of any file. Deflate makes a thousand of one.
pub const BYTES_MAX: usize = 16 << 20;
