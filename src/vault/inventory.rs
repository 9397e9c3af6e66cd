//! What a ledger says is in the vault, held against what is there.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::fingerprint::Fingerprint;
use crate::ledger::Entry;
use crate::store::{self, Kept, StoreError};

/// What the entries about one name, or about none, say of its rows.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    told: BTreeMap<Kept, Told>,
}

/// The last word on something.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// The number of the entry.
    by: u64,
    /// What it left there, if anything.
    left: Option<Fingerprint>,
}

impl Inventory {
    /// The next entry.
    pub(super) fn read(&mut self, entry: &Entry) {
        let by = entry.sequence;
        self.told.extend(store::left(entry).map(|(kept, left)| (kept, Told { by, left })));
    }

    /// What is in the vault and not as it was left. What no entry tells of is a fault where they tell of everything.
    fn faults(self, db: &Connection, name: Option<&str>, tells_all: bool) -> Result<Vec<String>, StoreError> {
        let mut faults = Vec::new();
        for (kept, Told { by, left }) in &self.told {
            let found = kept.digest(db, name)?;
            if found == *left {
                continue;
            }
            let what = described(*kept, name);
            faults.push(match (left, found) {
                (Some(_), None) => format!("{what}, which entry {by} tells of, is not in the vault"),
                (None, Some(_)) => format!("{what} is in the vault, and was taken away by entry {by}"),
                _ if *kept == Kept::Certificate => {
                    format!("{what} is not as entry {by} left it: its policy, tags, dates or deletion")
                }
                _ => format!("{what} is not as entry {by} left it"),
            });
        }
        if tells_all {
            let versions = store::version_ids(db, name)?;
            if versions.contains(&None) {
                faults.push(format!("a version of {} has no id", name.unwrap_or_default()));
            }
            let versions = versions.into_iter().flatten().map(Kept::Version);
            for kept in of_its_kind(name).iter().copied().chain(versions) {
                if !self.told.contains_key(&kept) && kept.digest(db, name)?.is_some() {
                    let what = described(kept, name);
                    faults.push(format!("{what} is in the vault, and no entry tells of it"));
                }
            }
        }
        Ok(faults)
    }
}

/// What there may be one of, under a name or without.
fn of_its_kind(name: Option<&str>) -> &'static [Kept] {
    match name {
        Some(_) => &[Kept::Certificate, Kept::Operation, Kept::Issuer, Kept::Authority],
        None => &[Kept::Contacts, Kept::Seals],
    }
}

fn described(kept: Kept, name: Option<&str>) -> String {
    let name = name.unwrap_or_default();
    match kept {
        Kept::Certificate => format!("the certificate {name}"),
        Kept::Operation => format!("the operation of {name}"),
        Kept::Version(id) => format!("{name} version {id}"),
        Kept::Issuer => format!("the issuer {name}"),
        Kept::Authority => format!("the CA {name}"),
        Kept::Contacts => "the list of contacts".to_owned(),
        Kept::Seals => "the list of passphrases".to_owned(),
    }
}

/// Holds a whole ledger against the vault: `unnamed` is what its entries about no name say, and those that have one are
/// read again, name by name, so that memory does not grow with the vault.
pub(super) fn faults(
    db: &Connection,
    unnamed: Inventory,
    is_since_init: bool,
) -> Result<Vec<String>, StoreError> {
    // The first entry of a vault that is no older than this.
    let tells_all = is_since_init && unnamed.told.contains_key(&Kept::Seals);
    let mut faults = unnamed.faults(db, None, tells_all)?;
    let mut after = String::new();
    loop {
        let names = store::ledger_names(db, &after, PAGE)?;
        let Some(last) = names.last() else { break };
        after.clone_from(last);
        for name in &names {
            let mut inventory = Inventory::default();
            store::each_entry(db, name, |entry| inventory.read(entry))?;
            faults.extend(inventory.faults(db, Some(name), tells_all)?);
        }
    }
    if tells_all {
        for name in store::names_outside_ledger(db)? {
            faults.extend(Inventory::default().faults(db, Some(&name), tells_all)?);
        }
    }
    Ok(faults)
}

/// As many names at a time are read.
const PAGE: u32 = 500;
