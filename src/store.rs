//! The vault file: one SQLite database, one transaction for each transition.
//!
//! It stores values and gives them back; what may follow what is `vault`'s to say. Private keys pass
//! through it sealed. No URL is stored: identifiers are made from the request's host.

mod error;
mod ledger;
mod rows;
mod schema;
mod shape;
mod state;
mod turn;
mod watch;

use std::ops::Deref;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};

use crate::fingerprint::Fingerprint;
use crate::identifier::Identifier;
use crate::issuer::{Contact, Issuer};
use crate::ledger::{Attribution, Event, Sealer};
use crate::pending::{Failure, Operation, Pending};
use crate::policy::{ObjectName, Policy, Tags};
use crate::record::Record;
use crate::time::UnixTime;
use crate::verdict::Holder;

pub use error::StoreError;
pub(crate) use ledger::{
    Unreadable, before_first, each_entry, ledger, ledger_end, ledger_names, names_outside_ledger,
};
pub(crate) use rows::{Attributes, KeptSeal, Protection, StoredAuthority, StoredFault};
pub(crate) use shape::{integrity_faults, shape_faults};
use state::Before;
pub(crate) use state::{Kept, OF_NAME, OF_VAULT, found_as, left};
use turn::Turn;
pub use watch::{State, Watch};

/// An open vault file.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Connection,
    path: PathBuf,
    /// Whose turn it is to write, among the connections of this process to the same file.
    turn: Arc<Turn>,
    /// Last, so that it is closed after the connection.
    watch: Option<Watch>,
}

/// A transaction that writes. What was not committed when it goes away has not happened.
pub(crate) struct Writing<'a> {
    transaction: Transaction<'a>,
    before: Before,
    _turn: turn::Taken<'a>,
}

/// What a transaction is about to change.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About<'n> {
    /// What is kept under a name.
    Name(&'n str),
    /// Contacts, or what the vault key is sealed by.
    Vault,
    /// Nothing but the ledger.
    Nothing,
}

impl Writing<'_> {
    /// Looks at the versions that an act is about to change, by what the ledger is going to say of it.
    pub(crate) fn look_at_versions(&mut self, event: &Event) -> Result<(), StoreError> {
        let versions = state::touched(event).into_iter().filter(|kept| matches!(kept, Kept::Version(_)));
        self.before.look(&self.transaction, event.name.as_deref(), versions)
    }

    /// Adds an event to the ledger; after all that happened.
    pub(crate) fn record(
        &mut self,
        event: Event,
        by: &Attribution,
        sealer: Option<&Sealer>,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        ledger::record(&self.transaction, &mut self.before, event, by, sealer, now)
    }

    pub(crate) fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit()?)
    }
}

impl Deref for Writing<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.transaction
    }
}

/// A certificate's row: what belongs to the name and not to a version.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) name: ObjectName,
    pub(crate) policy: Policy,
    pub(crate) policy_created: UnixTime,
    pub(crate) policy_updated: UnixTime,
    /// The version id of the shell that stands for a certificate without versions (reference 2.4).
    pub(crate) shell: Identifier,
    pub(crate) tags: Tags,
    pub(crate) created: UnixTime,
    pub(crate) deleted: Option<Deletion>,
}

/// When something was deleted, and until when it can be recovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// `deletedDate`.
    pub deleted: UnixTime,
    /// `scheduledPurgeDate`.
    pub scheduled_purge: UnixTime,
}

impl Store {
    /// Lays out a new vault in an empty file that exists already and that nobody else knows, with what it begins with: at
    /// least its protection. Nothing is kept beside the file meanwhile.
    pub(crate) fn create(
        path: &Path,
        now: UnixTime,
        fill: impl FnOnce(&mut Writing<'_>) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let mut store = Self::connect(path)?;
        // What fails is thrown away whole, and has nothing to go back to.
        store.connection.pragma_update(None, "journal_mode", "MEMORY")?;
        let mut transaction = store.begin(About::Nothing)?;
        schema::create(&transaction)?;
        rows::insert_vault(&transaction, now)?;
        fill(&mut transaction)?;
        transaction.commit()?;
        Ok(store)
    }

    /// Opens a vault, read-only where the file is.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut store = Self::connect(path)?;
        schema::check(&mut store.connection, path)?;
        Ok(store)
    }

