//! What was done, by whom, and why: an append-only record of acts, each chained to the one before it.
//!
//! The CA/Browser Forum Baseline Requirements, 5.4.1, list what a CA records of its keys and of the certificates'
//! life, and what a record holds at least: date and time, who made it, and what happened. Here it is so for whoever
//! asks a CA.
//!
//! Two things hold a ledger together:
//!
//! * the chain: each entry's hash is over its own members and the hash before it. Anybody can check it, and whoever
//!   wrote down a [`Head`] can tell whether what stood before it still does;
//! * the keys: each entry is authenticated with a key that is used once. The next one is made of it, one way, so that
//!   acts without a passphrase can be added, and only the vault key can make the keys of entries that are there.
//!   Whoever changes the file can add entries, as whoever runs the program can; to change, take out, reorder or cut
//!   off what is there he would need keys that are gone. That there was a ledger from the beginning the vault key
//!   itself knows.
//!
//! It knows no vault: `store` keeps the entries, `vault` says when there is one.

mod act;
mod head;
mod json;
mod key;
mod proof;
mod sheet;

use serde_json::{Map, Value};

use crate::fingerprint::Fingerprint;
use crate::time::UnixTime;

pub use act::Act;
pub use head::{Head, HeadError, WrittenHead};
pub use json::{EntryError, read_lines};
pub(crate) use key::{ChainKey, Sealer};
pub(crate) use proof::Prover;
pub use proof::{LedgerFault, Proof};
pub use sheet::sheet;

/// One act, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1, without gaps.
    pub sequence: u64,
    /// When, as RFC 3339: the time at which the act was to happen, `--at` included.
    pub time: UnixTime,
    /// What was done.
    pub act: Act,
    /// The certificate's name, the issuer's, the CA's.
    pub name: Option<String>,
    /// The version's id.
    pub version: Option<String>,
    /// SHA-256 of the public key that it was about (SubjectPublicKeyInfo), in hex.
    pub public_key: Option<Fingerprint>,
    /// Who did it.
    pub operator: String,
    /// Who saw it.
    pub witness: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The program's version.
    pub program: String,
    /// What else belongs to it: rules, request ids, formats.
    pub detail: Map<String, Value>,
    /// SHA-256 over the hash before it and all of the above.
    pub hash: Fingerprint,
}

/// Who does something, who sees it, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribution {
    /// `--operator`, else the system's user.
    pub operator: String,
    /// `--witness`.
    pub witness: Option<String>,
    /// `--reason`.
    pub reason: Option<String>,
    /// What the machine's clock said, where another time was stated for the act.
    pub clock: Option<UnixTime>,
}

/// What happened, before it has a place in the ledger.
#[derive(Clone, Debug)]
pub struct Event {
    /// What was done.
    pub act: Act,
    /// To which certificate, issuer or CA.
    pub name: Option<String>,
    /// To which version.
    pub version: Option<String>,
    /// With which key.
    pub public_key: Option<Fingerprint>,
    /// What else belongs to it.
    pub detail: Map<String, Value>,
}

impl Event {
    /// An act alone.
    pub fn of(act: Act) -> Self {
        Self { act, name: None, version: None, public_key: None, detail: Map::new() }
    }

    /// An act on something that has a name.
    pub fn on(act: Act, name: &(impl ToString + ?Sized)) -> Self {
        Self { name: Some(name.to_string()), ..Self::of(act) }
    }

    /// With the version that it was about.
    #[must_use]
    pub fn version(self, version: &impl ToString) -> Self {
        Self { version: Some(version.to_string()), ..self }
    }

    /// With the key that it was about.
    #[must_use]
    pub fn key(self, public_key: Fingerprint) -> Self {
        Self { public_key: Some(public_key), ..self }
    }

    /// With something else that belongs to it.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(member.to_owned(), value.into());
        self
    }
}

