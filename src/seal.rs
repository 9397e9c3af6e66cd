//! Private keys at rest: each is sealed under one vault key, and the vault key under a passphrase.
//!
//! What is sealed is bound to its place ([`Place`]: purpose, name, version, public key), so that two sealed
//! keys swapped in the file do not open, and to what is said beside it ([`VaultKey::seal_with`]), so that a
//! certificate or attribute that was changed there is noticed. It never stores anything: `store` does.

mod passphrase;
mod place;
mod recovery;

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use zeroize::Zeroizing;

pub use passphrase::{PASSPHRASE_BYTES_MAX, Passphrase, UnusablePassphrase};
pub use place::{Place, Purpose, Statement};
pub use recovery::RecoveryKey;

use crate::fingerprint::Fingerprint;

/// The key under which a vault's private keys are sealed: 256 random bits, made once with the vault. Behind them stands
/// a mark where the vault has kept a ledger since it was made, so that it cannot pass for an older one.
pub struct VaultKey {
    bytes: Zeroizing<Vec<u8>>,
    opened_by: Option<OpenedBy>,
}

/// The seal that gave a vault key: what it is called, and the salt by which it is told from a later one of that name.
struct OpenedBy {
    name: String,
    salt: [u8; SALT_BYTES],
}

/// A key where it stays: what is moved about on the stack leaves copies behind.
pub(crate) type KeyBytes = Box<Zeroizing<[u8; KEY_BYTES]>>;

pub(crate) fn no_key() -> KeyBytes {
    Box::new(Zeroizing::new([0; KEY_BYTES]))
}

impl VaultKey {
    /// Makes a new one.
    pub fn generate() -> Result<Self, SealError> {
        let mut bytes = Zeroizing::new(vec![SINCE_INIT; KEY_BYTES + 1]);
        rand::fill(&mut bytes[..KEY_BYTES]).map_err(|_| SealError::Random)?;
        Ok(Self { bytes, opened_by: None })
    }

    /// One that was kept unsealed, in a vault without a passphrase.
    pub fn from_secret_bytes(bytes: &[u8]) -> Result<Self, SealError> {
        match bytes.split_at_checked(KEY_BYTES) {
            Some((_, [] | [SINCE_INIT])) => {
                Ok(Self { bytes: Zeroizing::new(bytes.to_vec()), opened_by: None })
            }
            _ => Err(SealError::Damaged { what: Damaged::VaultKey }),
        }
    }

    /// The secret bytes with their mark, for a vault that is to have no passphrase.
    pub fn secret_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same key, and it knows by which seal it was opened: what is done with it says so in the ledger.
    pub(crate) fn by_seal(self, name: &impl fmt::Display, seal: &PassphraseSeal) -> Self {
        Self { opened_by: Some(OpenedBy { name: name.to_string(), salt: seal.salt }), ..self }
    }

    /// By which seal it was opened; none where it was not sealed, or is new.
    pub(crate) fn opened_by(&self) -> Option<&str> {
        self.opened_by.as_ref().map(|seal| seal.name.as_str())
    }

    /// Whether it was opened by this seal, and not by an earlier one of its name.
    pub(crate) fn is_by(&self, seal: &PassphraseSeal) -> bool {
        self.opened_by.as_ref().is_some_and(|opened| opened.salt == seal.salt)
    }

    /// Whether the vault has kept a ledger since it was made.
    pub(crate) fn is_since_init(&self) -> bool {
        self.bytes.len() > KEY_BYTES
    }

    fn key(&self) -> &[u8] {
        &self.bytes[..KEY_BYTES]
    }

