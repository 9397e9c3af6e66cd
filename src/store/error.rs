//! What the vault file can fail with.

use std::path::PathBuf;

use rusqlite::{ErrorCode, ffi};

use super::BUSY_WAIT;
use crate::name::{escape, shown};
use crate::seal::SEALS_MAX;

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
    /// The file has another name, beside which SQLite would look for another journal.
    #[error("{}: the file has {links} names, and a vault that is written has one", shown(.path))]
    Linked {
        /// The vault file, by the name that was given.
        path: PathBuf,
        /// How many hard links it has.
        links: u64,
    },
    /// Somebody else made a file that SQLite would take for its own.
    #[error("{}: it lies where SQLite keeps what belongs to the vault file, and is not a file of the vault's owner", shown(.path))]
    StrangeCompanion {
        /// What is there.
        path: PathBuf,
    },
    /// The name leads to another file than it did, or to none.
    #[error("the vault file was moved, replaced or removed since it was opened")]
    Moved,
    /// More seals than are ever written: each costs a derivation when a passphrase is tried.
    #[error("the vault file has more than {SEALS_MAX} seals by {kind}, and at most {SEALS_MAX} are read")]
    TooManySeals {
        /// A passphrase or a recovery key.
        kind: &'static str,
    },
    /// The disk is full.
    #[error("the disk of the vault file is full")]
    DiskFull,
    /// SQLite could not make its journal beside the file.
    #[error("no file can be made beside the vault file, and without one nothing is written")]
    NoJournal,
    /// The system failed at a read or a write.
    #[error("I/O error: {} (SQLite's code {code})", failed_at(*.code))]
    Io {
        /// SQLite's extended code.
        code: i32,
    },
    /// A row holds what this program never writes there.
    #[error("the vault file is damaged: {what} in it cannot be read")]
    Content {
        /// What should be there.
        what: &'static str,
    },
    /// An entry of the ledger holds what this program never writes there.
    #[error("the vault file is damaged: entry {sequence} of the ledger cannot be read")]
    Entry {
        /// Its number.
        sequence: u64,
    },
    /// A vault key in the open, beside seals.
    #[error(
        "the vault key lies open in the vault file, beside the seals that are to keep it shut: somebody put it there"
    )]
    KeyBesideSeals,
    /// Its tables are not those that this program makes, and it cannot be worked with.
    #[error("the vault file is not as this program makes it: {}", escape(.faults))]
    AnotherShape {
        /// What is otherwise.
        faults: String,
    },
    /// A row is not what the ledger says of it: an act on it would make it look right.
    #[error(
        "{what} is not as entry {by} of the ledger left it: it was changed by other means than this program, and nothing is done with it"
    )]
    NotAsLeft {
        /// What it is, by name.
        what: String,
        /// The number of the entry.
        by: u64,
    },
    /// The ledger's end is not what the vault key made of it.
    #[error(
        "the ledger was changed by other means than this program, or the vault key was: nothing is done with it"
    )]
    AnotherLedger,
    /// Anything else that SQLite says.
    #[error("the vault file: {}", escape(&.0.to_string()))]
    Sqlite(rusqlite::Error),
}

impl StoreError {
    /// Whether the message says which file it is about; a statement that fails does not know.
    pub fn names_its_file(&self) -> bool {
        match self {
            Self::Open { .. }
            | Self::NotAVault { .. }
            | Self::Newer { .. }
            | Self::Linked { .. }
            | Self::StrangeCompanion { .. } => true,
            Self::Busy
            | Self::ReadOnly
            | Self::Moved
            | Self::DiskFull
            | Self::NoJournal
            | Self::Io { .. }
            | Self::TooManySeals { .. }
            | Self::Content { .. }
            | Self::Entry { .. }
            | Self::AnotherLedger
            | Self::NotAsLeft { .. }
            | Self::KeyBesideSeals
            | Self::AnotherShape { .. }
            | Self::Sqlite(_) => false,
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
            Self::Linked { path, .. } => format!(
                "see them with: find FOLDER -samefile {}; remove all but one, or make another a copy: what is written by one name is undone by what was begun by another",
                shown(path)
            ),
            Self::StrangeCompanion { .. } => {
                "look whose it is (ls -l) and what is in it before you move it away; keep the vault in a folder in which nobody else can make files".to_owned()
            }
            Self::Moved => {
                "see where it is now, and start again; nothing was changed, neither in it nor in what is there now".to_owned()
            }
            Self::DiskFull => "make room and try again; the vault is as it was before".to_owned(),
            Self::NoJournal => {
                "make room on the disk, for new files too (df, df -i), check the folder's permissions, and whose the -journal beside the file is, if there is one; nothing was changed"
                    .to_owned()
            }
            Self::Io { .. } => {
                "see in the system's log what is wrong with the disk; then look whether it was done, before trying again"
                    .to_owned()
            }
            Self::NotAsLeft { .. } => {
                "see all that was changed with: coldcert audit verify; keys can still be exported and backed up; then restore the vault file from a copy".to_owned()
            }
            Self::AnotherLedger => {
                "see what was changed with: coldcert audit verify; then restore the vault file from a copy".to_owned()
            }
            Self::Entry { sequence } => format!(
                "see all that is wrong with: coldcert audit verify; what stands behind it with: coldcert audit show --after {sequence}, or audit export --after {sequence}"
            ),
            Self::Sqlite(cause) if cause.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                "keep the file as it is and look for what is wrong: a disk that cannot be read says the same (see the system's log), and coldcert audit verify names the rest; an older copy lacks the keys that were made since".to_owned()
            }
            Self::TooManySeals { .. } | Self::KeyBesideSeals | Self::AnotherShape { .. } | Self::Content { .. } | Self::Sqlite(_) => "restore the vault file from a copy".to_owned(),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::ReadOnly) => match error.sqlite_error().map(|error| error.extended_code) {
                Some(ffi::SQLITE_READONLY_DBMOVED) => Self::Moved,
                _ => Self::ReadOnly,
            },
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            // The vault file itself is open when a statement is run.
            Some(ErrorCode::CannotOpen) => Self::NoJournal,
            Some(ErrorCode::SystemIoFailure) => {
                Self::Io { code: error.sqlite_error().map_or(0, |error| error.extended_code) }
            }
            _ => Self::Sqlite(error),
        }
    }
}

/// What it was that the system did not do.
fn failed_at(code: i32) -> &'static str {
    match code {
        ffi::SQLITE_IOERR_READ | ffi::SQLITE_IOERR_SHORT_READ => "the vault file could not be read",
        ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_TRUNCATE => "the vault file could not be written",
        ffi::SQLITE_IOERR_FSYNC => "what was written to the vault file could not be flushed to the disk",
        ffi::SQLITE_IOERR_DIR_FSYNC => "the folder of the vault file could not be flushed to the disk",
        ffi::SQLITE_IOERR_DELETE => "the journal beside the vault file could not be removed",
        _ => "the system failed at the vault file",
    }
}
