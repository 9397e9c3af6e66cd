//! gzip (RFC 1952), of one file: read as what is in it.

use std::io::Read as _;

use flate2::bufread::GzDecoder;

use super::error::BundleError;
use super::form::Layer;
use super::kind::Kind;
use super::text::is_blank;
use super::walk::{Here, Walk};

/// Whether bytes begin as gzip does, with its one method.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1f\x8b\x08")
}

/// Reads what is in it.
pub(super) fn read(walk: &mut Walk<'_>, bytes: &[u8], here: &Here) -> Result<(), BundleError> {
    let contents = contents(bytes).map_err(|error| BundleError::Gzip { place: here.place.clone(), error })?;
    let here = here.within(Layer::Gzip);
    match contents.iter().all(|byte| is_blank(*byte)) {
        true => {
            walk.spend(contents.len(), &here)?;
            walk.add_other(Kind::Nothing, &here)
        }
        false => walk.read(&contents, &here),
    }
}

/// What its members hold, one behind the other (RFC 1952 2.2).
fn contents(bytes: &[u8]) -> Result<Vec<u8>, GzipError> {
    let (mut contents, mut rest) = (Vec::new(), bytes);
    let mut members = 0;
    while !rest.is_empty() {
        members += 1;
        if members > MEMBERS_MAX {
            return Err(GzipError::TooMany);
        }
        // One byte more than allowed, so that what is exactly as large as allowed is told from what is larger.
        let most = u64::try_from(BYTES_MAX - contents.len()).unwrap_or(u64::MAX).saturating_add(1);
        let read = GzDecoder::new(&mut rest).take(most).read_to_end(&mut contents);
        read.map_err(|error| GzipError::Broken { reason: error.to_string() })?;
        if contents.len() > BYTES_MAX {
            return Err(GzipError::TooLarge);
        }
    }
    Ok(contents)
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
    /// Too many members.
    #[error("the gzip file has more than {MEMBERS_MAX} members, one behind the other")]
    TooMany,
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
            Self::TooMany | Self::TooLarge => "unpack what is needed of it, and give the files",
        }
        .to_owned()
    }
}

/// The most bytes, unpacked: 16 MiB, as of any file. Deflate makes a thousand of one.
pub const BYTES_MAX: usize = 16 << 20;

/// The most members. Ours: programs write one, and `cat` puts a handful behind each other; an empty one is twenty bytes
/// that take the time of thousands, and packs to nothing in an archive.
pub const MEMBERS_MAX: usize = 64;