    /// A key for one purpose, made of this one (HMAC-SHA-256 over the purpose's name).
    pub(crate) fn derived(&self, purpose: &[u8]) -> KeyBytes {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.key()), purpose);
        let mut key = no_key();
        key.copy_from_slice(tag.as_ref());
        key
    }

    /// Seals some secret bytes to a place: a random nonce, then AES-256-GCM's ciphertext and tag.
    pub fn seal(&self, place: &Place<'_>, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(self.key(), &place.bytes(), secret)
    }

    /// Opens what was sealed to the same place. That it does not open means that it was damaged, changed,
    /// or moved from another place: the vault key itself was proven right when it was opened.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        open(self.key(), &place.bytes(), sealed)
            .ok_or_else(|| SealError::Damaged { what: Damaged::Sealed { place: place.to_string() } })
    }

    /// Seals some secret bytes to a place and to what is said beside them in the file: a mark, the statement's digest,
    /// then as [`VaultKey::seal`].
    pub fn seal_with(
        &self,
        place: &Place<'_>,
        statement: Fingerprint,
        secret: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let sealed = seal(self.key(), &bound(place, &statement), secret)?;
        Ok([STATED, statement.as_bytes(), &sealed].concat())
    }

    /// Opens what was sealed to the same place with the same statement. What was sealed before there were statements
    /// opens as it did.
    ///
    /// # Errors
    /// [`SealError::Changed`] where the secret is whole and the statement is another; else as [`VaultKey::open`].
    pub fn open_with(
        &self,
        place: &Place<'_>,
        statement: Fingerprint,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let stated = sealed.strip_prefix(STATED).and_then(|rest| rest.split_first_chunk::<32>());
        if let Some((found, sealed)) = stated {
            let found = Fingerprint::from_bytes(*found);
            if let Some(secret) = open(self.key(), &bound(place, &found), sealed) {
                return match found == statement {
                    true => Ok(secret),
                    false => Err(SealError::Changed { place: place.to_string() }),
                };
            }
        }
        self.open(place, sealed)
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey(hidden)")
    }
}

/// A vault key sealed by a passphrase: what lies in the file. Changing the passphrase makes a new one of
/// these and touches no other key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassphraseSeal {
    /// What one guess costs.
    pub cost: Cost,
    /// Random, new with each seal.
    pub salt: [u8; SALT_BYTES],
    /// Nonce, ciphertext and tag of the vault key.
    pub sealed: Vec<u8>,
    /// SHA-256 over the three above: tells a damaged seal from a wrong passphrase. It protects nothing.
    pub checksum: [u8; 32],
}

impl PassphraseSeal {
    /// Seals a vault key by a passphrase.
    pub fn new(key: &VaultKey, passphrase: &Passphrase, cost: Cost) -> Result<Self, SealError> {
        let mut salt = [0; SALT_BYTES];
        rand::fill(&mut salt).map_err(|_| SealError::Random)?;
        let sealing = derive(passphrase, &salt, cost)?;
        let sealed = seal(&sealing[..], VAULT_KEY_PLACE, key.secret_bytes())?;
        let checksum = checksum(cost, &salt, &sealed);
        Ok(Self { cost, salt, sealed, checksum })
    }

    /// Opens the vault key. Takes as long as one derivation, a fifth of a second at [`Cost::STANDARD`].
    pub fn open(&self, passphrase: &Passphrase) -> Result<VaultKey, SealError> {
        if checksum(self.cost, &self.salt, &self.sealed) != self.checksum {
            return Err(SealError::Damaged { what: Damaged::VaultKey });
        }
        let sealing = derive(passphrase, &self.salt, self.cost)?;
        let key = open(&sealing[..], VAULT_KEY_PLACE, &self.sealed).ok_or(SealError::WrongPassphrase)?;
        VaultKey::from_secret_bytes(&key)
    }
}

/// By what a vault key is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealKind {
    /// A passphrase that a person knows.
    Passphrase,
    /// A recovery key on paper.
    RecoveryKey,
}

impl SealKind {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passphrase => "passphrase",
            Self::RecoveryKey => "recovery key",
        }
    }
}

/// What one guess at the passphrase costs: Argon2id's parameters (RFC 9106 3.1), one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Cost {
    /// RFC 9106 4, the second recommended option: 64 MiB and 3 passes; one lane instead of four, because
    /// the derivation runs on one thread.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3 };

    /// What it takes in all, in KiB times passes: the time grows with it.
    pub(crate) const fn kib_passes(self) -> u64 {
        // `u64::from` is no const function yet.
        #[expect(clippy::as_conversions, reason = "both are of 32 bits")]
        {
            self.memory_kib as u64 * self.passes as u64
        }
    }
}

/// Why something was not sealed or opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// The seal is whole and this passphrase does not open it.
    #[error("the passphrase is not the one that this vault is sealed with")]
    WrongPassphrase,
    /// What is said beside a sealed key in the file is not what the key was sealed with.
    #[error(
        "what the vault says beside {place} was changed: the key was sealed with another certificate, request or attribute"
    )]
    Changed {
        /// What it was sealed for, in words.
        place: String,
    },
    /// Something else than a recovery key, or one that was misread.
    #[error("this is no recovery key, or a digit of it was misread")]
    NotARecoveryKey,
    /// What lies in the file is not what was written there.
    #[error("{what} was changed or damaged: it does not open under its seal")]
    Damaged {
        /// Which thing.
        what: Damaged,
    },
    /// The parameters in the file ask for more than this program will do.
    #[error(
        "the seal asks for {} KiB and {} passes of Argon2id, beyond the {COST_MEMORY_KIB_MAX} KiB and {COST_PASSES_MAX} passes that are done at most", .cost.memory_kib, .cost.passes
    )]
    CostTooHigh {
        /// What it asks for.
        cost: Cost,
    },
    /// The derivation was not done, for another reason than that it asks for too much.
    #[error("Argon2id with {} KiB and {} passes was not done: {reason}", .cost.memory_kib, .cost.passes)]
    NotDerived {
        /// What it asked for.
        cost: Cost,
        /// Why not.
        reason: String,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random,
}

