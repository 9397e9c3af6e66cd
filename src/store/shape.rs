//! Whether a vault file has the tables that this program makes, and nothing beside them: whoever can write the file could
//! put a trigger into it, a view in the place of a table, or take a constraint away.
//!
//! Of a table its parts are compared, in whatever order: the columns that were added to those of an earlier schema stand at
//! the end of its text.

use std::collections::BTreeMap;

use rusqlite::{Connection, Params, Row};

use super::{StoreError, schema};
use crate::name::escape;

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

/// What SQLite finds wrong with the file: pages, and indices that lead to other rows than there are, so that some are not
/// found by name.
pub(crate) fn integrity_faults(db: &Connection) -> Result<Vec<String>, StoreError> {
    let found = lines(db, &format!("PRAGMA integrity_check({INTEGRITY_FAULTS_MAX})"), [], |row| {
        row.get::<_, String>(0)
    })?;
    Ok(found
        .iter()
        .filter(|line| *line != "ok")
        .map(|line| format!("SQLite says: {}", escape(line)))
        .collect())
}

/// Each table, index, trigger and view by its name, and of tables and indices what they are made of.
fn shape(db: &Connection) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
    let mut shapes = BTreeMap::new();
    let objects = lines(
        db,
        "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_autoindex!_%' ESCAPE '!'",
        [],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
    )?;
    for (kind, name) in objects {
        let mut made_of = match kind.as_str() {
            "table" => table(db, &name)?,
            "index" => index(db, &name)?,
            _ => Vec::new(),
        };
        made_of.extend(parts(db, &kind, &name)?);
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
    Ok(made_of)
}

/// What only the text has, constraints and conditions among it: the parts that commas separate, sorted.
fn parts(db: &Connection, kind: &str, name: &str) -> Result<Vec<String>, StoreError> {
    let texts =
        lines(db, "SELECT sql FROM sqlite_schema WHERE type = ?1 AND name = ?2", [kind, name], |row| {
            Ok(row.get::<_, Option<String>>(0)?.unwrap_or_default())
        })?;
    let mut parts: Vec<String> = texts.iter().flat_map(|text| separated(text)).collect();
    parts.sort_unstable();
    Ok(parts.into_iter().map(|part| format!("the words {part}")).collect())
}

/// The parts of a statement between its outermost brackets, and what stands around those, without comments; blanks are
/// alike however many there are.
fn separated(sql: &str) -> Vec<String> {
    let (mut parts, mut part, mut depth) = (Vec::new(), String::new(), 0_u32);
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let comment = [("--", "\n"), ("/*", "*/")].iter().find(|(begin, _)| rest.starts_with(begin));
        // A literal or a quoted name may hold anything.
        let quoted = ['\'', '"', '`'].contains(&c).then(|| rest[1..].find(c)).flatten();
        let taken = match (comment, quoted) {
            (Some((_, end)), _) => rest.find(end).map_or(rest.len(), |at| at + end.len()),
            (None, Some(at)) => at + 2,
            (None, None) => c.len_utf8(),
        };
        let (here, behind) = rest.split_at(taken);
        rest = behind;
        match here {
            "(" if depth == 0 => parts.push(std::mem::take(&mut part)),
            ")" if depth == 1 => parts.push(std::mem::take(&mut part)),
            "," if depth == 1 => parts.push(std::mem::take(&mut part)),
            _ if comment.is_some() || c.is_whitespace() => part.push(' '),
            _ => part.push_str(here),
        }
        depth = match here {
            "(" => depth + 1,
            ")" => depth.saturating_sub(1),
            _ => depth,
        };
    }
    parts.push(part);
    let words = |part: &String| part.split_whitespace().collect::<Vec<_>>().join(" ");
    parts.iter().map(words).filter(|part| !part.is_empty()).collect()
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
            // Not by an index: somebody may have made one that leaves them out.
            &format!("SELECT count(*) FROM {table} NOT INDEXED WHERE certificate NOT IN (SELECT id FROM certificate)"),
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

/// More of them say nothing more.
const INTEGRITY_FAULTS_MAX: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// What only the text of a statement says is compared too, and a comment is no part of it.
    #[test]
    fn every_word_of_a_statement_counts() {
        for (table, word, other) in [
            ("operation", "CHECK ((state = 2) = (sealed_key IS NULL))", "CHECK (1)"),
            ("operation", "CHECK ((state = 2) = (sealed_key IS NULL))", "/* CHECK */ CHECK (1)"),
            ("operation_open", "state <> 2", "state = 77"),
            ("ledger_by_name", "WHERE name IS NOT NULL", "WHERE name IS NOT NULL AND act<>'purge'"),
            ("version", "version BLOB NOT NULL UNIQUE", "version BLOB NOT NULL UNIQUE ON CONFLICT IGNORE"),
            ("certificate", "UNIQUE COLLATE NOCASE", "UNIQUE"),
            (
                "version",
                "REFERENCES certificate ON",
                "REFERENCES certificate DEFERRABLE INITIALLY DEFERRED ON",
            ),
        ] {
            let db = Connection::open_in_memory().unwrap();
            schema::create(&db).unwrap();
            db.pragma_update(None, "writable_schema", true).unwrap();
            let sql: String = db
                .query_row("SELECT sql FROM sqlite_schema WHERE name = ?1", [table], |row| row.get(0))
                .unwrap();
            assert!(sql.contains(word), "{table}: {sql}");
            let changed = sql.replace(word, other);
            db.execute("UPDATE sqlite_schema SET sql = ?2 WHERE name = ?1", [table, &changed]).unwrap();
            let faults = shape_faults(&db).unwrap();
            assert!(
                faults.iter().any(|fault| fault.contains(&format!(" {table} is not as"))),
                "{other}: {faults:?}"
            );
            // Another spelling of the same is the same.
            let spelled = format!("{} /* , ( */", sql.replace(" NOT NULL", "\n NOT /* , */ NULL"));
            db.execute("UPDATE sqlite_schema SET sql = ?2 WHERE name = ?1", [table, &spelled]).unwrap();
            assert_eq!(shape_faults(&db).unwrap(), [""; 0]);
        }
    }

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
            ("ANALYZE", "the table sqlite_stat1 is in"),
        ] {
            let db = made();
            db.execute_batch(change).unwrap();
            let faults = shape_faults(&db).unwrap();
            assert!(faults.iter().any(|fault| fault.starts_with(told)), "{change}: {faults:?}");
        }
    }
}
