//! What a ledger says is in the vault, held against what is there.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::fingerprint::Fingerprint;
use crate::ledger::Entry;
use crate::name::escape;
use crate::store::{self, Kept, OF_NAME, OF_VAULT, StoreError};

/// What the entries about one name, or about none, say of its rows.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    told: BTreeMap<Kept, Told>,
    /// Acts that found something else than what was left before them.
    not_found: Vec<String>,
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
    /// The next entry. Where entries tell of everything, what none told of was not there.
    pub(super) fn read(&mut self, entry: &Entry, tells_all: bool) {
        let by = entry.sequence;
        let before = |kept: Kept| match self.told.get(&kept) {
            Some(told) => Some(told.left),
            None => tells_all.then_some(None),
        };
        if store::found_as(entry, before) == Some(false) {
            let name = entry.name.as_deref();
            let what: Vec<String> = store::left(entry)
                .map(|(kept, _)| match self.told.get(&kept) {
                    Some(told) => format!("{} (of entry {})", kept.described(name), told.by),
                    None => format!("{} (of no entry)", kept.described(name)),
                })
                .collect();
            self.not_found.push(format!(
                "when entry {by} was written, one of these was not as it was left, and had been changed by other means: {}",
                what.join(", ")
            ));
        }
        self.told.extend(store::left(entry).map(|(kept, left)| (kept, Told { by, left })));
    }

    /// Whether the first entry is that of a vault whose entries tell of everything.
    pub(super) fn tells_all(&self) -> bool {
        self.told.contains_key(&Kept::Seals)
    }

    /// What is in the vault and not as it was left. What no entry tells of is a fault where they tell of everything.
    fn faults(self, db: &Connection, name: Option<&str>, tells_all: bool) -> Result<Vec<String>, StoreError> {
        let mut faults = self.not_found;
        for (kept, Told { by, left }) in &self.told {
            let found = kept.digest(db, name)?;
            if found == *left {
                continue;
            }
            let what = kept.described(name);
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
                faults.push(format!("a version of {} has no id", escape(name.unwrap_or_default())));
            }
            let versions = versions.into_iter().flatten().map(Kept::Version);
            let of_its_kind = if name.is_some() { &OF_NAME[..] } else { &OF_VAULT[..] };
            for kept in of_its_kind.iter().copied().chain(versions) {
                if !self.told.contains_key(&kept) && kept.digest(db, name)?.is_some() {
                    let what = kept.described(name);
                    faults.push(format!("{what} is in the vault, and no entry tells of it"));
                }
            }
        }
        Ok(faults)
    }
}

/// Holds a ledger against the vault: `unnamed` is what its entries about no name say, and those that have one are
/// read again, name by name, so that memory does not grow with the vault.
pub(super) fn faults(
    db: &Connection,
    unnamed: Inventory,
    tells_all: bool,
) -> Result<Vec<String>, StoreError> {
    let mut faults = unnamed.faults(db, None, tells_all)?;
    let mut after = String::new();
    loop {
        let names = store::ledger_names(db, &after, PAGE)?;
        let Some(last) = names.last() else { break };
        after.clone_from(last);
        for name in &names {
            let mut inventory = Inventory::default();
            store::each_entry(db, name, |entry| inventory.read(entry, tells_all))?;
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