    fn connect(path: &Path) -> Result<Self, StoreError> {
        let failed = |cause| StoreError::Open { path: path.to_owned(), cause };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        refuse_strange_companions(path)?;
        // A name that begins with file: is an address to SQLite, and :memory: is no file; with a folder before them they are
        // the files that everybody else sees.
        let place = if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) };
        let mut connection = Connection::open_with_flags(place, flags).map_err(failed)?;
        connection.busy_handler(Some(wait_again)).map_err(failed)?;
        // What the file itself brings is not done: this program has neither triggers nor views.
        for forbidden in [DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW] {
            connection.set_db_config(forbidden, false).map_err(failed)?;
        }
        connection.execute_batch(schema::CONNECTION).map_err(|cause| not_a_vault(path, cause))?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self { connection, path: path.to_owned(), turn: Arc::default(), watch: None })
    }

    /// Another connection to the same vault, which takes turns with this one.
    pub(crate) fn beside(&self) -> Result<Self, StoreError> {
        let opened = Self::open(&self.path)?;
        Ok(Self { turn: Arc::clone(&self.turn), watch: self.watch.clone(), ..opened })
    }

    /// A write: taken at once, so that two processes never both believe that they may. Within a process whoever waits
    /// is woken; between processes SQLite looks again and again. Both together take no longer than [`BUSY_WAIT`]. What it is
    /// about has to be as the ledger says.
    pub(crate) fn begin(&mut self, about: About<'_>) -> Result<Writing<'_>, StoreError> {
        refuse_linked(&self.path)?;
        refuse_strange_companions(&self.path)?;
        let deadline = Instant::now() + BUSY_WAIT;
        let turn = self.turn.take(deadline).ok_or(StoreError::Busy)?;
        let connection = &mut self.connection;
        let transaction =
            turn::until(deadline, || connection.transaction_with_behavior(TransactionBehavior::Immediate))?;
        let mut before = Before::default();
        let (name, kept) = match about {
            About::Name(name) => (Some(name), &OF_NAME[..]),
            About::Vault => (None, &OF_VAULT[..]),
            About::Nothing => (None, &[][..]),
        };
        before.look(&transaction, name, kept.iter().copied())?;
        before.compare(&transaction, name)?;
        Ok(Writing { transaction, before, _turn: turn })
    }

    /// A look at the file's state, for this connection and those that are opened beside it.
    pub(crate) fn watch(&mut self) -> Result<Watch, StoreError> {
        if let Some(watch) = &self.watch {
            return Ok(watch.clone());
        }
        let watch = Watch::new(&self.path).map_err(|_| StoreError::Content { what: "the header" })?;
        Ok(self.watch.insert(watch).clone())
    }

    /// Takes SQLite's shared lock until [`Self::end_reading`], and says which state it holds.
    pub(crate) fn begin_reading(&self) -> Result<Option<State>, StoreError> {
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        // Only what reads takes the lock.
        let locked = self
            .connection
            .prepare_cached("SELECT id FROM vault")
            .and_then(|mut first| first.query_row([], |row| row.get::<_, i64>(0)));
        if let Err(error) = locked {
            self.end_reading()?;
            return Err(match error {
                rusqlite::Error::QueryReturnedNoRows => StoreError::Content { what: "the vault's own row" },
                error => error.into(),
            });
        }
        Ok(self.watch.as_ref().and_then(Watch::state))
    }

    pub(crate) fn end_reading(&self) -> Result<(), StoreError> {
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// How many names a file has; one where that cannot be found out.
pub(crate) fn links(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(1, |found| found.nlink())
}

/// Refuses a file of several names. The journal of a killed process lies beside the name that it used, and nobody who opens
/// the file by another finds it: he commits, and whoever finds it takes that back (SQLite, "How To Corrupt", 2.5).
fn refuse_linked(path: &Path) -> Result<(), StoreError> {
    match links(path) {
        0 | 1 => Ok(()),
        links => Err(StoreError::Linked { path: path.to_owned(), links }),
    }
}

/// Refuses what others laid where SQLite keeps its journal, where they may make files beside a vault that they may not
/// write: of a journal SQLite takes the pages that stand in it, and into one it writes those that are about to be changed.
fn refuse_strange_companions(path: &Path) -> Result<(), StoreError> {
    // SQLite names its files by the file that a link leads to.
    let Ok(path) = std::fs::canonicalize(path) else { return Ok(()) };
    let Ok(vault) = std::fs::metadata(&path) else { return Ok(()) };
    let ours = [vault.uid(), rustix::process::geteuid().as_raw(), 0];
    let is_strange =
        |found: std::fs::Metadata| !found.is_file() || found.nlink() > 1 || !ours.contains(&found.uid());
    match companions(&path).into_iter().find(|path| path.symlink_metadata().is_ok_and(is_strange)) {
        Some(path) => Err(StoreError::StrangeCompanion { path }),
        None => Ok(()),
    }
}

/// The names by which SQLite finds what it kept beside a vault file.
pub(crate) fn companions(path: &Path) -> [PathBuf; 3] {
    ["-journal", "-wal", "-shm"].map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        name.into()
    })
}

