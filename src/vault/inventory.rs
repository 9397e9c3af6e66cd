//! What a ledger says is in the vault, held against what is there.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::Value;

use crate::ledger::{Act, Entry};
use crate::store::{self, StoreError};

/// What the entries read so far leave behind, with the entry that each came by. Names are in lower case, as the vault
/// tells them apart (reference 1.3).
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// By name and version.
    versions: BTreeMap<(String, String), u64>,
    /// By name and request id: operations that hold a key.
    operations: BTreeMap<(String, String), u64>,
    authorities: BTreeMap<String, u64>,
}

impl Inventory {
    /// The next entry.
    pub(super) fn read(&mut self, entry: &Entry) {
        let Some(name) = entry.name.as_deref().map(str::to_ascii_lowercase) else { return };
        let by = entry.sequence;
        match entry.act {
            Act::Create => {
                // It may take the place of one that the issuer ended.
                remove(&mut self.operations, &name);
                self.operations.extend(text(entry, "request_id").map(|id| ((name, id), by)));
            }
            Act::PendingDeleted => remove(&mut self.operations, &name),
            Act::Merge | Act::Import => {
                let request_id = text(entry, "request_id");
                if let Some(id) = request_id {
                    self.operations.remove(&(name.clone(), id));
                }
                self.versions.extend(entry.version.clone().map(|version| ((name, version), by)));
            }
            Act::Restore => {
                let versions = entry.detail.get("versions").and_then(Value::as_array);
                let versions = versions.into_iter().flatten().filter_map(Value::as_str);
                self.versions.extend(versions.map(|version| ((name.clone(), version.to_owned()), by)));
            }
            Act::Purge => {
                remove(&mut self.versions, &name);
                remove(&mut self.operations, &name);
            }
            Act::Authority => {
                self.authorities.insert(name, by);
            }
            Act::Init
            | Act::Begin
            | Act::RequestExported
            | Act::Cancel
            | Act::DeskEnded
            | Act::Judge
            | Act::Refuse
            | Act::SecretExported
            | Act::Backup
            | Act::Set
            | Act::Delete
            | Act::Recover
            | Act::Passphrase
            | Act::Desk
            | Act::Sign => {}
        }
    }

    /// What is not as the ledger says. What it does not tell of is a fault where it tells of everything: a vault may be
    /// older than its ledger.
    pub(super) fn faults(mut self, db: &Connection, tells_all: bool) -> Result<Vec<String>, StoreError> {
        let mut faults = Vec::new();
        let mut untold = |what: String| {
            if tells_all {
                faults.push(format!("{what} is in the vault, and no entry tells of it"));
            }
        };
        store::each_version(db, |name, version| {
            let key = (name, version);
            if self.versions.remove(&key).is_none() {
                untold(format!("{} version {}", key.0, key.1));
            }
        })?;
        store::each_key_holder(db, |name, request_id| {
            let key = (name, request_id);
            if self.operations.remove(&key).is_none() {
                untold(format!("{}, which waits by request {},", key.0, key.1));
            }
        })?;
        store::each_authority_name(db, |name| {
            if self.authorities.remove(&name).is_none() {
                untold(format!("the CA {name}"));
            }
        })?;
        let mut missing = |what: String, by: u64| {
            faults.push(format!("{what}, which entry {by} tells of, is not in the vault"));
        };
        for ((name, version), by) in self.versions {
            missing(format!("{name} version {version}"), by);
        }
        for ((name, request_id), by) in self.operations {
            missing(format!("the operation of {name} by request {request_id}"), by);
        }
        for (name, by) in self.authorities {
            missing(format!("the CA {name}"), by);
        }
        Ok(faults)
    }
}

fn text(entry: &Entry, member: &str) -> Option<String> {
    entry.detail.get(member).and_then(Value::as_str).map(str::to_owned)
}

/// Takes away whatever there is of a name.
fn remove(held: &mut BTreeMap<(String, String), u64>, name: &str) {
    let of_name: Vec<_> = held
        .range((name.to_owned(), String::new())..)
        .map(|(key, _)| key)
        .take_while(|(own, _)| own == name)
        .cloned()
        .collect();
    for key in of_name {
        held.remove(&key);
    }
}
