//! The ledger of a vault: what writes it, and what reads and checks it.

use rusqlite::Connection;

use super::events::{self, of_operation, with_rules};
use super::inventory::{self, Inventory};
use super::{Vault, VaultError};
use crate::fingerprint::Fingerprint;
use crate::key::Signer;
use crate::ledger::{Act, Entry, Event, Head, LedgerFault, Proof, Prover, Sealer, Stored, WrittenHead};
use crate::name::escape;
use crate::pending::Operation;
use crate::policy::ObjectName;
use crate::record::{Record, Refused};
use crate::seal::VaultKey;
use crate::secret::Secret;
use crate::store::{self, About, StoreError, Unreadable};
use crate::time::UnixTime;
use crate::verdict::Verdict;

/// What a check of the ledger, and of what it tells about, found.
#[derive(Debug)]
pub struct Audited {
    /// The ledger.
    pub proof: Proof,
    /// Keys that were opened in their places; none where the vault key was not given.
    pub keys: Option<u64>,
    /// What is not in the vault as it tells, and keys that did not open.
    pub faults: Vec<String>,
}

impl Audited {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.proof.is_whole() && self.faults.is_empty()
    }
}

impl Vault {
    /// Gives out a version's secret, with its key where that may leave; that it left is in the ledger before it does.
    pub fn release<'r>(
        &mut self,
        vault_key: &VaultKey,
        record: &'r Record,
        form: &str,
        now: UnixTime,
    ) -> Result<Secret<'r>, VaultError> {
        let secret = Secret::open(record, vault_key)?;
        if secret.has_private_key() {
            let event = Event::on(Act::SecretExported, &record.name)
                .version(&record.version)
                .key(record.certificate.public_key().fingerprint())
                .with("form", form);
            let transaction = self.store.begin(About::Nothing)?;
            // Whoever was asked for a passphrase may have been away for long: what was purged meanwhile stays in.
            let entry = store::entry(&transaction, &record.name)?.filter(|entry| entry.deleted.is_none());
            let is_there = match &entry {
                Some(entry) => {
                    store::versions(&transaction, entry)?.iter().any(|one| one.version == record.version)
                }
                None => false,
            };
            if !is_there {
                let (name, version) = (record.name.to_string(), Some(record.version.to_string()));
                return Err(VaultError::CertificateNotFound { name, version });
            }
            events::commit(transaction, &self.by, Some(vault_key), [event], now)?;
        }
        Ok(secret)
    }

    /// Says in the ledger that a request was written out.
    pub fn record_request_exported(
        &mut self,
        operation: &Operation,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let request = Fingerprint::of(operation.request().as_der());
        let event = of_operation(Act::RequestExported, operation).with("request", request.hex());
        self.record_alone(None, event, now)
    }

    /// Says in the ledger that an answer was judged, and not merged.
    pub fn record_judgement(
        &mut self,
        name: &str,
        verdict: &Verdict,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let event = Event::on(Act::Judge, name)
            .with("profile", verdict.profile().name())
            .with("accepted", verdict.is_accepted());
        let event = match verdict.path().first() {
            Some(leaf) => {
                event.key(leaf.public_key().fingerprint()).with("certificate", leaf.fingerprint().hex())
            }
            None => event,
        };
        self.record_alone(None, with_rules(event, verdict.findings()), now)
    }

    pub(super) fn record_refusal(
        &mut self,
        vault_key: &VaultKey,
        made: Option<Event>,
        refused: &Refused,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let Refused { pending, verdict } = refused;
        let event = Event::on(Act::Refuse, &pending.name)
            .key(pending.request.public_key().fingerprint())
            .with("request_id", pending.request_id.to_string())
            .with("profile", verdict.profile().name());
        let event = match verdict.path().first() {
            Some(leaf) => event.with("certificate", leaf.fingerprint().hex()),
            None => event,
        };
        let transaction = self.store.begin(About::Nothing)?;
        let events = made.into_iter().chain([with_rules(event, verdict.findings())]);
        events::commit(transaction, &self.by, Some(vault_key), events, now)
    }

    /// An event that changes nothing else.
    pub(super) fn record_alone(
        &mut self,
        vault_key: Option<&VaultKey>,
        event: Event,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let transaction = self.store.begin(About::Nothing)?;
        events::commit(transaction, &self.by, vault_key, [event], now)
    }

    /// The entries of the ledger behind a number, at most so many; those about one name, or all.
    pub fn ledger(&self, after: u64, name: Option<&str>, limit: u32) -> Result<Vec<Entry>, VaultError> {
        let stored = store::ledger(self.store.connection(), after, name, limit)?;
        let entry = |stored: Result<Stored, Unreadable>| match stored {
            Ok(stored) => Ok(stored.entry),
            Err(Unreadable { sequence, .. }) => Err(StoreError::Entry { sequence }.into()),
        };
        stored.into_iter().map(entry).collect()
    }

    /// Where the ledger ends, by its own word.
    pub fn ledger_head(&self) -> Result<Head, VaultError> {
        Ok(store::ledger_end(self.store.connection())?.head)
    }

    /// Checks the ledger: its chain; with the vault key that it is authentic, and whole to its end; and that heads that
    /// were written down are still in it. Then that all that it tells of is in the vault as it was left, and with the
    /// vault key that every private key opens in its place.
    pub fn audit(
        &self,
        vault_key: Option<&VaultKey>,
        written: &[WrittenHead],
    ) -> Result<Audited, VaultError> {
        // Ledger and rows of one state: others may be at work.
        self.store.begin_reading()?;
        let proved = self.proved(vault_key, written);
        let db = self.store.connection();
        let shape =
            store::shape_faults(db).and_then(|shape| Ok([shape, store::integrity_faults(db)?].concat()));
        self.store.end_reading()?;
        let shape = shape?;
        let (proof, of_rows) = match proved {
            // A table that is not there, or a view in its place, is why.
            Err(VaultError::Store(_)) if !shape.is_empty() => {
                return Err(StoreError::AnotherShape { faults: shape.join("; ") }.into());
            }
            proved => proved?,
        };
        let mut faults = [shape, of_rows].concat();
        let keys = match vault_key {
            Some(key) => {
                let (keys, of_keys) = self.keys_in_place(key)?;
                faults.extend(of_keys);
                Some(keys)
            }
            None => None,
        };
        Ok(Audited { proof, keys, faults })
    }

    /// The ledger on its own, and what of what it tells is not in the vault.
    fn proved(
        &self,
        vault_key: Option<&VaultKey>,
        written: &[WrittenHead],
    ) -> Result<(Proof, Vec<String>), VaultError> {
        let db = self.store.connection();
        let sealer = vault_key.map(Sealer::of);
        let mut unnamed = Inventory::default();
        let is_since_init = vault_key.is_some_and(VaultKey::is_since_init);
        let mut prover = Prover::new(sealer.as_ref(), written).since_init(is_since_init);
        let mut after = 0;
        loop {
            let page = store::ledger(db, after, None, PAGE)?;
            let Some(last) = page.last() else { break };
            after = match last {
                Ok(stored) => stored.entry.sequence,
                Err(unreadable) => unreadable.sequence,
            };
            for stored in page {
                match stored {
                    Ok(stored) => {
                        if stored.entry.name.is_none() {
                            let tells_all = is_since_init && unnamed.tells_all();
                            unnamed.read(&stored.entry, tells_all);
                        }
                        prover.stored(stored);
                    }
                    Err(Unreadable { sequence, hash }) => prover.unreadable(sequence, hash),
                }
            }
        }
        let end = match store::ledger_end(db) {
            Ok(end) => Some(end),
            // Its row is not there, or holds what is no end.
            Err(StoreError::Content { .. } | StoreError::Sqlite(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let is_ended = end.is_some();
        let mut proof = prover.end(end.as_ref());
        if !is_ended {
            proof.faults.push(LedgerFault::CutOff { after: proof.head.sequence });
        }
        match store::before_first(db)? {
            0 => {}
            rows => proof.faults.insert(0, LedgerFault::BeforeFirst { rows }),
        }
        // What is left of a ledger that is not whole is held against the vault too, and what it does not tell of is not: one
        // fault that somebody made must not hide the others.
        let tells_all = is_since_init && proof.is_whole() && unnamed.tells_all();
        let faults = inventory::faults(db, unnamed, tells_all)?;
        Ok((proof, faults))
    }

    /// Opens every private key in its place.
    fn keys_in_place(&self, vault_key: &VaultKey) -> Result<(u64, Vec<String>), VaultError> {
        let (mut keys, mut faults) = (0, Vec::new());
        let db = self.store.connection();
        let mut after = None;
        loop {
            let names = store::every_name(db, after, PAGE)?;
            let Some((last, _)) = names.last() else { break };
            after = Some(*last);
            for (_, name) in &names {
                // One that cannot be read is a fault, and hides no other.
                if let Err(error) = keys_of(db, vault_key, name, &mut keys, &mut faults) {
                    faults.push(format!("{}: {error}", escape(name)));
                }
            }
        }
        let authorities = self.each_authority(vault_key, |name, fits| {
            keys += 1;
            note(&mut faults, &format!("the CA {name}"), fits.map_err(|error| error.to_string()));
        });
        if let Err(error) = authorities {
            faults.push(format!("a CA: {error}"));
        }
        Ok((keys, faults))
    }
}

/// Opens every private key of a name in its place.
fn keys_of(
    db: &Connection,
    vault_key: &VaultKey,
    name: &str,
    keys: &mut u64,
    faults: &mut Vec<String>,
) -> Result<(), StoreError> {
    let name = ObjectName::new(name).map_err(|_| StoreError::Content { what: "a name" })?;
    let Some(entry) = store::entry(db, &name)? else { return Ok(()) };
    for record in store::versions(db, &entry)? {
        *keys += 1;
        let opened =
            record.open_key(vault_key).map(|key| *key.public_key() == *record.certificate.public_key());
        let what = format!("{name} version {}", record.version);
        note(faults, &what, opened.map_err(|error| error.to_string()));
    }
    if let Some(
        Operation::InProgress(pending) | Operation::Cancelled(pending) | Operation::Failed(pending, _),
    ) = store::operation(db, &entry)?
    {
        *keys += 1;
        let opened =
            pending.open_key(vault_key).map(|key| *key.public_key() == *pending.request.public_key());
        note(faults, &format!("{name}, which waits"), opened.map_err(|error| error.to_string()));
    }
    Ok(())
}

fn note(faults: &mut Vec<String>, what: &str, opened: Result<bool, String>) {
    match opened {
        Ok(true) => {}
        Ok(false) => faults.push(format!("{what}: its key is another one")),
        Err(error) => faults.push(format!("{what}: {error}")),
    }
}

/// As many at a time are read.
const PAGE: u32 = 500;