pub(crate) fn protection(db: &Connection) -> Result<Protection, StoreError> {
    rows::read_protection(db)
}

pub(crate) fn replace_protection(db: &Connection, protection: &Protection) -> Result<(), StoreError> {
    rows::write_protection(db, protection)
}

pub(crate) fn entry(db: &Connection, name: &ObjectName) -> Result<Option<Entry>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT id, name, policy, policy_created, policy_updated, shell, tags, created, deleted, scheduled_purge
         FROM certificate WHERE name = ?1",
    )?;
    statement.query_row([name.as_str()], |row| Ok(rows::entry(row))).optional()?.transpose()
}

/// Writes a new name, or the policy and tags of one that exists.
pub(crate) fn put_entry(db: &Connection, entry: &Entry) -> Result<i64, StoreError> {
    let id = db
        .prepare_cached(
            "INSERT INTO certificate (name, policy, policy_created, policy_updated, shell, tags, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (name) DO UPDATE SET policy = ?2, policy_updated = ?4, tags = ?6
         RETURNING id",
        )?
        .query_row(
            params![
                entry.name.as_str(),
                rows::policy_text(&entry.policy),
                entry.policy_created.unix_seconds(),
                entry.policy_updated.unix_seconds(),
                entry.shell.as_bytes(),
                rows::tags_text(&entry.tags),
                entry.created.unix_seconds(),
            ],
            |row| row.get(0),
        )?;
    Ok(id)
}

pub(crate) fn set_deletion(db: &Connection, id: i64, deletion: Option<Deletion>) -> Result<(), StoreError> {
    let mut update =
        db.prepare_cached("UPDATE certificate SET deleted = ?2, scheduled_purge = ?3 WHERE id = ?1")?;
    let written = update.execute(params![
        id,
        deletion.map(|deletion| deletion.deleted.unix_seconds()),
        deletion.map(|deletion| deletion.scheduled_purge.unix_seconds()),
    ])?;
    one(written, "the row of a certificate")
}

/// Takes a name away with its versions, operation and keys.
pub(crate) fn remove_entry(db: &Connection, id: i64) -> Result<(), StoreError> {
    // Not left to the tables' own references, which a changed file may lack.
    for statement in
        ["DELETE FROM version WHERE certificate = ?1", "DELETE FROM operation WHERE certificate = ?1"]
    {
        db.prepare_cached(statement)?.execute([id])?;
    }
    let removed = db.prepare_cached("DELETE FROM certificate WHERE id = ?1")?.execute([id])?;
    one(removed, "the row of a certificate")
}

