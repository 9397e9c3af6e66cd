//! Whether a ledger is whole: nothing taken out, changed, moved, cut off, or put in its middle.

use std::collections::BTreeMap;
use std::fmt;

use super::{Act, ChainKey, End, Entry, Head, Sealer, Stored, WrittenHead};
use crate::fingerprint::Fingerprint;

/// What a check of a ledger found.
#[derive(Debug, PartialEq, Eq)]
pub struct Proof {
    /// Entries that were read.
    pub entries: u64,
    /// How many of them were authenticated; none where the vault key was not given.
    pub authenticated: Option<u64>,
    /// Where it ends.
    pub head: Head,
    /// What is wrong with it, in the order of the entries.
    pub faults: Vec<LedgerFault>,
}

impl Proof {
    /// Checks the chain of entries that were carried elsewhere, and heads that were written down. What authenticates
    /// entries stays in the vault.
    pub fn of_entries(entries: Vec<Entry>, written: &[WrittenHead]) -> Self {
        let mut prover = Prover::new(None, written);
        for entry in entries {
            prover.checked(&entry, None);
        }
        prover.end(None)
    }

    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }
}

/// What is wrong with a ledger. Entries are named by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerFault {
    /// There is no entry at all.
    Empty,
    /// It does not begin with the making of the vault, nor with its own.
    Beginning,
    /// Entries are not there.
    Missing {
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// Whether an entry is what was written cannot be told: what stood before it is not there.
    Unchecked {
        /// The entry.
        sequence: u64,
    },
    /// An entry, or its hash, is not what was written.
    Changed {
        /// The entry.
        sequence: u64,
    },
    /// An entry stands in another's place.
    Moved {
        /// Where it stands.
        sequence: u64,
        /// Where it was written.
        from: u64,
    },
    /// Entries were not authenticated by the keys that the vault key makes.
    NotAuthentic {
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// An act that takes the vault key was written without it.
    WithoutKey {
        /// The entry.
        sequence: u64,
        /// The act.
        act: Act,
    },
    /// Rows stand before the first entry.
    BeforeFirst {
        /// How many.
        rows: u64,
    },
    /// It ends before it did: the key that is kept for the next entry is not the one after the last.
    CutOff {
        /// The last entry that is there.
        after: u64,
    },
    /// A head that was written down is not this ledger's.
    AnotherHead {
        /// The number that was written.
        sequence: u64,
        /// What the ledger has there.
        found: Option<Head>,
    },
}

impl fmt::Display for LedgerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = |from: &u64, to: &u64| match from == to {
            true => format!("entry {from}"),
            false => format!("entries {from} to {to}"),
        };
        match self {
            Self::Empty => f.write_str("the ledger holds no entry: the vault was made before there were ledgers, or all were taken out"),
            Self::Beginning => {
                f.write_str("entry 1 is not the beginning of this vault's ledger: what was there before was taken out")
            }
            Self::Missing { from, to } => write!(f, "{}: missing", entries(from, to)),
            Self::Unchecked { sequence } => {
                write!(f, "entry {sequence}: may have been changed, what it is chained to is not there to tell")
            }
            Self::Changed { sequence } => write!(f, "entry {sequence}: changed, its hash is not that of what it says"),
            Self::Moved { sequence, from } => write!(f, "entry {sequence}: moved, it was written as entry {from}"),
            Self::NotAuthentic { from, to } => {
                write!(f, "{}: not authentic, the vault key did not make the keys that it was written with", entries(from, to))
            }
            Self::WithoutKey { sequence, act } => {
                write!(f, "entry {sequence}: {act} takes the vault key, and it was written without")
            }
            Self::BeforeFirst { rows } => write!(f, "before entry 1: {rows} rows that are no entries"),
            Self::CutOff { after } => write!(
                f,
                "after entry {after}: cut off, there was at least one more; or somebody without the vault key put entry {after} there"
            ),
            Self::AnotherHead { sequence, found: Some(found) } => {
                write!(f, "entry {sequence}: not the one whose head was written down, the ledger has {found}")
            }
            Self::AnotherHead { sequence, found: None } => {
                write!(f, "entry {sequence}: a head was written down for it, and it is not there")
            }
        }
    }
}

