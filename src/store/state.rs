//! What an act left in its rows, as a digest of each, and whether it found them as the act before had left them: the
//! ledger keeps both, so that rows that were changed without an act can be told, also after the next act on them.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ToSql};
use serde_json::{Map, Value};

use super::StoreError;
use crate::fingerprint::Fingerprint;
use crate::identifier::Identifier;
use crate::ledger::{Act, Entry, Event, FOUND, STATE};
use crate::name::escape;

/// Rows that an entry of the ledger answers for. All but the last two belong to the entry's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kept {
    /// What belongs to a name and not to a version: policy, tags, dates, deletion.
    Certificate,
    /// The operation of a certificate, in whatever state.
    Operation,
    Version(Identifier),
    Issuer,
    Authority,
    /// All contacts.
    Contacts,
    /// What the vault key is sealed by.
    Seals,
}

/// What there may be one of, under a name.
pub(crate) const OF_NAME: [Kept; 4] = [Kept::Certificate, Kept::Operation, Kept::Issuer, Kept::Authority];
/// The same, without a name.
pub(crate) const OF_VAULT: [Kept; 2] = [Kept::Contacts, Kept::Seals];

impl Kept {
    /// How it is called in a fault or an error.
    pub(crate) fn described(self, name: Option<&str>) -> String {
        let name = escape(name.unwrap_or_default());
        match self {
            Self::Certificate => format!("the certificate {name}"),
            Self::Operation => format!("the operation of {name}"),
            Self::Version(id) => format!("{name} version {id}"),
            Self::Issuer => format!("the issuer {name}"),
            Self::Authority => format!("the CA {name}"),
            Self::Contacts => "the list of contacts".to_owned(),
            Self::Seals => "the list of passphrases".to_owned(),
        }
    }

    /// How it is called in an entry.
    fn member(self) -> String {
        let name = match self {
            Self::Certificate => "certificate",
            Self::Operation => "operation",
            Self::Version(id) => return id.to_string(),
            Self::Issuer => "issuer",
            Self::Authority => "authority",
            Self::Contacts => "contacts",
            Self::Seals => "seals",
        };
        name.to_owned()
    }

    fn of_member(member: &str) -> Option<Self> {
        Some(match member {
            "certificate" => Self::Certificate,
            "operation" => Self::Operation,
            "issuer" => Self::Issuer,
            "authority" => Self::Authority,
            "contacts" => Self::Contacts,
            "seals" => Self::Seals,
            id => Self::Version(Identifier::from_hex(id)?),
        })
    }

    /// Every column but those that are found by what the others say. `?1` is the name, or the version's id.
    pub(super) fn query(self) -> &'static str {
        match self {
            Self::Certificate => {
                "SELECT id, name, policy, policy_created, policy_updated, shell, tags, created, deleted, scheduled_purge
                 FROM certificate WHERE name = ?1"
            }
            Self::Operation => {
                "SELECT certificate, request_id, state, csr, public_key, sealed_key, policy, tags, created,
                        cancellation_requested, failure_code, failure_message, enabled
                 FROM operation WHERE certificate = (SELECT id FROM certificate WHERE name = ?1)"
            }
            Self::Version(_) => {
                "SELECT id, certificate, version, chain, public_key, sealed_key, content_type, exportable, enabled, tags,
                        created, updated, accepted
                 FROM version WHERE version = ?1"
            }
            Self::Issuer => {
                "SELECT name, provider, account_id, organization_id, enabled, created, updated, administrators
                 FROM issuer WHERE name = ?1"
            }
            Self::Authority => {
                "SELECT name, chain, sealed_key, profile, created FROM authority WHERE name = ?1"
            }
            Self::Contacts => "SELECT id, email, name, phone FROM contact WHERE ?1 IS NULL ORDER BY id",
            // Whether the key lies open, and not the key.
            Self::Seals => {
                "SELECT vault.id, vault.created, unsealed_key IS NULL, seal.id, memory_kib, passes, salt, sealed, checksum,
                        kind, label, seal.created
                 FROM vault LEFT JOIN seal WHERE ?1 IS NULL ORDER BY seal.id"
            }
        }
    }

    /// SHA-256 over the rows, each value with its type and its length before it; none where there is no row.
    pub(crate) fn digest(
        self,
        db: &Connection,
        name: Option<&str>,
    ) -> Result<Option<Fingerprint>, StoreError> {
        let id;
        let key: &dyn ToSql = match &self {
            Self::Version(version) => {
                id = *version.as_bytes();
                &id
            }
            Self::Contacts | Self::Seals => &None::<&str>,
            Self::Certificate | Self::Operation | Self::Issuer | Self::Authority => &name,
        };
        let mut statement = db.prepare_cached(self.query())?;
        let columns = statement.column_count();
        let mut rows = statement.query([key])?;
        let mut bytes = Vec::with_capacity(4096);
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                add(&mut bytes, row.get_ref(column)?);
            }
        }
        Ok((!bytes.is_empty()).then(|| Fingerprint::of(&bytes)))
    }
}

fn add(bytes: &mut Vec<u8>, value: ValueRef<'_>) {
    let integer;
    let (kind, content): (u8, &[u8]) = match value {
        ValueRef::Null => (0, &[]),
        ValueRef::Integer(number) => {
            integer = number.to_be_bytes();
            (1, &integer)
        }
        ValueRef::Real(number) => {
            integer = number.to_be_bytes();
            (2, &integer)
        }
        ValueRef::Text(text) => (3, text),
        ValueRef::Blob(blob) => (4, blob),
    };
    let length = u64::try_from(content.len()).expect("a value is in memory");
    bytes.push(kind);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(content);
}

