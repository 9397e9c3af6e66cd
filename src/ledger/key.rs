//! The keys that authenticate entries: each is used once, and the next is made of it, one way.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;

use super::{Event, OPENED_BY};
use crate::fingerprint::Fingerprint;
use crate::seal::{KeyBytes, VaultKey, no_key};

/// The key for the entry that comes next. It lies in the file: whoever has it can add entries, and cannot make the
/// keys of those before.
pub(crate) struct ChainKey(KeyBytes);

impl ChainKey {
    pub(crate) fn from_secret_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        let mut key = no_key();
        key.copy_from_slice(&bytes);
        Self(key)
    }

    pub(crate) fn secret_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Authenticates an entry: HMAC-SHA-256 over its hash.
    pub(crate) fn tag(&self, entry: &Fingerprint) -> [u8; KEY_BYTES] {
        **mac(&self.0, b"entry", entry)
    }

    pub(crate) fn is_tag(&self, entry: &Fingerprint, tag: &[u8]) -> bool {
        verify_slices_are_equal(&self.tag(entry), tag).is_ok()
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0[..], &other.0[..]).is_ok()
    }

    /// The key for what comes after an entry.
    pub(crate) fn next(&self, entry: &Fingerprint) -> Self {
        Self(mac(&self.0, b"next", entry))
    }
}

/// What the vault key gives: the first key, and new ones at every act that has the vault key, so that whoever saw the
/// file before knows nothing of the keys after.
pub(crate) struct Sealer {
    key: KeyBytes,
    is_since_init: bool,
    opened_by: Option<String>,
}

impl Sealer {
    pub(crate) fn of(vault_key: &VaultKey) -> Self {
        let opened_by = vault_key.opened_by().map(str::to_owned);
        let is_since_init = vault_key.is_since_init();
        Self { key: vault_key.derived(b"coldcert ledger v1"), is_since_init, opened_by }
    }

    /// Whether the vault has kept a ledger since it was made.
    pub(crate) fn is_since_init(&self) -> bool {
        self.is_since_init
    }

    /// The event, with the seal that gave the vault key for it.
    pub(super) fn named(&self, event: Event) -> Event {
        match &self.opened_by {
            Some(seal) => event.with(OPENED_BY, seal.as_str()),
            None => event,
        }
    }

    /// The key that authenticates the entry behind `before` where the ledger has none yet.
    pub(crate) fn first(&self, before: &Fingerprint) -> ChainKey {
        ChainKey(mac(&self.key, b"first", before))
    }

    /// The key for what comes after an entry that was made with the vault key.
    pub(crate) fn next(&self, entry: &Fingerprint) -> ChainKey {
        ChainKey(mac(&self.key, b"next", entry))
    }
}

fn mac(key: &[u8; KEY_BYTES], label: &[u8], entry: &Fingerprint) -> KeyBytes {
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, key),
        &[label, &[0], entry.as_bytes().as_slice()].concat(),
    );
    let mut bytes = no_key();
    bytes.copy_from_slice(tag.as_ref());
    bytes
}

const KEY_BYTES: usize = 32;