/// Checks a ledger, entry by entry.
pub(crate) struct Prover<'s> {
    sealer: Option<&'s Sealer>,
    /// Whether the vault is no older than its ledger.
    is_since_init: bool,
    written: Vec<WrittenHead>,
    head: Head,
    /// Whether the hash of the entry before is there to be chained to.
    is_hash_known: bool,
    entries: u64,
    authenticated: u64,
    key: Expected,
    faults: Vec<LedgerFault>,
    /// Those whose hash is not that of what they say, for the question whether they were moved.
    broken: Vec<Entry>,
    /// Hashes near them, by the number of the entry behind.
    before: BTreeMap<u64, Fingerprint>,
    not_authentic: Option<(u64, u64)>,
}

/// The key with which the next entry has to be authenticated.
enum Expected {
    /// None has been yet: the vault may be older than its ledger.
    None,
    Key(ChainKey),
    /// Entries are missing, and their keys with them, up to the next one that the vault key makes.
    Unknown,
}

/// What authenticates an entry, where that is known.
struct Authentication {
    is_keyed: bool,
    tag: Option<[u8; 32]>,
}

impl<'s> Prover<'s> {
    /// Checks the chain; with what the vault key gives also the authenticity; and heads that were written down.
    pub(crate) fn new(sealer: Option<&'s Sealer>, written: &[WrittenHead]) -> Self {
        Self {
            sealer,
            is_since_init: false,
            written: written.to_vec(),
            head: Head::start(),
            is_hash_known: true,
            entries: 0,
            authenticated: 0,
            key: Expected::None,
            faults: Vec::new(),
            broken: Vec::new(),
            before: BTreeMap::new(),
            not_authentic: None,
        }
    }

    /// The ledger has to begin with the making of the vault, and with nothing later.
    pub(crate) fn since_init(self, is_since_init: bool) -> Self {
        Self { is_since_init, ..self }
    }

    pub(crate) fn stored(&mut self, stored: Stored) {
        let Stored { entry, is_keyed, tag } = stored;
        self.checked(&entry, Some(&Authentication { is_keyed, tag }));
    }

    /// Takes an entry of which only the number can be read, or the hash too.
    pub(crate) fn unreadable(&mut self, sequence: u64, hash: Option<Fingerprint>) {
        self.end_not_authentic();
        if sequence > self.head.sequence + 1 {
            self.faults.push(LedgerFault::Missing { from: self.head.sequence + 1, to: sequence - 1 });
        }
        self.faults.push(LedgerFault::Changed { sequence });
        self.key = Expected::Unknown;
        // What stands behind it is chained to the hash that it has.
        self.is_hash_known = hash.is_some();
        self.head = Head { sequence, hash: hash.unwrap_or(self.head.hash) };
        self.entries += 1;
    }

    /// Takes the next entry.
    fn checked(&mut self, entry: &Entry, authentication: Option<&Authentication>) {
        let next = self.head.sequence.saturating_add(1);
        let is_next = entry.sequence == next;
        if entry.sequence > next {
            self.end_not_authentic();
            self.faults.push(LedgerFault::Missing { from: next, to: entry.sequence - 1 });
            self.faults.push(LedgerFault::Unchecked { sequence: entry.sequence });
            self.key = Expected::Unknown;
        } else if is_next && entry.sequence == 1 && !self.may_begin_with(entry.act) {
            self.faults.push(LedgerFault::Beginning);
        }
        if authentication.is_some_and(|one| !one.is_keyed)
            && self.is_since_init
            && entry.act.takes_vault_key()
        {
            self.faults.push(LedgerFault::WithoutKey { sequence: entry.sequence, act: entry.act });
        }
        if is_next && !self.is_hash_known {
            self.faults.push(LedgerFault::Unchecked { sequence: entry.sequence });
        }
        let is_chained = !self.is_hash_known || entry.is_chained(&self.head.hash);
        if let (Some(sealer), Some(authentication)) = (self.sealer, authentication) {
            self.authenticate(sealer, entry, authentication);
        }
        if (is_next && !is_chained) || entry.sequence <= self.head.sequence {
            self.end_not_authentic();
            self.faults.push(LedgerFault::Changed { sequence: entry.sequence });
            if self.broken.len() < BROKEN_MAX {
                self.broken.push(entry.clone());
            }
        }
        if self.broken.len() < BROKEN_MAX {
            self.before.insert(entry.sequence, self.head.hash);
        }
        for written in &self.written {
            if written.sequence == entry.sequence && !written.is_of(&entry.head()) {
                let found = Some(entry.head());
                self.faults.push(LedgerFault::AnotherHead { sequence: entry.sequence, found });
            }
        }
        self.entries += 1;
        self.head = entry.head();
        self.is_hash_known = true;
    }