/// The ids of the versions of a name; none without a name. Of one that is no id, nothing.
pub(crate) fn version_ids(
    db: &Connection,
    name: Option<&str>,
) -> Result<Vec<Option<Identifier>>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT version.version FROM version JOIN certificate ON certificate.id = version.certificate
         WHERE certificate.name = ?1 ORDER BY version.id",
    )?;
    let ids = statement.query_map([name], |row| {
        let bytes: Option<&[u8; 16]> = row.get_ref(0)?.as_blob().ok().and_then(|blob| blob.try_into().ok());
        Ok(bytes.map(|bytes| Identifier::from_bytes(*bytes)))
    })?;
    Ok(ids.collect::<Result<Vec<_>, _>>()?)
}

/// All names as they stand, whether they are names or not, with their rows' numbers: those behind one, at most so many.
pub(crate) fn every_name(
    db: &Connection,
    after: Option<i64>,
    limit: u32,
) -> Result<Vec<(i64, String)>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT id, CAST(name AS TEXT) FROM certificate WHERE ?1 IS NULL OR id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let names = statement
        .query_map(params![after, limit], |row| Ok((row.get(0)?, row.get_ref(1).map(ledger::text)?)))?;
    Ok(names.collect::<Result<Vec<_>, _>>()?)
}

/// Names in order, after one, at most so many; with those of shells or without; deleted ones or living.
pub(crate) fn names(
    db: &Connection,
    after: &str,
    limit: u32,
    include_pending: bool,
    deleted: bool,
) -> Result<Vec<ObjectName>, StoreError> {
    // Two texts, and not a parameter, so that the few deleted ones are found by their own index.
    let mut statement = db.prepare_cached(&format!(
        "SELECT name FROM certificate
         WHERE name > ?1 AND deleted {}
           AND (?3 OR EXISTS (SELECT 1 FROM version WHERE version.certificate = certificate.id))
         ORDER BY name LIMIT ?2",
        if deleted { "IS NOT NULL" } else { "IS NULL" }
    ))?;
    let names = statement
        .query_map(params![after, limit, include_pending], |row| row.get::<_, String>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    names
        .iter()
        .map(|name| ObjectName::new(name).map_err(|_| StoreError::Content { what: "a name" }))
        .collect()
}

pub(crate) fn operation(db: &Connection, entry: &Entry) -> Result<Option<Operation>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT request_id, state, csr, sealed_key, policy, tags, created, cancellation_requested,
                failure_code, failure_message, enabled
         FROM operation WHERE certificate = ?1",
    )?;
    statement.query_row([entry.id], |row| Ok(rows::operation(&entry.name, row))).optional()?.transpose()
}

/// Begins an operation in the place of one that has ended.
pub(crate) fn put_pending(db: &Connection, certificate: i64, pending: &Pending) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO operation
             (certificate, request_id, state, csr, public_key, sealed_key, policy, tags, created,
              cancellation_requested, enabled)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        certificate,
        pending.request_id.as_bytes(),
        rows::IN_PROGRESS,
        pending.request.as_der(),
        pending.request.public_key().fingerprint().as_bytes(),
        pending.sealed_key,
        rows::policy_text(&pending.policy),
        rows::tags_text(&pending.tags),
        pending.created.unix_seconds(),
        pending.cancellation_requested,
        pending.enabled,
    ])?;
    Ok(())
}

pub(crate) fn request_cancellation(
    db: &Connection,
    certificate: i64,
    requested: bool,
) -> Result<(), StoreError> {
    let mut update =
        db.prepare_cached("UPDATE operation SET cancellation_requested = ?2 WHERE certificate = ?1")?;
    one(update.execute(params![certificate, requested])?, OPERATION)
}

/// Ends an operation without a certificate; its key stays.
pub(crate) fn cancel_operation(db: &Connection, certificate: i64) -> Result<(), StoreError> {
    let mut update = db.prepare_cached("UPDATE operation SET state = ?2 WHERE certificate = ?1")?;
    one(update.execute(params![certificate, rows::CANCELLED])?, OPERATION)
}