impl Entry {
    /// Gives an event its place behind `before`.
    pub(crate) fn behind(before: &Head, event: Event, by: &Attribution, now: UnixTime) -> Self {
        let Event { act, name, version, public_key, mut detail } = event;
        if let Some(clock) = by.clock.filter(|clock| *clock != now) {
            detail.insert("clock".to_owned(), clock.to_string().into());
        }
        let mut entry = Self {
            sequence: before.sequence + 1,
            time: now,
            act,
            name,
            version,
            public_key,
            operator: by.operator.clone(),
            witness: by.witness.clone(),
            reason: by.reason.clone(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            detail,
            hash: before.hash,
        };
        entry.hash = entry.chained(&before.hash);
        entry
    }

    /// The head that the ledger has with this entry at its end.
    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash }
    }

    /// The members of [`Self::detail`] that are for people.
    pub fn told(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.detail.iter().filter(|(member, _)| ![STATE, FOUND, OPENED_BY].contains(&member.as_str()))
    }

    /// By which seal the vault was opened for it: `recovery key paper`. None where it took no vault key, where the vault
    /// had no passphrase, and in entries of before this was written down.
    pub fn opened_by(&self) -> Option<&str> {
        self.detail.get(OPENED_BY).and_then(Value::as_str)
    }

    /// Whether its hash is that of its members behind `before`.
    pub(crate) fn is_chained(&self, before: &Fingerprint) -> bool {
        self.chained(before) == self.hash
    }

    /// SHA-256 over each member with its length before it, so that no two entries share their bytes.
    fn chained(&self, before: &Fingerprint) -> Fingerprint {
        let detail = Value::Object(self.detail.clone()).to_string();
        let numbers = [self.sequence.to_be_bytes(), self.time.unix_seconds().to_be_bytes()].concat();
        let mut bytes = Vec::with_capacity(512);
        let mut add = |member: Option<&[u8]>| {
            // A member that is absent is not an empty one.
            bytes.push(u8::from(member.is_some()));
            let member = member.unwrap_or_default();
            let length = u64::try_from(member.len()).expect("a member is in memory");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(member);
        };
        add(Some(CHAIN));
        add(Some(before.as_bytes()));
        add(Some(&numbers));
        add(Some(self.act.name().as_bytes()));
        add(self.name.as_deref().map(str::as_bytes));
        add(self.version.as_deref().map(str::as_bytes));
        add(self.public_key.as_ref().map(|key| &key.as_bytes()[..]));
        add(Some(self.operator.as_bytes()));
        add(self.witness.as_deref().map(str::as_bytes));
        add(self.reason.as_deref().map(str::as_bytes));
        add(Some(self.program.as_bytes()));
        add(Some(detail.as_bytes()));
        Fingerprint::of(&bytes)
    }
}

/// The member of an entry's detail that says what the act left, for the audit and not for people.
pub(crate) const STATE: &str = "state";
/// The member that says what the act found there, as one digest.
pub(crate) const FOUND: &str = "found";
/// The member that says by which seal the vault was opened.
const OPENED_BY: &str = "opened_by";

/// Characters of an operator, a witness, a reason: a line or two on paper.
pub const WORDS_CHARACTERS_MAX: usize = 200;

const CHAIN: &[u8] = b"coldcert ledger entry v1";

/// The end of a ledger as it is kept, with the key for what comes after it; none in a vault that was there before its
/// ledger, until an act has the vault key.
pub(crate) struct End {
    pub(crate) head: Head,
    pub(crate) key: Option<ChainKey>,
}

/// An entry as it is kept.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) entry: Entry,
    /// Whether the act had the vault key, which then made the next key.
    pub(crate) is_keyed: bool,
    /// What authenticates it.
    pub(crate) tag: Option<[u8; 32]>,
}

impl End {
    /// Adds an event: the entry, and the end behind it.
    pub(crate) fn add(
        self,
        event: Event,
        by: &Attribution,
        sealer: Option<&Sealer>,
        now: UnixTime,
    ) -> (Stored, Self) {
        let Self { head, key } = self;
        let event = match sealer {
            Some(sealer) => sealer.named(event),
            None => event,
        };
        let entry = Entry::behind(&head, event, by, now);
        let key = key.or_else(|| sealer.map(|sealer| sealer.first(&head.hash)));
        let tag = key.as_ref().map(|key| key.tag(&entry.hash));
        let next = match sealer {
            Some(sealer) => Some(sealer.next(&entry.hash)),
            None => key.map(|key| key.next(&entry.hash)),
        };
        let end = Self { head: entry.head(), key: next };
        (Stored { entry, is_keyed: sealer.is_some(), tag }, end)
    }
}

#[cfg(test)]
mod tests;