    fn may_begin_with(&self, act: Act) -> bool {
        act == Act::Init || (act == Act::Begin && !self.is_since_init)
    }

    fn authenticate(&mut self, sealer: &Sealer, entry: &Entry, authentication: &Authentication) {
        let expected = std::mem::replace(&mut self.key, Expected::Unknown);
        let key = match (expected, &authentication.tag) {
            // Nobody had the vault key yet, in a vault that is older than its ledger.
            (Expected::None, None) if !self.is_since_init => {
                self.key = Expected::None;
                return;
            }
            (Expected::None, _) => Some(sealer.first(&self.head.hash)),
            (Expected::Key(key), _) => Some(key),
            (Expected::Unknown, _) => None,
        };
        if let Some(key) = &key {
            match authentication.tag.is_some_and(|tag| key.is_tag(&entry.hash, &tag)) {
                true => {
                    self.end_not_authentic();
                    self.authenticated += 1;
                }
                false => {
                    let first = self.not_authentic.map_or(entry.sequence, |(from, _)| from);
                    self.not_authentic = Some((first, entry.sequence));
                }
            }
        }
        self.key = match (authentication.is_keyed, key) {
            (true, _) => Expected::Key(sealer.next(&entry.hash)),
            (false, Some(key)) => Expected::Key(key.next(&entry.hash)),
            (false, None) => Expected::Unknown,
        };
    }

    fn end_not_authentic(&mut self) {
        if let Some((from, to)) = self.not_authentic.take() {
            self.faults.push(LedgerFault::NotAuthentic { from, to });
        }
    }

    /// Ends with what the file says of the ledger's end, where there is one.
    pub(crate) fn end(mut self, end: Option<&End>) -> Proof {
        self.end_not_authentic();
        if let Some(end) = end {
            self.compare_end(end);
        }
        if self.entries == 0 {
            self.faults.insert(0, LedgerFault::Empty);
        }
        for written in &self.written {
            if written.sequence > self.head.sequence || written.sequence == 0 {
                self.faults.push(LedgerFault::AnotherHead { sequence: written.sequence, found: None });
            }
        }
        self.name_the_moved();
        Proof {
            entries: self.entries,
            authenticated: self.sealer.map(|_| self.authenticated),
            head: self.head,
            faults: self.faults,
        }
    }

    fn compare_end(&mut self, end: &End) {
        if end.head.sequence > self.head.sequence {
            let (from, to) = (self.head.sequence + 1, end.head.sequence);
            self.faults.push(LedgerFault::Missing { from, to });
            return;
        }
        let is_after = match (&self.key, &end.key) {
            (Expected::Key(key), Some(kept)) => key.is_same(kept),
            (Expected::Key(_), None) => false,
            // Without the vault key the chain alone is compared.
            (Expected::None | Expected::Unknown, _) => true,
        };
        if !is_after {
            // The key of its last entry was there to be found; that of the end was not.
            self.authenticated = self.authenticated.saturating_sub(1);
        }
        if (self.is_hash_known && end.head != self.head) || !is_after {
            self.faults.push(LedgerFault::CutOff { after: self.head.sequence });
        }
    }

    /// Entries that changed places are told from entries that were changed.
    fn name_the_moved(&mut self) {
        let places: Vec<u64> = self.broken.iter().map(|entry| entry.sequence).collect();
        let moved: Vec<Fingerprint> = self.broken.iter().map(|entry| entry.hash).collect();
        // What stood before an entry stands there still, or next to it, or was moved itself.
        let near = |place: u64| {
            let beside = place.saturating_sub(1)..=place.saturating_add(1);
            self.before.range(beside).map(|(_, hash)| *hash).chain(moved.iter().copied())
        };
        for entry in &self.broken {
            let from = places.iter().copied().filter(|from| *from != entry.sequence).find(|from| {
                let there = Entry { sequence: *from, ..entry.clone() };
                near(*from).any(|before| there.is_chained(&before))
            });
            let changed = LedgerFault::Changed { sequence: entry.sequence };
            if let (Some(from), Some(fault)) = (from, self.faults.iter_mut().find(|fault| **fault == changed))
            {
                *fault = LedgerFault::Moved { sequence: entry.sequence, from };
            }
        }
    }
}

/// Of so many it is asked where they stood before: each is tried in each place.
const BROKEN_MAX: usize = 16;
