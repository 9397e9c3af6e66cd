//! The tables of a vault file, and how a file is known to be one.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::{StoreError, not_a_vault, refuse_linked};

/// Lays out the tables and marks the file as ours.
pub(super) fn create(db: &Connection) -> Result<(), StoreError> {
    db.execute_batch(TABLES)?;
    db.execute_batch(LEDGER)?;
    db.pragma_update(None, "application_id", APPLICATION_ID)?;
    db.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    Ok(())
}

/// Says whether the file is a vault that this program can read, and brings an older one up to date.
pub(super) fn check(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    match version(db, path)? {
        SCHEMA_VERSION => Ok(()),
        found if found > SCHEMA_VERSION => {
            Err(StoreError::Newer { path: path.to_owned(), found, known: SCHEMA_VERSION })
        }
        1.. => migrate(db, path),
        _ => Err(StoreError::NotAVault { path: path.to_owned() }),
    }
}

/// The steps from the version of the file to ours, all of them or none.
fn migrate(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    refuse_linked(path)?;
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    let found = version(&transaction, path)?;
    let steps = MIGRATIONS.iter().filter(|(from, _)| found <= *from).flat_map(|(_, steps)| *steps);
    for step in steps {
        // The version is a word in the file's head, which anybody can change.
        let other = |cause: rusqlite::Error| match StoreError::from(cause) {
            StoreError::Sqlite(cause) => StoreError::AnotherShape {
                faults: format!("its tables are not those of schema {found}, which it says it has ({cause})"),
            },
            error => error,
        };
        transaction.execute_batch(step).map_err(other)?;
    }
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    Ok(transaction.commit()?)
}

/// The version of the tables in a file that is marked as ours.
fn version(db: &Connection, path: &Path) -> Result<i32, StoreError> {
    let read = |pragma: &str| {
        db.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0))
            .map_err(|cause| not_a_vault(path, cause))
    };
    if read("application_id")? != APPLICATION_ID {
        return Err(StoreError::NotAVault { path: path.to_owned() });
    }
    read("user_version")
}

/// Set on each connection. A rollback journal and not a write-ahead log, so that a vault at rest is one
/// file, and can be read from a disk that is write-protected. `EXTRA` also flushes the folder, so that a
/// transition that was reported is there after a power cut. What is deleted is overwritten: it may be a
/// sealed key.
pub(super) const CONNECTION: &str = "
    PRAGMA synchronous = EXTRA;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
";

/// `cold`, in SQLite's header at byte 68.
const APPLICATION_ID: i32 = 0x636f_6c64;
const SCHEMA_VERSION: i32 = 5;

