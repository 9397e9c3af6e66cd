//! What is in a vault file, and whether it is whole.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use coldcert::key::Signer;
use coldcert::ledger::LedgerFault;
use coldcert::pending::Operation;
use coldcert::record::Record;
use coldcert::seal::VaultKey;
use coldcert::vault::{ListOptions, StoreError, Vault, VaultError};
use rusqlite::Connection;
use rusqlite::types::Value;

/// The bytes that a vault held before an act, with a number for each. Others are new, and come out another way each time.
pub(crate) type Known = BTreeMap<Vec<u8>, usize>;

/// Everything in a vault file, as text; what is neither known nor the same each time is called new.
pub(crate) fn content(path: &Path, known: &Known) -> String {
    if is_no_vault(path) {
        return NO_VAULT.to_owned();
    }
    let db = Connection::open(path).expect("the file");
    let mut text = String::new();
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a version");
    writeln!(text, "schema {version}").expect("a text");
    for (name, sql) in schema(&db) {
        writeln!(text, "{name}: {}", sql.unwrap_or_default()).expect("a text");
    }
    each_value(&db, |table, value| match value {
        Value::Blob(bytes) => match known.get(&bytes) {
            Some(number) => writeln!(text, "{table}: known {number}"),
            None => writeln!(text, "{table}: new"),
        },
        Value::Text(words) => writeln!(text, "{table}: {}", without_ids(&words)),
        value => writeln!(text, "{table}: {value:?}"),
    });
    text
}

/// Words of the ledger without identifiers and hashes, which come out another way each time.
fn without_ids(words: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let parts = words.split_inclusive(|c| !is_digit(c));
    parts
        .map(|part| {
            let digits = part.trim_end_matches(|c| !is_digit(c));
            let is_id = digits.len() >= 32 && digits.chars().all(is_digit);
            if is_id { format!("id{}", &part[digits.len()..]) } else { part.to_owned() }
        })
        .collect()
}

/// The bytes that a vault holds.
pub(crate) fn known(path: &Path) -> Known {
    let mut known = Known::new();
    if is_no_vault(path) {
        return known;
    }
    each_value(&Connection::open(path).expect("the file"), |_, value| {
        if let Value::Blob(bytes) = value {
            let number = known.len();
            known.entry(bytes).or_insert(number);
        }
        Ok(())
    });
    known
}

/// SQLite finds the file whole, nothing in it is without its owner, and every key that is held opens and is the one of
/// its certificate or request.
pub(crate) fn check(path: &Path, key: impl FnOnce(&Vault) -> VaultKey) -> Result<(), VaultError> {
    let db = Connection::open(path).expect("the file");
    let checked: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(checked, "ok");
    let orphans: i64 =
        db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(orphans, 0, "rows without an owner");
    drop(db);
    let vault = Vault::open(path)?;
    let key = key(&vault);
    // What happened and its entry in the ledger come together.
    let audited = vault.audit(Some(&key), &[])?;
    let is_older = audited.proof.faults == [LedgerFault::Empty];
    assert!(audited.is_whole() || is_older && audited.faults.is_empty(), "the ledger: {audited:?}");
    for deleted in [false, true] {
        for view in vault.list(ListOptions { include_pending: true, deleted }, "", 1000)? {
            let versions =
                if deleted { view.record.into_iter().collect() } else { vault.versions(&view.name)? };
            versions.iter().try_for_each(|version| opens(version, &key))?;
            match &view.operation {
                Some(
                    Operation::InProgress(pending)
                    | Operation::Cancelled(pending)
                    | Operation::Failed(pending, _),
                ) => {
                    if !deleted {
                        // Looked at alone, its request's signature is checked.
                        vault.pending(&view.name)?;
                    }
                    assert_eq!(pending.open_key(&key)?.public_key(), pending.request.public_key());
                }
                Some(Operation::Completed(_)) => assert!(!versions.is_empty(), "completed, and no version"),
                None => {}
            }
        }
    }
    Ok(())
}

fn opens(version: &Record, key: &VaultKey) -> Result<(), VaultError> {
    assert_eq!(version.open_key(key)?.public_key(), version.certificate.public_key());
    Ok(())
}

/// Whether there is no vault, and the library says so.
fn is_no_vault(path: &Path) -> bool {
    // Its length alone would not do: what a journal beside it says comes first.
    let is_empty = !path.exists() || {
        let db = Connection::open(path).expect("the file");
        let tables: i64 =
            db.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).expect("a count");
        tables == 0
    };
    if is_empty {
        let error = Vault::open(path).expect_err("no vault");
        let says_so =
            matches!(error, VaultError::NoVault { .. } | VaultError::Store(StoreError::NotAVault { .. }));
        assert!(says_so, "{error}");
    }
    is_empty
}

fn schema(db: &Connection) -> Vec<(String, Option<String>)> {
    let mut statement = db.prepare("SELECT name, sql FROM sqlite_master ORDER BY name").expect("the schema");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("the schema");
    rows.collect::<Result<_, _>>().expect("the schema")
}

fn each_value(db: &Connection, mut look: impl FnMut(&str, Value) -> std::fmt::Result) {
    let mut statement =
        db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").expect("the tables");
    let tables: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .expect("the tables")
        .collect::<Result<_, _>>()
        .expect("names");
    for table in tables {
        let mut statement = db.prepare(&format!("SELECT * FROM {table} ORDER BY rowid")).expect("a table");
        let columns = statement.column_count();
        let mut rows = statement.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            for column in 0..columns {
                look(&table, row.get(column).expect("a value")).expect("a text");
            }
        }
    }
}

pub(crate) const NO_VAULT: &str = "no vault";