/// The same, with the issuer's reason.
pub(crate) fn fail_operation(db: &Connection, certificate: i64, failure: &Failure) -> Result<(), StoreError> {
    let mut update = db.prepare_cached(
        "UPDATE operation SET state = ?2, failure_code = ?3, failure_message = ?4 WHERE certificate = ?1",
    )?;
    one(update.execute(params![certificate, rows::FAILED, failure.code, failure.message])?, OPERATION)
}

/// Ends an operation in a version: its key is the version's now, and goes from here.
pub(crate) fn complete_operation(db: &Connection, certificate: i64) -> Result<(), StoreError> {
    // One that failed before has failed no more.
    let mut update = db.prepare_cached(
        "UPDATE operation SET state = ?2, sealed_key = NULL, failure_code = NULL, failure_message = NULL
         WHERE certificate = ?1",
    )?;
    one(update.execute(params![certificate, rows::COMPLETED])?, OPERATION)
}

pub(crate) fn remove_operation(db: &Connection, certificate: i64) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM operation WHERE certificate = ?1")?.execute([certificate])?;
    Ok(())
}

/// The names that have an operation in progress, of certificates that are not deleted.
pub(crate) fn waiting(db: &Connection) -> Result<Vec<ObjectName>, StoreError> {
    // The state is written out, as it is in the index of the open operations, which it goes by.
    let mut statement = db.prepare_cached(&format!(
        "SELECT certificate.name FROM operation JOIN certificate ON certificate.id = operation.certificate
         WHERE operation.state <> {} AND certificate.deleted IS NULL ORDER BY operation.created, certificate.name",
        rows::COMPLETED
    ))?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    names
        .iter()
        .map(|name| ObjectName::new(name).map_err(|_| StoreError::Content { what: "a name" }))
        .collect()
}

/// The name whose operation has this request id.
pub(crate) fn name_by_request_id(db: &Connection, id: Identifier) -> Result<Option<ObjectName>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT certificate.name FROM operation JOIN certificate ON certificate.id = operation.certificate
         WHERE operation.request_id = ?1",
    )?;
    let name = statement.query_row([id.as_bytes()], |row| row.get::<_, String>(0)).optional()?;
    name.map(|name| ObjectName::new(&name).map_err(|_| StoreError::Content { what: "a name" })).transpose()
}

/// The name whose operation made its request with this key; one that still waits goes first.
pub(crate) fn name_by_public_key(
    db: &Connection,
    key: Fingerprint,
) -> Result<Option<ObjectName>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT certificate.name FROM operation JOIN certificate ON certificate.id = operation.certificate
         WHERE operation.public_key = ?1 ORDER BY operation.state = ?2, operation.created DESC LIMIT 1",
    )?;
    let found = statement
        .query_row(params![key.as_bytes(), rows::COMPLETED], |row| row.get::<_, String>(0))
        .optional()?;
    found.map(|name| ObjectName::new(&name).map_err(|_| StoreError::Content { what: "a name" })).transpose()
}

/// Where a public key is held: operations that wait first, then versions, oldest first.
pub(crate) fn holders(db: &Connection, key: Fingerprint) -> Result<Vec<Holder>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT certificate.name, NULL FROM operation JOIN certificate ON certificate.id = operation.certificate
         WHERE operation.public_key = ?1 AND operation.sealed_key IS NOT NULL
         UNION ALL
         SELECT certificate.name, version.version FROM version
         JOIN certificate ON certificate.id = version.certificate WHERE version.public_key = ?1",
    )?;
    let holders = statement.query_map([key.as_bytes()], |row| {
        let version: Option<[u8; 16]> = row.get(1)?;
        Ok(Holder { name: row.get(0)?, version: version.map(Identifier::from_bytes) })
    })?;
    Ok(holders.collect::<Result<Vec<_>, _>>()?)
}