/// What a transaction found in rows before it changed them.
#[derive(Debug, Default)]
pub(super) struct Before {
    rows: BTreeMap<Kept, Fingerprint>,
}

impl Before {
    /// Looks at rows as they are now; those that are not there are none.
    pub(super) fn look(
        &mut self,
        db: &Connection,
        name: Option<&str>,
        at: impl IntoIterator<Item = Kept>,
    ) -> Result<(), StoreError> {
        for kept in at {
            if let Some(digest) = kept.digest(db, name)? {
                // What was seen first was there before.
                self.rows.entry(kept).or_insert(digest);
            }
        }
        Ok(())
    }

    /// Refuses to go on with what is not as the ledger says it was left: the act would become its origin. What is not
    /// there is not looked for, and nor are versions; the entry says what was found of them.
    pub(super) fn compare(&self, db: &Connection, name: Option<&str>) -> Result<(), StoreError> {
        let mut unseen = self.rows.clone();
        if unseen.is_empty() {
            return Ok(());
        }
        super::ledger::each_entry_backwards(db, name, |entry| {
            for (kept, left) in left(entry) {
                if unseen.remove(&kept).is_some_and(|found| Some(found) != left) {
                    return Err(StoreError::NotAsLeft { what: kept.described(name), by: entry.sequence });
                }
            }
            Ok(!unseen.is_empty())
        })
    }

    /// An event with what it found in the rows that it touched, and with what is in them now, which is what it left where
    /// nothing comes behind it in its transaction.
    pub(super) fn with_state(&mut self, db: &Connection, event: Event) -> Result<Event, StoreError> {
        let (mut state, mut found) = (Map::new(), Vec::new());
        for kept in touched(&event) {
            let digest = kept.digest(db, event.name.as_deref())?;
            state.insert(kept.member(), digest.map(|digest| digest.hex()).into());
            let before = match digest {
                Some(digest) => self.rows.insert(kept, digest),
                None => self.rows.remove(&kept),
            };
            found.push((kept, before));
        }
        if state.is_empty() {
            return Ok(event);
        }
        Ok(event.with(STATE, state).with(FOUND, digest_of_found(found).hex()))
    }
}

/// One digest over what was found in several rows.
fn digest_of_found(mut found: Vec<(Kept, Option<Fingerprint>)>) -> Fingerprint {
    found.sort_unstable_by_key(|(kept, _)| *kept);
    let mut bytes = Vec::new();
    for (kept, digest) in found {
        add(&mut bytes, ValueRef::Text(kept.member().as_bytes()));
        add(&mut bytes, digest.as_ref().map_or(ValueRef::Null, |digest| ValueRef::Blob(digest.as_bytes())));
    }
    Fingerprint::of(&bytes)
}

/// Whether an act found the rows that it touched as they were left. Nothing where nobody knows: the entry is of a program
/// before it kept this, or nothing tells of some of the rows.
pub(crate) fn found_as(
    entry: &Entry,
    left_before: impl Fn(Kept) -> Option<Option<Fingerprint>>,
) -> Option<bool> {
    let found = Fingerprint::from_hex(entry.detail.get(FOUND)?.as_str()?)?;
    let expected = left(entry).map(|(kept, _)| Some((kept, left_before(kept)?)));
    Some(digest_of_found(expected.collect::<Option<_>>()?) == found)
}

pub(super) fn touched(event: &Event) -> Vec<Kept> {
    match event.act {
        Act::Init | Act::Passphrase => vec![Kept::Seals],
        Act::Desk if event.name.is_none() => vec![Kept::Contacts],
        Act::Desk => vec![Kept::Issuer],
        Act::Authority => vec![Kept::Authority, Kept::Issuer],
        Act::Create
        | Act::Cancel
        | Act::PendingDeleted
        | Act::DeskEnded
        | Act::Merge
        | Act::Import
        | Act::Restore
        | Act::Set
        | Act::Delete
        | Act::Recover
        | Act::Purge => {
            let several = event.detail.get("versions").and_then(Value::as_array);
            let several = several.into_iter().flatten().filter_map(Value::as_str);
            let versions = several.chain(event.version.as_deref()).filter_map(Identifier::from_hex);
            [Kept::Certificate, Kept::Operation].into_iter().chain(versions.map(Kept::Version)).collect()
        }
        Act::Begin
        | Act::RequestExported
        | Act::Judge
        | Act::Refuse
        | Act::SecretExported
        | Act::Backup
        | Act::Sign => Vec::new(),
    }
}

/// What an entry says it left in rows: their digest, or that there are none. An entry of an act that changes nothing, or
/// of a program before it kept this, says nothing.
pub(crate) fn left(entry: &Entry) -> impl Iterator<Item = (Kept, Option<Fingerprint>)> {
    // What takes no vault key changes nothing, whatever it says.
    let state = entry.detail.get(STATE).filter(|_| entry.act.takes_vault_key()).and_then(Value::as_object);
    state.into_iter().flatten().filter_map(|(member, digest)| {
        let digest = match digest {
            Value::Null => None,
            digest => Some(Fingerprint::from_hex(digest.as_str()?)?),
        };
        Some((Kept::of_member(member)?, digest))
    })
}
