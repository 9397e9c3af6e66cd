//! The ledger's rows.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};

use super::StoreError;
use super::state::Before;
use crate::fingerprint::Fingerprint;
use crate::ledger::{Act, Attribution, ChainKey, End, Entry, Event, Head, Sealer, Stored};
use crate::time::UnixTime;

/// Adds an event to the ledger, within the transaction of what happened and at its end: the entry says what is in the
/// rows then, and what was before.
pub(super) fn record(
    db: &Connection,
    before: &mut Before,
    event: Event,
    by: &Attribution,
    sealer: Option<&Sealer>,
    now: UnixTime,
) -> Result<(), StoreError> {
    let mut end = ledger_end(db)?;
    if let Some(sealer) = sealer
        && !is_continued_by(db, &end, sealer)?
    {
        return Err(StoreError::AnotherLedger);
    }
    if end.head.sequence == 0 && event.act != Act::Init {
        let (stored, behind) = end.add(Event::of(Act::Begin), by, sealer, now);
        insert(db, &stored)?;
        end = behind;
    }
    let (stored, end) = end.add(before.with_state(db, event)?, by, sealer, now);
    insert(db, &stored)?;
    let ended =
        db.prepare_cached("UPDATE ledger_end SET sequence = ?1, hash = ?2, key = ?3")?.execute(params![
            number(end.head.sequence)?,
            end.head.hash.as_bytes(),
            end.key.as_ref().map(ChainKey::secret_bytes),
        ])?;
    written(ended)
}

/// That a row was written is not taken for granted: a file that somebody changed may see to it that none is.
fn written(rows: usize) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Content { what: "the end of the ledger" }) }
}

/// Whether the ledger ends with its last entry, and the key there is the one that this vault key makes: that of its last
/// act with the vault key, moved on by those without. Where no act had it yet, and the vault is older than its ledger,
/// there is none.
fn is_continued_by(db: &Connection, end: &End, sealer: &Sealer) -> Result<bool, StoreError> {
    let last = |which: &str| {
        let mut last = db.prepare_cached(&format!(
            "SELECT sequence, hash FROM ledger WHERE {which} ORDER BY sequence DESC LIMIT 1"
        ))?;
        last.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?))).optional()
    };
    let (sequence, hash) = last("true")?.unwrap_or_default();
    if (sequence, hash) != (number(end.head.sequence)?, *end.head.hash.as_bytes()) {
        return Ok(false);
    }
    let Some((sequence, hash)) = last("keyed")? else {
        return Ok(end.head.sequence == 0 || !sealer.is_since_init());
    };
    let mut expected = sealer.next(&Fingerprint::from_bytes(hash));
    let mut behind = db.prepare_cached("SELECT hash FROM ledger WHERE sequence > ?1 ORDER BY sequence")?;
    for hash in behind.query_map([sequence], |row| row.get::<_, [u8; 32]>(0))? {
        expected = expected.next(&Fingerprint::from_bytes(hash?));
    }
    Ok(end.key.as_ref().is_some_and(|key| expected.is_same(key)))
}

fn insert(db: &Connection, stored: &Stored) -> Result<(), StoreError> {
    let Stored { entry, is_keyed, tag } = stored;
    db.prepare_cached(
        "INSERT INTO ledger (sequence, time, act, name, version, public_key, operator, witness, reason, program,
                             detail, hash, keyed, tag)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        number(entry.sequence)?,
        entry.time.unix_seconds(),
        entry.act.name(),
        entry.name,
        entry.version,
        entry.public_key.as_ref().map(Fingerprint::as_bytes),
        entry.operator,
        entry.witness,
        entry.reason,
        entry.program,
        Value::Object(entry.detail.clone()).to_string(),
        entry.hash.as_bytes(),
        is_keyed,
        tag,
    ])
    .map_err(StoreError::from)
    .and_then(written)
}

/// Rows that are no entries, because they stand before the first.
pub(crate) fn before_first(db: &Connection) -> Result<u64, StoreError> {
    Ok(db
        .query_row("SELECT count(*) FROM ledger WHERE sequence < 1", [], |row| row.get::<_, i64>(0))?
        .unsigned_abs())
}

/// Where the ledger ends, by its own word.
pub(crate) fn ledger_end(db: &Connection) -> Result<End, StoreError> {
    let mut statement = db.prepare_cached("SELECT sequence, hash, key FROM ledger_end")?;
    let (sequence, hash, key) = statement
        .query_row([], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 32]>(1)?, row.get::<_, Option<[u8; 32]>>(2)?))
        })
        .map_err(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => damaged(),
            error => error.into(),
        })?;
    let sequence = u64::try_from(sequence).map_err(|_| damaged())?;
    let head = Head { sequence, hash: Fingerprint::from_bytes(hash) };
    Ok(End { head, key: key.map(ChainKey::from_secret_bytes) })
}

/// Of an entry that cannot be read: its number, and its hash where that can be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unreadable {
    pub(crate) sequence: u64,
    pub(crate) hash: Option<Fingerprint>,
}

