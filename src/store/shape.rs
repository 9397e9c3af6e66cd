//! Whether a vault file has the tables that this program makes, and nothing beside them: whoever can write the file could
//! put a trigger into it, a view in the place of a table, or take a constraint away.
//!
//! The tables of an earlier schema that were brought up to date differ in their text and not in what is compared here.

use std::collections::BTreeMap;

use rusqlite::{Connection, Params, Row};

use super::{StoreError, schema};

/// What is otherwise than this program makes it.
pub(crate) fn shape_faults(db: &Connection) -> Result<Vec<String>, StoreError> {
    let reference = Connection::open_in_memory()?;
    schema::create(&reference)?;
    let (expected, found) = (shape(&reference)?, shape(db)?);
    let mut faults = Vec::new();
    for (name, shape) in &found {
        match expected.get(name) {
            None => faults.push(format!("{name} is in the vault file, and is none of this program's")),
            Some(same) if same == shape => {}
            Some(other) => {
                let changed = shape.iter().find(|line| !other.contains(line));
                let lost = other.iter().find(|line| !shape.contains(line));
                let how = match (changed, lost) {
                    (Some(changed), _) => format!("it has {changed}"),
                    (None, Some(lost)) => format!("it lacks {lost}"),
                    (None, None) => "its columns stand in another order".to_owned(),
                };
                faults.push(format!("{name} is not as this program makes it: {how}"));
            }
        }
    }
    let lost = expected.keys().filter(|name| !found.contains_key(*name));
    faults.extend(lost.map(|name| format!("{name} is not in the vault file")));
    for (table, rows) in orphans(db)? {
        faults.push(format!("{rows} rows of {table} belong to no certificate"));
    }
    Ok(faults)
}

/// Each table, index, trigger and view by its name, and of tables and indices what they are made of.
fn shape(db: &Connection) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
    let mut shapes = BTreeMap::new();
    let objects = lines(
        db,
        "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'",
        [],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
    )?;
    for (kind, name) in objects {
        let made_of = match kind.as_str() {
            "table" => table(db, &name)?,
            "index" => index(db, &name)?,
            _ => Vec::new(),
        };
        shapes.insert(format!("the {kind} {name}"), made_of);
    }
    Ok(shapes)
}

fn table(db: &Connection, name: &str) -> Result<Vec<String>, StoreError> {
    let mut made_of = lines(
        db,
        "SELECT name, type, \"notnull\", ifnull(dflt_value, 'none'), pk, hidden FROM pragma_table_xinfo(?1) ORDER BY cid",
        [name],
        |row| {
            let (column, kind): (String, String) = (row.get(0)?, row.get(1)?);
            let (required, default): (i64, String) = (row.get(2)?, row.get(3)?);
            let (key, hidden): (i64, i64) = (row.get(4)?, row.get(5)?);
            Ok(format!(
                "column {column} {kind} (required {required}, default {default}, key {key}, hidden {hidden})"
            ))
        },
    )?;
    made_of.extend(lines(
        db,
        "SELECT strict, wr, type FROM pragma_table_list(?1) WHERE schema = 'main'",
        [name],
        |row| {
            let (strict, without_row_id, kind): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(format!("the form {kind} (strict {strict}, without rowid {without_row_id})"))
        },
    )?);
    made_of.extend(lines(
        db,
        "SELECT \"table\", \"from\", on_delete, on_update FROM pragma_foreign_key_list(?1) ORDER BY id, seq",
        [name],
        |row| {
            let (other, from): (String, String) = (row.get(0)?, row.get(1)?);
            let (deleted, updated): (String, String) = (row.get(2)?, row.get(3)?);
            Ok(format!("{from} that belongs to {other} (when deleted {deleted}, when updated {updated})"))
        },
    )?);
    // Those that constraints make have no names of their own in the list above.
    let own = lines(
        db,
        "SELECT name FROM pragma_index_list(?1) WHERE origin <> 'c' ORDER BY name",
        [name],
        |row| row.get::<_, String>(0),
    )?;
    for index_of_constraint in own {
        made_of.extend(index(db, &index_of_constraint)?);
    }
    // What only the text has: constraints that compare values.
    made_of.extend(lines(
        db,
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1",
        [name],
        |row| {
            let sql: String = row.get::<_, Option<String>>(0)?.unwrap_or_default();
            Ok(format!("{} constraints of values", sql.matches("CHECK").count()))
        },
    )?);
    Ok(made_of)
}

