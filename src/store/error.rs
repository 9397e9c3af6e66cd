//! What the vault file can fail with.

use std::path::PathBuf;

use rusqlite::ErrorCode;

use super::BUSY_WAIT;
use crate::name::{escape, shown};

/// Why the vault file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// SQLite could not open the file.
    // SQLite repeats the path in its own words.
    #[error("{}: cannot be opened: {}", shown(.path), escape(&.cause.to_string()))]
    Open {
        /// The vault file.
        path: PathBuf,
        /// SQLite's word for it.
        cause: rusqlite::Error,
    },
    /// The file is something else.
    #[error("{}: not a coldcert vault", shown(.path))]
    NotAVault {
        /// The file.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error("{}: written by a newer coldcert: its schema is version {found}, and this program knows {known}", shown(.path))]
    Newer {
        /// The vault file.
        path: PathBuf,
        /// The schema's version in the file.
        found: i32,
        /// The newest that this program knows.
        known: i32,
    },
    /// Others kept the vault busy.
    #[error("the vault is busy: another process kept it for more than {} seconds", BUSY_WAIT.as_secs())]
    Busy,
    /// The file or its place cannot be written.
    #[error("the vault file is read-only")]
    ReadOnly,
    /// The disk is full.
    #[error("the disk of the vault file is full")]
    DiskFull,
    /// A row holds what this program never writes there.
    #[error("the vault file is damaged: {what} in it cannot be read")]
    Content {
        /// What should be there.
        what: &'static str,
    },
    /// Anything else that SQLite says.
    #[error("the vault file: {0}")]
    Sqlite(rusqlite::Error),
}

impl StoreError {
    /// Whether the message says which file it is about; a statement that fails does not know.
    pub fn names_its_file(&self) -> bool {
        match self {
            Self::Open { .. } | Self::NotAVault { .. } | Self::Newer { .. } => true,
            Self::Busy | Self::ReadOnly | Self::DiskFull | Self::Content { .. } | Self::Sqlite(_) => false,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Open { .. } => "check the path, its permissions, and --vault or COLDCERT_VAULT".to_owned(),
            Self::NotAVault { .. } => {
                "name a vault file with --vault; make a new one with: coldcert init".to_owned()
            }
            Self::Newer { .. } => "use the newer coldcert that wrote it; nothing was changed".to_owned(),
            Self::Busy => "try again when the other process is done".to_owned(),
            Self::ReadOnly => "make the file and its folder writable, or work on a copy".to_owned(),
            Self::DiskFull => "make room and try again; the vault is as it was before".to_owned(),
            Self::Content { .. } | Self::Sqlite(_) => "restore the vault file from a copy".to_owned(),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            _ => Self::Sqlite(error),
        }
    }
}