/// The entries behind a number, at most so many; of one name, or all.
pub(crate) fn ledger(
    db: &Connection,
    after: u64,
    name: Option<&str>,
    limit: u32,
) -> Result<Vec<Result<Stored, Unreadable>>, StoreError> {
    let which = if name.is_some() { "name = ?2 COLLATE NOCASE" } else { "?2 IS NULL" };
    let mut statement = db.prepare_cached(&format!(
        "SELECT sequence, time, act, name, version, public_key, operator, witness, reason, program, detail, hash,
                keyed, tag
         FROM ledger WHERE sequence > ?1 AND {which} ORDER BY sequence LIMIT ?3"
    ))?;
    let found = statement
        .query_map(params![number(after)?, name, limit], |row| {
            let sequence: i64 = row.get(0)?;
            let hash = row.get(11).map(Fingerprint::from_bytes).ok();
            Ok(stored(row)
                .map_err(|_| Unreadable { sequence: u64::try_from(sequence).unwrap_or_default(), hash }))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(found)
}

/// The entries of one name, or those about none, the newest first, as long as more of them are wanted. What cannot be read
/// is passed over: `audit` names it.
pub(super) fn each_entry_backwards(
    db: &Connection,
    name: Option<&str>,
    mut take: impl FnMut(&Entry) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    let which = if name.is_some() { "name = ?1 COLLATE NOCASE" } else { "name IS NULL AND ?1 IS NULL" };
    let mut statement = db.prepare_cached(&format!(
        "SELECT sequence, time, act, name, version, public_key, operator, witness, reason, program, detail, hash,
                keyed, tag
         FROM ledger WHERE sequence > 0 AND {which} ORDER BY sequence DESC"
    ))?;
    let mut rows = statement.query([name])?;
    while let Some(row) = rows.next()? {
        if let Ok(stored) = stored(row)
            && !take(&stored.entry)?
        {
            break;
        }
    }
    Ok(())
}

/// The names in a ledger, each once in some case, after one, at most so many. What is no text is no name, and the entry
/// that has it is not whole.
pub(crate) fn ledger_names(db: &Connection, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT min(name) FROM ledger WHERE name IS NOT NULL AND name > ?1 COLLATE NOCASE AND typeof(name) = 'text'
         GROUP BY name COLLATE NOCASE ORDER BY name COLLATE NOCASE LIMIT ?2",
    )?;
    let names = statement.query_map(params![after, limit], |row| row.get_ref(0).map(text))?;
    Ok(names.collect::<Result<Vec<_>, _>>()?)
}

/// A text as it stands, what is no UTF-8 in it replaced.
pub(super) fn text(value: ValueRef<'_>) -> String {
    String::from_utf8_lossy(value.as_bytes().unwrap_or_default()).into_owned()
}

/// The entries about a name, in their order.
pub(crate) fn each_entry(
    db: &Connection,
    name: &str,
    mut take: impl FnMut(&Entry),
) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let page = ledger(db, after, Some(name), PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.as_ref().map_or_else(|unreadable| unreadable.sequence, |stored| stored.entry.sequence);
        page.iter().flatten().for_each(|stored| take(&stored.entry));
    }
}

/// The names of certificates, issuers and CAs that no entry is about.
pub(crate) fn names_outside_ledger(db: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT name FROM (SELECT name FROM certificate UNION SELECT name FROM issuer UNION SELECT name FROM authority) AS held
         WHERE NOT EXISTS (SELECT 1 FROM ledger WHERE ledger.name = held.name COLLATE NOCASE) ORDER BY name",
    )?;
    let names = statement.query_map([], |row| row.get_ref(0).map(text))?;
    Ok(names.collect::<Result<Vec<_>, _>>()?)
}

fn stored(row: &Row<'_>) -> Result<Stored, StoreError> {
    let act: String = row.get(2)?;
    let detail: String = row.get(10)?;
    let text = detail;
    let detail: Map<String, Value> = serde_json::from_str(&text).map_err(|_| damaged())?;
    // The hash is over the text: another one for the same values was not written by this program.
    let written = Value::Object(detail.clone()).to_string();
    if written != text {
        return Err(damaged());
    }
    let entry = Entry {
        sequence: u64::try_from(row.get::<_, i64>(0)?).map_err(|_| damaged())?,
        time: UnixTime::from_unix_seconds(row.get(1)?).map_err(|_| damaged())?,
        act: Act::of_name(&act).ok_or_else(damaged)?,
        name: row.get(3)?,
        version: row.get(4)?,
        public_key: row.get::<_, Option<[u8; 32]>>(5)?.map(Fingerprint::from_bytes),
        operator: row.get(6)?,
        witness: row.get(7)?,
        reason: row.get(8)?,
        program: row.get(9)?,
        detail,
        hash: Fingerprint::from_bytes(row.get(11)?),
    };
    Ok(Stored { entry, is_keyed: row.get(12)?, tag: row.get(13)? })
}

fn number(sequence: u64) -> Result<i64, StoreError> {
    i64::try_from(sequence).map_err(|_| damaged())
}

fn damaged() -> StoreError {
    StoreError::Content { what: "an entry of the ledger" }
}

/// As many entries at a time are read.
const PAGE: u32 = 500;