impl SealError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::WrongPassphrase => {
                "check --passphrase-file and COLDCERT_PASSPHRASE, or type it again".to_owned()
            }
            Self::NotARecoveryKey => {
                "compare it digit by digit with what was written down; it begins with COLDCERT-RECOVERY-1".to_owned()
            }
            Self::Changed { .. } => {
                "somebody changed the vault file: see what else with `coldcert audit verify`, and restore the file from a copy"
                    .to_owned()
            }
            Self::Damaged { .. } => {
                "restore the vault file from a copy, or the certificate from a backup".to_owned()
            }
            Self::CostTooHigh { .. } => {
                "this program never writes such a seal: restore the file from a copy".to_owned()
            }
            Self::NotDerived { .. } => {
                "see that there is as much memory as it asks for, and try again; else restore the file from a copy".to_owned()
            }
            Self::Random => "try again when the system has started fully".to_owned(),
        }
    }
}

/// What was found damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damaged {
    /// The vault key's own seal.
    VaultKey,
    /// Something sealed under the vault key.
    Sealed {
        /// Which, in words.
        place: String,
    },
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VaultKey => f.write_str("the vault key's seal"),
            Self::Sealed { place } => f.write_str(place),
        }
    }
}

fn derive(passphrase: &Passphrase, salt: &[u8], cost: Cost) -> Result<KeyBytes, SealError> {
    // The numbers come from the file: a hostile one must not take the machine's memory.
    if cost.memory_kib > COST_MEMORY_KIB_MAX || cost.passes > COST_PASSES_MAX {
        return Err(SealError::CostTooHigh { cost });
    }
    let not_derived = |error: argon2::Error| SealError::NotDerived { cost, reason: error.to_string() };
    let parameters = Params::new(cost.memory_kib, cost.passes, 1, Some(KEY_BYTES)).map_err(not_derived)?;
    let mut key = no_key();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
        .hash_password_into(passphrase.secret_passphrase().as_bytes(), salt, &mut key[..])
        .map_err(not_derived)?;
    Ok(key)
}

fn seal(key: &[u8], place: &[u8], secret: &[u8]) -> Result<Vec<u8>, SealError> {
    // Random nonces of 96 bits are good for 2^32 messages under one key (SP 800-38D 8.3): keys made by hand
    // do not come near that.
    let mut nonce = [0; NONCE_BYTES];
    rand::fill(&mut nonce).map_err(|_| SealError::Random)?;
    let mut bytes = Zeroizing::new(secret.to_vec());
    bytes.reserve_exact(AES_256_GCM.tag_len());
    cipher(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut *bytes)
        .expect("AES-256-GCM seals whatever is under 64 GiB");
    Ok([&nonce[..], bytes.as_slice()].concat())
}

fn open(key: &[u8], place: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let mut bytes = Zeroizing::new(ciphertext.to_vec());
    let length = cipher(key)
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place), &mut bytes)
        .ok()?
        .len();
    bytes.truncate(length);
    Some(bytes)
}

fn bound(place: &Place<'_>, statement: &Fingerprint) -> Vec<u8> {
    [&place.bytes()[..], statement.as_bytes()].concat()
}

fn cipher(key: &[u8]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("a sealing key has 32 bytes"))
}

fn checksum(cost: Cost, salt: &[u8], sealed: &[u8]) -> [u8; 32] {
    let numbers = [cost.memory_kib.to_be_bytes(), cost.passes.to_be_bytes()].concat();
    *Fingerprint::of(&[numbers.as_slice(), salt, sealed].concat()).as_bytes()
}

