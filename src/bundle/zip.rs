//! ZIP archives, as CAs mail them: every entry read as a file of its own.
//!
//! `rawzip` finds the entries and `flate2` inflates them; what an entry announces as its size is not believed.
//! Nothing is written to disk, so names are only shown.

use std::io::Read as _;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive};

use super::error::BundleError;
use super::form::Layer;
use super::kind::Kind;
use super::text::is_blank;
use super::walk::{Here, Walk};
use crate::name::escape;

/// Whether bytes begin as an archive does: with an entry, or with its end where it has none.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Reads every entry.
pub(super) fn read(walk: &mut Walk<'_>, bytes: &[u8], here: &Here) -> Result<(), BundleError> {
    let failed = |error| BundleError::Zip { place: here.place.clone(), error };
    let archive = ZipArchive::from_slice(bytes).map_err(|error| failed(ZipError::broken(&error)))?;
    if archive.entries_hint() > u64::try_from(ENTRIES_MAX).unwrap_or(u64::MAX) {
        return Err(failed(ZipError::TooMany));
    }
    let mut unpacked = 0;
    let mut number = 0;
    for entry in archive.entries() {
        let entry = entry.map_err(|error| failed(ZipError::broken(&error)))?;
        number += 1;
        if number > ENTRIES_MAX {
            return Err(failed(ZipError::TooMany));
        }
        if entry.is_dir() {
            continue;
        }
        let here = here.in_entry(&name_of(&entry));
        let contents = contents(&archive, &entry, BYTES_MAX - unpacked)
            .map_err(|error| BundleError::Zip { place: here.place.clone(), error })?;
        unpacked += contents.len();
        match contents.iter().all(|byte| is_blank(*byte)) {
            // Zeros weigh nothing packed, and an archive may hold many archives of them.
            true => {
                walk.spend(contents.len(), &here)?;
                walk.add_other(Kind::Nothing, &here)?;
            }
            false => walk.read(&contents, &here)?,
        }
    }
    if number == 0 {
        return walk.add_other(Kind::Nothing, &here.within(Layer::Zip));
    }
    Ok(())
}

/// An entry's bytes, their number and CRC-32 checked.
fn contents(
    archive: &ZipSliceArchive<&[u8]>,
    entry: &ZipFileHeaderRecord<'_>,
    limit: usize,
) -> Result<Vec<u8>, ZipError> {
    if entry.flags().is_encrypted() {
        return Err(ZipError::Encrypted);
    }
    let packed = archive.get_entry(entry.wayfinder()).map_err(|error| ZipError::broken(&error))?;
    let mut bytes = Vec::new();
    // One byte more than allowed, so that what is exactly as large as allowed is told from what is larger.
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = match entry.compression_method() {
        CompressionMethod::STORE => packed.verifying_reader(packed.data()).take(most).read_to_end(&mut bytes),
        CompressionMethod::DEFLATE => {
            packed.verifying_reader(DeflateDecoder::new(packed.data())).take(most).read_to_end(&mut bytes)
        }
        other => return Err(ZipError::Compression { found: other.to_string() }),
    };
    let length = read.map_err(|error| ZipError::Broken { reason: error.to_string() })?;
    if length > limit { Err(ZipError::TooLarge) } else { Ok(bytes) }
}

/// Old programs write names in the code page of their country; what is not UTF-8 is shown as it can be.
fn name_of(entry: &ZipFileHeaderRecord<'_>) -> String {
    let path = entry.file_path();
    let name = String::from_utf8_lossy(path.as_bytes());
    escape(&name.chars().take(NAME_MAX).collect::<String>()).into_owned()
}

/// Why an archive cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ZipError {
    /// It is cut off or changed.
    #[error("the ZIP archive is broken: {reason}")]
    Broken {
        /// In the words of the library.
        reason: String,
    },
    /// An entry is under a password.
    #[error("the entry is encrypted")]
    Encrypted,
    /// An entry is packed in a way that is not known here.
    #[error("the entry is packed by {found}, expected stored or deflated")]
    Compression {
        /// Which.
        found: String,
    },
    /// Too many entries.
    #[error("the ZIP archive has more than {ENTRIES_MAX} entries")]
    TooMany,
    /// Too much in them.
    #[error("unpacked, the ZIP archive has more than {BYTES_MAX} bytes")]
    TooLarge,
}

impl ZipError {
    fn broken(error: &rawzip::Error) -> Self {
        Self::Broken { reason: error.to_string() }
    }

    pub(super) fn help(&self) -> String {
        match self {
            Self::Broken { .. } => {
                "fetch the archive again, in binary mode, and compare its size with the sender's"
            }
            Self::Encrypted | Self::Compression { .. } => "unpack it first, and give the files",
            Self::TooMany | Self::TooLarge => "unpack what is needed of it, and give the files",
        }
        .to_owned()
    }
}

/// The most entries of an archive. Ours: a CA sends the certificate, its issuers in some forms, and a page of
/// instructions; a bomb sends entries without end.
pub const ENTRIES_MAX: usize = 256;
/// The most bytes of an archive, unpacked: 16 MiB, as of any file. Deflate makes a thousand of one, so that what
/// an archive weighs says nothing.
pub const BYTES_MAX: usize = 16 << 20;
/// How much of an entry's name is shown.
const NAME_MAX: usize = 200;