fn index(db: &Connection, name: &str) -> Result<Vec<String>, StoreError> {
    let mut made_of = lines(
        db,
        "SELECT ifnull(name, 'rowid'), ifnull(coll, 'none'), \"desc\", key FROM pragma_index_xinfo(?1) ORDER BY seqno",
        [name],
        |row| {
            let (column, collation): (String, String) = (row.get(0)?, row.get(1)?);
            let (descending, key): (i64, i64) = (row.get(2)?, row.get(3)?);
            Ok(format!("{column} in an index (compared by {collation}, descending {descending}, key {key})"))
        },
    )?;
    made_of.extend(lines(
        db,
        "SELECT \"unique\", partial, list.name FROM sqlite_schema, pragma_index_list(sqlite_schema.tbl_name) AS list
         WHERE sqlite_schema.type = 'index' AND sqlite_schema.name = ?1 AND list.name = ?1",
        [name],
        |row| {
            let (unique, partial): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok(format!("an index (unique {unique}, partial {partial})"))
        },
    )?);
    Ok(made_of)
}

fn orphans(db: &Connection) -> Result<BTreeMap<String, usize>, StoreError> {
    let mut orphans = BTreeMap::new();
    for table in ["version", "operation"] {
        let rows = db.query_row(
            &format!("SELECT count(*) FROM {table} WHERE certificate NOT IN (SELECT id FROM certificate)"),
            [],
            |row| row.get::<_, i64>(0),
        )?;
        if rows > 0 {
            orphans.insert(table.to_owned(), usize::try_from(rows).unwrap_or(usize::MAX));
        }
    }
    Ok(orphans)
}

fn lines<T>(
    db: &Connection,
    sql: &str,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = db.prepare(sql)?;
    let found = statement.query_map(parameters, read)?;
    Ok(found.collect::<Result<Vec<_>, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_program_makes_has_no_fault_and_every_change_to_it_has() {
        let made = || {
            let db = Connection::open_in_memory().unwrap();
            schema::create(&db).unwrap();
            db
        };
        assert_eq!(shape_faults(&made()).unwrap(), [""; 0]);
        for (change, told) in [
            ("CREATE TRIGGER t BEFORE INSERT ON ledger BEGIN SELECT RAISE(IGNORE); END", "the trigger t is in"),
            ("CREATE VIEW v AS SELECT 1", "the view v is in"),
            ("CREATE TABLE stash (x)", "the table stash is in"),
            ("DROP INDEX ledger_by_name", "the index ledger_by_name is not in"),
            ("DROP TABLE contact", "the table contact is not in"),
            ("ALTER TABLE version ADD COLUMN more TEXT", "the table version is not as"),
            ("ALTER TABLE contact RENAME TO old; CREATE VIEW contact AS SELECT * FROM old", "the view contact is in"),
            (
                "DROP TABLE issuer; CREATE TABLE issuer (name TEXT PRIMARY KEY, provider TEXT NOT NULL, account_id TEXT,
                 organization_id TEXT, enabled INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
                 administrators TEXT NOT NULL DEFAULT '[]') STRICT",
                "the table issuer is not as",
            ),
            (
                "DROP TABLE contact; CREATE TABLE contact (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT, phone TEXT)",
                "the table contact is not as",
            ),
            (
                "DROP INDEX certificate_deleted; CREATE INDEX certificate_deleted ON certificate (name)",
                "the index certificate_deleted is not as",
            ),
        ] {
            let db = made();
            db.execute_batch(change).unwrap();
            let faults = shape_faults(&db).unwrap();
            assert!(faults.iter().any(|fault| fault.starts_with(told)), "{change}: {faults:?}");
        }
    }
}