/// Before what was sealed with a statement. What was sealed without begins with a random nonce.
const STATED: &[u8] = b"coldcert stated v1";
const KEY_BYTES: usize = 32;
/// The mark behind a vault key.
const SINCE_INIT: u8 = 1;
/// Of each kind, that a vault may have: two persons and two deputies. A wrong passphrase costs a derivation for each.
pub const SEALS_MAX: usize = 4;
/// What all seals of a backup may ask for together, in KiB times passes: four times what those of the fullest vault take,
/// so that a small file does not keep the machine for a minute.
pub const BACKUP_COST_MAX: u64 = 4 * 4 * Cost::STANDARD.kib_passes();
const NONCE_BYTES: usize = 12;
/// RFC 9106 3.1 recommends 16 bytes.
pub const SALT_BYTES: usize = 16;
const VAULT_KEY_PLACE: &[u8] = b"coldcert vault key v1";
/// A file may ask for sixteen times our own memory, not for the machine's.
const COST_MEMORY_KIB_MAX: u32 = 1024 * 1024;
const COST_PASSES_MAX: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// Cheap, so that the tests are quick; never used by the program.
    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1 };

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
    }

    fn place(name: &str) -> Place<'_> {
        Place {
            purpose: Purpose::VersionKey,
            name,
            version: "66cb9daa3da94aa0a3ba794aab53ebbb",
            public_key: Fingerprint::of(b"a public key"),
        }
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_and_nowhere_else() {
        let key = VaultKey::generate().unwrap();
        let sealed = key.seal(&place("www"), b"secret").unwrap();
        assert_eq!(key.open(&place("www"), &sealed).unwrap().as_slice(), b"secret");
        assert_eq!(key.open(&place("WWW"), &sealed).unwrap().as_slice(), b"secret");
        assert!(key.open(&place("api"), &sealed).is_err());
        let pending = Place { purpose: Purpose::PendingKey, ..place("www") };
        assert!(key.open(&pending, &sealed).is_err());
        let another = Place { public_key: Fingerprint::of(b"another"), ..place("www") };
        assert!(key.open(&another, &sealed).is_err());
        assert!(VaultKey::generate().unwrap().open(&place("www"), &sealed).is_err());
    }

    #[test]
    fn a_changed_statement_and_a_damaged_seal_are_different_errors() {
        let key = VaultKey::generate().unwrap();
        let (said, other) = (Fingerprint::of(b"exportable: no"), Fingerprint::of(b"exportable: yes"));
        let sealed = key.seal_with(&place("www"), said, b"secret").unwrap();
        assert_eq!(key.open_with(&place("www"), said, &sealed).unwrap().as_slice(), b"secret");
        let changed = key.open_with(&place("www"), other, &sealed).unwrap_err();
        assert!(matches!(changed, SealError::Changed { .. }), "{changed}");
        assert!(matches!(
            key.open_with(&place("api"), said, &sealed).unwrap_err(),
            SealError::Damaged { .. }
        ));
        for index in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[index] ^= 1;
            assert!(key.open_with(&place("www"), said, &damaged).is_err(), "byte {index}");
        }
        // The statement's digest is no way around it.
        let mut forged = sealed.clone();
        forged[STATED.len()..STATED.len() + 32].copy_from_slice(other.as_bytes());
        assert!(key.open_with(&place("www"), other, &forged).is_err());
        let before = key.seal(&place("www"), b"secret").unwrap();
        assert_eq!(key.open_with(&place("www"), said, &before).unwrap().as_slice(), b"secret");
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let key = VaultKey::generate().unwrap();
        let sealed = key.seal(&place("www"), b"secret").unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(key.open(&place("www"), &changed).is_err(), "byte {index}");
            assert!(key.open(&place("www"), &sealed[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn a_wrong_passphrase_and_a_damaged_seal_are_different_errors() {
        let key = VaultKey::generate().unwrap();
        let seal = PassphraseSeal::new(&key, &passphrase("right"), CHEAP).unwrap();
        assert_eq!(seal.open(&passphrase("right")).unwrap().secret_bytes(), key.secret_bytes());
        assert_eq!(seal.open(&passphrase("wrong")).unwrap_err(), SealError::WrongPassphrase);
        let mut damaged = seal.clone();
        damaged.sealed[20] ^= 1;
        let error = damaged.open(&passphrase("right")).unwrap_err();
        assert_eq!(error, SealError::Damaged { what: Damaged::VaultKey });
    }

    #[test]
    fn a_file_cannot_ask_for_the_machine_s_memory() {
        let cost = Cost { memory_kib: u32::MAX, passes: 1 };
        let (salt, sealed) = ([0; SALT_BYTES], vec![0; 60]);
        let seal = PassphraseSeal { checksum: checksum(cost, &salt, &sealed), cost, salt, sealed };
        assert_eq!(seal.open(&passphrase("any")).unwrap_err(), SealError::CostTooHigh { cost });
    }

    #[test]
    fn nothing_secret_is_shown() {
        assert_eq!(format!("{:?}", VaultKey::generate().unwrap()), "VaultKey(hidden)");
    }
}
