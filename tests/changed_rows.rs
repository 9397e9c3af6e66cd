//! Whoever can write the vault's file changes it, a value at a time: the audit finds every one, in every column of every
//! row, and what was exchanged between rows.

mod support;

use std::path::Path;

use coldcert::seal::{Passphrase, VaultKey};
use coldcert::vault::Vault;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use support::{Workplace, need};

/// A vault with rows of every kind, and two of each where there may be.
fn filled() -> Workplace {
    let work = Workplace::empty().passphrase("the passphrase");
    work.run("init").done();
    work.make_authority();
    work.write("carol", "carol's passphrase\n");
    for line in [
        "create www --subject CN=www.example.com --dns www.example.com --kty EC -o www.csr --tag team=web",
        "create api --subject CN=api.example.com --dns api.example.com --kty EC -o api.csr --tag team=api",
    ] {
        work.run(line).done();
    }
    for name in ["www", "api"] {
        work.sign(&format!("{name}.csr"), &format!("{name}.pem"));
        work.run(&format!("merge {name} {name}.pem intermediate.pem")).done();
    }
    for line in [
        "create www -o again.csr",
        "create waits --subject CN=waits.example.com --kty EC -o waits.csr",
        "create gone --subject CN=gone.example.com --kty EC --issuer Self",
        "delete gone",
        "issuer set corp --provider DigiCert",
        "create named --subject CN=named --kty EC --issuer corp -o named.csr",
        "issuer fail named --code Denied --message no",
        "contact add pki@example.com --name PKI --phone 1",
        "contact add other@example.com",
        "ca init training --subject CN=Training",
        "ca init second --subject CN=Second",
        "set api --enabled false",
        "passphrase add --label carol --new-passphrase-file carol",
        "passphrase recovery-key -o paper.key",
    ] {
        work.run(line).done();
    }
    work
}

/// A table as it is.
struct Table {
    name: String,
    columns: Vec<String>,
    /// Each with its row's number first.
    rows: Vec<(i64, Vec<Value>)>,
}

fn tables(db: &Connection) -> Vec<Table> {
    // The ledger has its own attacks, and the two that hold it.
    let names =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'ledger%' ORDER BY name";
    let mut names = db.prepare(names).expect("a statement");
    let names = names.query_map([], |row| row.get::<_, String>(0)).expect("rows");
    names.map(|name| table(db, name.expect("a name"))).collect()
}

fn table(db: &Connection, name: String) -> Table {
    let mut statement = db.prepare(&format!("SELECT rowid, * FROM {name}")).expect("a statement");
    let columns: Vec<String> = statement.column_names().skip(1).map(str::to_owned).collect();
    let count = columns.len();
    let rows = statement
        .query_map([], |row| {
            let values = (1..=count).map(|column| row.get(column)).collect::<Result<_, _>>()?;
            Ok((row.get(0)?, values))
        })
        .expect("rows")
        .collect::<Result<_, _>>()
        .expect("rows");
    Table { name, columns, rows }
}

/// What somebody would put in the place of a value.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![1.into(), "x".to_owned().into(), vec![7_u8; 32].into()],
        Value::Integer(number) => vec![(number + 1).into(), i64::from(*number == 0).into()],
        Value::Real(number) => vec![(number + 1.0).into()],
        Value::Text(text) => vec![
            format!("{text}x").into(),
            text.replace("example", "exampel").into(),
            text.replace("false", "true").into(),
            text.to_uppercase().into(),
        ],
        Value::Blob(bytes) => {
            let mut changed = bytes.clone();
            let middle = changed.len() / 2;
            changed[middle] ^= 1;
            vec![changed.into(), bytes[1..].to_vec().into(), Vec::new().into()]
        }
    }
}

/// The vault with one statement done to it; false where SQLite itself refuses it (a type, a reference, a duplicate).
fn is_found(
    folder: &Path,
    whole: &[u8],
    key: &VaultKey,
    sql: &str,
    values: &[Value],
) -> Option<Result<(), String>> {
    let path = folder.join("changed.coldcert");
    std::fs::write(&path, whole).expect("a copy");
    let db = Connection::open(&path).expect("the file");
    db.execute_batch("PRAGMA foreign_keys = ON").expect("a pragma");
    if db.execute(sql, params_from_iter(values)).is_err() {
        return None;
    }
    drop(db);
    let audited = Vault::open(&path).and_then(|vault| vault.audit(Some(key), &[]));
    Some(match audited {
        Ok(audited) if !audited.is_whole() => Ok(()),
        Ok(_) => Err(format!("{sql} {values:?}")),
        // Without its own row it is no vault, and that is said.
        Err(_) if sql.starts_with("DELETE FROM vault ") => Ok(()),
        Err(error) => Err(format!("{sql} {values:?}: {error}")),
    })
}

#[test]
fn whatever_is_changed_in_whatever_row_is_found() {
    if need("openssl").is_none() {
        return;
    }
    let work = filled();
    let path = work.path("vault.coldcert");
    let vault = Vault::open(&path).expect("the vault");
    let passphrase = Passphrase::new("the passphrase".to_owned().into()).expect("a passphrase");
    let key = vault.unseal(Some(&passphrase)).expect("the vault key");
    assert!(vault.audit(Some(&key), &[]).expect("an audit").is_whole(), "before anything is done to it");
    let whole = work.read("vault.coldcert");
    let db = Connection::open(&path).expect("the file");
    let (mut tried, mut missed) = (0, Vec::new());
    let mut attempt = |sql: &str, values: &[Value]| {
        if let Some(found) = is_found(work.path("").as_path(), &whole, &key, sql, values) {
            tried += 1;
            missed.extend(found.err());
        }
    };
    for Table { name, columns, rows } in tables(&db) {
        for (number, values) in &rows {
            attempt(&format!("DELETE FROM {name} WHERE rowid = ?1"), &[(*number).into()]);
            for (column, value) in columns.iter().zip(values) {
                let index = columns.iter().position(|one| one == column).expect("a column");
                // What the same column has in other rows: two that were exchanged are one that was copied, twice.
                let elsewhere = rows.iter().map(|(_, values)| values[index].clone());
                for other in others(value).into_iter().chain(elsewhere).filter(|other| other != value) {
                    attempt(
                        &format!("UPDATE {name} SET {column} = ?1 WHERE rowid = ?2"),
                        &[other, (*number).into()],
                    );
                }
            }
        }
    }
    for (table, columns) in [
        ("contact", "email, name, phone"),
        (
            "issuer",
            "name || 'x', provider, account_id, organization_id, enabled, created, updated, administrators",
        ),
        ("seal", "memory_kib, passes, salt, sealed, checksum, kind, label || 'x', created"),
    ] {
        let into = columns.replace(" || 'x'", "");
        attempt(&format!("INSERT INTO {table} ({into}) SELECT {columns} FROM {table} LIMIT 1"), &[]);
    }
    assert!(missed.is_empty(), "{} of {tried} changes were not found:\n{}", missed.len(), missed.join("\n"));
    assert!(tried > 500, "{tried}");
    support::say(&format!(
        "reliability: values and rows changed in the file, and found | {tried} | each column of each row of each table"
    ));
}