/// What brings the tables of a version to those of the next.
const MIGRATIONS: [(i32, &[&str]); 4] = [
    (1, &["ALTER TABLE version ADD COLUMN accepted TEXT NOT NULL DEFAULT '[]'"]),
    (
        2,
        &["ALTER TABLE operation ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1;
         ALTER TABLE issuer ADD COLUMN administrators TEXT NOT NULL DEFAULT '[]';
         CREATE INDEX version_in_order ON version (certificate, version);"],
    ),
    (
        3,
        &["CREATE TABLE authority (
             name TEXT PRIMARY KEY COLLATE NOCASE,
             chain BLOB NOT NULL,
             sealed_key BLOB NOT NULL,
             profile TEXT NOT NULL,
             created INTEGER NOT NULL
         ) STRICT;"],
    ),
    (
        4,
        &[
            "ALTER TABLE seal ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;
         ALTER TABLE seal ADD COLUMN label TEXT NOT NULL DEFAULT '';
         ALTER TABLE seal ADD COLUMN created INTEGER NOT NULL DEFAULT 0;",
            LEDGER,
        ],
    ),
];

/// Times are Unix seconds; ids and hashes are raw bytes; policies are the documents that `policy` writes and
/// reads; a chain is its certificates' DER, leaf first, back to back.
const TABLES: &str = "
    CREATE TABLE vault (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        created INTEGER NOT NULL,
        unsealed_key BLOB               -- only in a vault that was made with --no-passphrase
    ) STRICT;
    CREATE TABLE seal (                 -- the vault key, sealed by a passphrase
        id INTEGER PRIMARY KEY,
        memory_kib INTEGER NOT NULL,
        passes INTEGER NOT NULL,
        salt BLOB NOT NULL,
        sealed BLOB NOT NULL,
        checksum BLOB NOT NULL,
        kind INTEGER NOT NULL DEFAULT 1,        -- 1 a passphrase, 2 a recovery key
        label TEXT NOT NULL DEFAULT '',
        created INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE certificate (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        policy TEXT NOT NULL,
        policy_created INTEGER NOT NULL,
        policy_updated INTEGER NOT NULL,
        shell BLOB NOT NULL,
        tags TEXT NOT NULL,
        created INTEGER NOT NULL,
        deleted INTEGER,
        scheduled_purge INTEGER
    ) STRICT;
    CREATE INDEX certificate_deleted ON certificate (name) WHERE deleted IS NOT NULL;
    CREATE TABLE version (
        id INTEGER PRIMARY KEY,
        certificate INTEGER NOT NULL REFERENCES certificate ON DELETE CASCADE,
        version BLOB NOT NULL UNIQUE,
        chain BLOB NOT NULL,
        public_key BLOB NOT NULL,
        sealed_key BLOB NOT NULL,
        content_type TEXT NOT NULL,
        exportable INTEGER NOT NULL,
        enabled INTEGER NOT NULL,
        tags TEXT NOT NULL,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        accepted TEXT NOT NULL DEFAULT '[]'   -- what would have refused the merge, as JSON
    ) STRICT;
    CREATE INDEX version_by_certificate ON version (certificate, id);
    CREATE INDEX version_by_public_key ON version (public_key);
    CREATE INDEX version_in_order ON version (certificate, version);
    CREATE TABLE operation (
        certificate INTEGER PRIMARY KEY REFERENCES certificate ON DELETE CASCADE,
        request_id BLOB NOT NULL UNIQUE,
        state INTEGER NOT NULL,         -- 1 in progress, 2 completed, 3 cancelled, 4 failed
        csr BLOB NOT NULL,
        public_key BLOB NOT NULL,
        sealed_key BLOB,                -- gone over to the version when completed
        policy TEXT NOT NULL,
        tags TEXT NOT NULL,
        created INTEGER NOT NULL,
        cancellation_requested INTEGER NOT NULL,
        failure_code TEXT,
        failure_message TEXT,
        enabled INTEGER NOT NULL DEFAULT 1,
        CHECK ((state = 2) = (sealed_key IS NULL)),
        CHECK ((state = 4) = (failure_code IS NOT NULL))
    ) STRICT;
    CREATE INDEX operation_by_public_key ON operation (public_key);
    CREATE INDEX operation_open ON operation (created) WHERE state <> 2;
    CREATE TABLE issuer (
        name TEXT PRIMARY KEY COLLATE NOCASE,
        provider TEXT NOT NULL,
        account_id TEXT,
        organization_id TEXT,
        enabled INTEGER NOT NULL,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        administrators TEXT NOT NULL DEFAULT '[]'   -- as JSON
    ) STRICT;
    CREATE TABLE authority (            -- an offline CA, by the name of the issuer that it signs for
        name TEXT PRIMARY KEY COLLATE NOCASE,
        chain BLOB NOT NULL,            -- its certificate, then those above it
        sealed_key BLOB NOT NULL,
        profile TEXT NOT NULL,
        created INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE contact (
        id INTEGER PRIMARY KEY,
        email TEXT NOT NULL,
        name TEXT,
        phone TEXT
    ) STRICT;
";

/// The ledger has been there since schema 5.
const LEDGER: &str = "
    CREATE TABLE ledger (               -- rows are added and never changed
        sequence INTEGER PRIMARY KEY,
        time INTEGER NOT NULL,
        act TEXT NOT NULL,
        name TEXT,
        version TEXT,
        public_key BLOB,
        operator TEXT NOT NULL,
        witness TEXT,
        reason TEXT,
        program TEXT NOT NULL,
        detail TEXT NOT NULL,           -- as JSON
        hash BLOB NOT NULL,
        keyed INTEGER NOT NULL,         -- whether the vault key was there, which then made the next key
        tag BLOB                        -- none before the first such act in a vault that is older than its ledger
    ) STRICT;
    CREATE INDEX ledger_by_name ON ledger (name COLLATE NOCASE, sequence) WHERE name IS NOT NULL;
    CREATE TABLE ledger_end (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        sequence INTEGER NOT NULL,
        hash BLOB NOT NULL,
        key BLOB                        -- for the next entry alone
    ) STRICT;
    INSERT INTO ledger_end (id, sequence, hash) VALUES (1, 0, zeroblob(32));
";