pub(crate) fn put_version(db: &Connection, certificate: i64, record: &Record) -> Result<(), StoreError> {
    let chain: Vec<u8> = record.chain().iter().flat_map(|one| one.as_der().iter().copied()).collect();
    db.prepare_cached(
        "INSERT INTO version (certificate, version, chain, public_key, sealed_key, content_type, exportable, enabled,
                              tags, created, updated, accepted)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        certificate,
        record.version.as_bytes(),
        chain,
        record.certificate.public_key().fingerprint().as_bytes(),
        record.sealed_key,
        record.content_type.media_type(),
        record.exportable,
        record.enabled,
        rows::tags_text(&record.tags),
        record.created.unix_seconds(),
        record.updated.unix_seconds(),
        rows::accepted_text(&record.accepted)?,
    ])?;
    Ok(())
}

/// One version, or the newest.
pub(crate) fn version(
    db: &Connection,
    entry: &Entry,
    version: Option<Identifier>,
) -> Result<Option<Record>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {} FROM version WHERE certificate = ?1 AND (?2 IS NULL OR version = ?2) ORDER BY id DESC LIMIT 1",
        rows::VERSION_COLUMNS
    ))?;
    let id = version.map(|version| *version.as_bytes());
    statement
        .query_row(params![entry.id, id], |row| Ok(rows::version(&entry.name, row)))
        .optional()?
        .transpose()
}

/// Every version, newest first.
pub(crate) fn versions(db: &Connection, entry: &Entry) -> Result<Vec<Record>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {} FROM version WHERE certificate = ?1 ORDER BY id DESC",
        rows::VERSION_COLUMNS
    ))?;
    let records = statement
        .query_map([entry.id], |row| Ok(rows::version(&entry.name, row)))?
        .collect::<Result<Vec<_>, _>>()?;
    records.into_iter().collect()
}

/// The versions that come after one in the order of their ids, at most so many.
pub(crate) fn versions_by_id(
    db: &Connection,
    entry: &Entry,
    after: Option<Identifier>,
    limit: u32,
) -> Result<Vec<Record>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {} FROM version WHERE certificate = ?1 AND version > ?2 ORDER BY version LIMIT ?3",
        rows::VERSION_COLUMNS
    ))?;
    // No id is shorter than an empty one.
    let after: &[u8] = after.as_ref().map_or(&[], |id| id.as_bytes());
    let records = statement
        .query_map(params![entry.id, after, limit], |row| Ok(rows::version(&entry.name, row)))?
        .collect::<Result<Vec<_>, _>>()?;
    records.into_iter().collect()
}

/// Changes what may change of a version: enabled and tags.
pub(crate) fn set_attributes(
    db: &Connection,
    version: Identifier,
    attributes: &Attributes,
    now: UnixTime,
) -> Result<(), StoreError> {
    let mut update = db.prepare_cached(
        "UPDATE version SET enabled = coalesce(?2, enabled), tags = coalesce(?3, tags), updated = ?4
         WHERE version = ?1",
    )?;
    let written = update.execute(params![
        version.as_bytes(),
        attributes.enabled,
        attributes.tags.as_ref().map(rows::tags_text),
        now.unix_seconds(),
    ])?;
    one(written, "the row of a version")
}

pub(crate) fn put_issuer(db: &Connection, issuer: &Issuer) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO issuer (name, provider, account_id, organization_id, enabled, created, updated, administrators)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (name) DO UPDATE SET provider = ?2, account_id = ?3, organization_id = ?4, enabled = ?5,
                                          updated = ?7, administrators = ?8",
    )?
    .execute(params![
        issuer.name.as_str(),
        issuer.provider,
        issuer.account_id,
        issuer.organization_id,
        issuer.enabled,
        issuer.created.unix_seconds(),
        issuer.updated.unix_seconds(),
        rows::administrators_text(&issuer.administrators)?,
    ])?;
    Ok(())
}

/// Every issuer, by name; or the one of a name.
pub(crate) fn issuers(db: &Connection, name: Option<&ObjectName>) -> Result<Vec<Issuer>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT name, provider, account_id, organization_id, enabled, created, updated, administrators FROM issuer
         WHERE ?1 IS NULL OR name = ?1 ORDER BY name",
    )?;
    let issuers = statement
        .query_map([name.map(ObjectName::as_str)], |row| Ok(rows::issuer(row)))?
        .collect::<Result<Vec<_>, _>>()?;
    issuers.into_iter().collect()
}

pub(crate) fn remove_issuer(db: &Connection, name: &ObjectName) -> Result<(), StoreError> {
    let removed = db.prepare_cached("DELETE FROM issuer WHERE name = ?1")?.execute([name.as_str()])?;
    one(removed, "the row of an issuer")
}

/// Writes a new CA; false where there is one of that name.
pub(crate) fn put_authority(db: &Connection, authority: &StoredAuthority) -> Result<bool, StoreError> {
    let chain: Vec<u8> = authority.chain.iter().flat_map(|one| one.as_der()).copied().collect();
    let written = db
        .prepare_cached(
            "INSERT OR IGNORE INTO authority (name, chain, sealed_key, profile, created)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            authority.name.as_str(),
            chain,
            authority.sealed_key,
            authority.profile.name(),
            authority.created.unix_seconds(),
        ])?;
    Ok(written == 1)
}

/// Every CA, by name; or the one of a name.
pub(crate) fn authorities(
    db: &Connection,
    name: Option<&ObjectName>,
) -> Result<Vec<StoredAuthority>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT name, chain, sealed_key, profile, created FROM authority WHERE ?1 IS NULL OR name = ?1 ORDER BY name",
    )?;
    let found = statement
        .query_map([name.map(ObjectName::as_str)], |row| Ok(rows::authority(row)))?
        .collect::<Result<Vec<_>, _>>()?;
    found.into_iter().collect()
}

pub(crate) fn contacts(db: &Connection) -> Result<Vec<Contact>, StoreError> {
    let mut statement = db.prepare_cached("SELECT email, name, phone FROM contact ORDER BY id")?;
    let contacts = statement
        .query_map([], |row| Ok(Contact { email: row.get(0)?, name: row.get(1)?, phone: row.get(2)? }))?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(contacts)
}

/// Replaces all contacts, as the service does.
pub(crate) fn replace_contacts(db: &Connection, contacts: &[Contact]) -> Result<(), StoreError> {
    db.execute("DELETE FROM contact", [])?;
    for contact in contacts {
        db.prepare_cached("INSERT INTO contact (email, name, phone) VALUES (?1, ?2, ?3)")?
            .execute(params![contact.email, contact.name, contact.phone])?;
    }
    Ok(())
}

/// That a row was written is not taken for granted: in a file that somebody changed it may not be found.
fn one(written: usize, what: &'static str) -> Result<(), StoreError> {
    if written == 1 { Ok(()) } else { Err(StoreError::Content { what }) }
}

fn not_a_vault(path: &Path, cause: rusqlite::Error) -> StoreError {
    match cause.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::NotAVault { path: path.to_owned() },
        Some(ErrorCode::CannotOpen) => StoreError::Open { path: path.to_owned(), cause },
        _ => cause.into(),
    }
}

/// Waits for a lock that somebody else has, the nth time from 0; no more after [`BUSY_WAIT`] in all. Mostly it is a commit
/// of a millisecond that is waited for: SQLite's own steps, up to a tenth of a second, would be long against that.
fn wait_again(tries: i32) -> bool {
    let pause = match tries {
        ..SHORT_PAUSES => SHORT_PAUSE,
        _ => LONG_PAUSE,
    };
    std::thread::sleep(pause);
    tries < BUSY_TRIES && !turn::is_over()
}

const OPERATION: &str = "the row of an operation";
/// How long a lock is waited for: a merge takes milliseconds, a slow disk a second.
const BUSY_WAIT: Duration = Duration::from_secs(10);
const SHORT_PAUSE: Duration = Duration::from_micros(500);
/// A fifth of a second of them.
const SHORT_PAUSES: i32 = 400;
const LONG_PAUSE: Duration = Duration::from_millis(10);
/// As many as make up the rest of [`BUSY_WAIT`].
const BUSY_TRIES: i32 = SHORT_PAUSES + 980;

#[cfg(test)]
mod tests;
