//! Opening the vault key, and by what it is sealed: passphrases of one person or several, recovery keys on paper.

use zeroize::Zeroizing;

use super::{Vault, VaultError, events};
use crate::ledger::{Act, Event};
use crate::seal::{Cost, Passphrase, PassphraseSeal, RecoveryKey, SEALS_MAX, SealError, SealKind, VaultKey};
use crate::store::{self, KeptSeal, Protection};
use crate::time::UnixTime;

/// A vault key, and which seal gave it.
#[derive(Debug)]
pub struct Opened {
    /// The key.
    pub vault_key: VaultKey,
    /// The seal that was opened; none in a vault without.
    pub seal: Option<SealView>,
}

/// A seal as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealView {
    /// By what.
    pub kind: SealKind,
    /// Whose it is; empty for the passphrase that the vault was made with.
    pub label: String,
    /// When it was made; 1970 where that was not written down yet.
    pub created: UnixTime,
}

impl From<&KeptSeal> for SealView {
    fn from(seal: &KeptSeal) -> Self {
        Self { kind: seal.kind, label: seal.label.clone(), created: seal.created }
    }
}

impl Vault {
    /// Opens the vault key. With a passphrase it takes a fifth of a second (Argon2id) for each that there is. A vault
    /// without one takes none into account.
    pub fn unseal(&self, passphrase: Option<&Passphrase>) -> Result<VaultKey, VaultError> {
        Ok(self.open_with(passphrase)?.vault_key)
    }

    /// The same, and says which seal it was.
    pub fn open_with(&self, passphrase: Option<&Passphrase>) -> Result<Opened, VaultError> {
        match store::protection(self.store.connection())? {
            Protection::Unsealed(key) => {
                Ok(Opened { vault_key: VaultKey::from_secret_bytes(&key)?, seal: None })
            }
            Protection::Sealed(seals) => {
                let passphrase = passphrase.ok_or(VaultError::PassphraseNeeded)?;
                opened(&seals, SealKind::Passphrase, passphrase)
            }
        }
    }

    /// Opens the vault key by a recovery key.
    pub fn recover_key(&self, recovery_key: &RecoveryKey) -> Result<Opened, VaultError> {
        match store::protection(self.store.connection())? {
            Protection::Unsealed(_) => self.open_with(None),
            Protection::Sealed(seals) => {
                opened(&seals, SealKind::RecoveryKey, &recovery_key.as_passphrase()?).map_err(|error| {
                    match error {
                        VaultError::Seal(SealError::WrongPassphrase) | VaultError::PassphraseNeeded => {
                            VaultError::WrongRecoveryKey
                        }
                        error => error,
                    }
                })
            }
        }
    }

    /// By what the vault key is sealed; nothing in a vault without a passphrase.
    pub fn seals(&self) -> Result<Vec<SealView>, VaultError> {
        Ok(match store::protection(self.store.connection())? {
            Protection::Unsealed(_) => Vec::new(),
            Protection::Sealed(seals) => seals.iter().map(SealView::from).collect(),
        })
    }

    /// Puts a passphrase in the place of the one that was opened, or of all of them where none was (a vault without,
    /// one that a recovery key opened); without a new one the vault is not sealed any more. No private key is touched:
    /// only the vault key is sealed anew.
    pub fn change_passphrase(
        &mut self,
        opened: &Opened,
        passphrase: Option<&Passphrase>,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let vault_key = &opened.vault_key;
        let Some(passphrase) = passphrase else {
            let protection = protection(vault_key, None, now)?;
            let event = Event::of(Act::Passphrase).with("sealed", false);
            return self.change_protection(vault_key, event, now, |_| Ok(protection));
        };
        // Derived before the transaction begins: it takes a while.
        let seal = PassphraseSeal::new(vault_key, passphrase, Cost::STANDARD)?;
        let old = opened.seal.as_ref().filter(|seal| seal.kind == SealKind::Passphrase);
        let label = old.map(|old| old.label.clone()).unwrap_or_default();
        let new = KeptSeal { kind: SealKind::Passphrase, label: label.clone(), created: now, seal };
        let event = Event::of(Act::Passphrase).with("sealed", true).with("changed", label);
        self.change_protection(vault_key, event, now, |mut seals| {
            match seals.iter().position(|seal| old.is_some_and(|old| SealView::from(seal) == *old)) {
                Some(place) => seals[place] = new,
                None => {
                    seals.retain(|seal| seal.kind == SealKind::RecoveryKey);
                    seals.insert(0, new);
                }
            }
            Ok(Protection::Sealed(seals))
        })
    }

    /// Adds a passphrase for another person: either opens the vault.
    pub fn add_passphrase(
        &mut self,
        vault_key: &VaultKey,
        label: &str,
        passphrase: &Passphrase,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let seals = self.kept()?;
        if opened(&seals, SealKind::Passphrase, passphrase).is_ok() {
            return Err(VaultError::PassphraseTaken);
        }
        self.add_seal(vault_key, SealKind::Passphrase, label, passphrase, now)
    }

    /// Makes a recovery key: it opens the vault when no passphrase is known any more.
    pub fn add_recovery_key(
        &mut self,
        vault_key: &VaultKey,
        label: &str,
        now: UnixTime,
    ) -> Result<RecoveryKey, VaultError> {
        let recovery_key = RecoveryKey::generate()?;
        let passphrase = recovery_key.as_passphrase()?;
        self.add_seal(vault_key, SealKind::RecoveryKey, label, &passphrase, now)?;
        Ok(recovery_key)
    }

    /// Takes a seal away; the last passphrase stays.
    pub fn remove_seal(
        &mut self,
        vault_key: &VaultKey,
        kind: SealKind,
        label: &str,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let event = Event::of(Act::Passphrase).with("removed", label).with("kind", kind.name());
        self.change_protection(vault_key, event, now, |mut seals| {
            let place = seals.iter().position(|seal| seal.kind == kind && seal.label == label);
            let Some(place) = place else {
                return Err(VaultError::SealNotFound { kind: kind.name(), label: label.to_owned() });
            };
            seals.remove(place);
            if !seals.iter().any(|seal| seal.kind == SealKind::Passphrase) {
                return Err(VaultError::LastPassphrase);
            }
            Ok(Protection::Sealed(seals))
        })
    }

    fn add_seal(
        &mut self,
        vault_key: &VaultKey,
        kind: SealKind,
        label: &str,
        passphrase: &Passphrase,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let may_be_added = |seals: &[KeptSeal]| {
            if seals.is_empty() {
                return Err(VaultError::NotSealed);
            }
            if label.trim().is_empty() || seals.iter().any(|seal| seal.kind == kind && seal.label == label) {
                return Err(VaultError::SealTaken { kind: kind.name(), label: label.to_owned() });
            }
            match seals.iter().filter(|seal| seal.kind == kind).count() {
                SEALS_MAX.. => Err(VaultError::TooManySeals { kind: kind.name() }),
                _ => Ok(()),
            }
        };
        // Before the derivation, which takes a while, and again inside the transaction.
        may_be_added(&self.kept()?)?;
        let seal = PassphraseSeal::new(vault_key, passphrase, Cost::STANDARD)?;
        let event = Event::of(Act::Passphrase).with("added", label).with("kind", kind.name());
        self.change_protection(vault_key, event, now, |mut seals| {
            may_be_added(&seals)?;
            seals.push(KeptSeal { kind, label: label.to_owned(), created: now, seal });
            Ok(Protection::Sealed(seals))
        })
    }

    fn kept(&self) -> Result<Vec<KeptSeal>, VaultError> {
        Ok(kept(store::protection(self.store.connection())?))
    }

    /// Changes the seals that there are when nobody else can.
    fn change_protection(
        &mut self,
        vault_key: &VaultKey,
        event: Event,
        now: UnixTime,
        change: impl FnOnce(Vec<KeptSeal>) -> Result<Protection, VaultError>,
    ) -> Result<(), VaultError> {
        let transaction = self.store.begin()?;
        let protection = change(kept(store::protection(&transaction)?))?;
        store::replace_protection(&transaction, &protection)?;
        events::record(&transaction, &self.by, Some(vault_key), event, now)?;
        Ok(transaction.commit()?)
    }
}

fn kept(protection: Protection) -> Vec<KeptSeal> {
    match protection {
        Protection::Unsealed(_) => Vec::new(),
        Protection::Sealed(seals) => seals,
    }
}

fn opened(seals: &[KeptSeal], kind: SealKind, passphrase: &Passphrase) -> Result<Opened, VaultError> {
    let mut last = None;
    for kept in seals.iter().filter(|kept| kept.kind == kind) {
        match kept.seal.open(passphrase) {
            Ok(vault_key) => return Ok(Opened { vault_key, seal: Some(SealView::from(kept)) }),
            // Of several, one that is damaged matters more than one that is another's.
            Err(error) if matches!(last, None | Some(SealError::WrongPassphrase)) => last = Some(error),
            Err(_) => {}
        }
    }
    Err(last.map_or(VaultError::PassphraseNeeded, VaultError::from))
}

/// Tries a passphrase on the seals of a backup.
pub(super) fn open_any(seals: &[PassphraseSeal], passphrase: &Passphrase) -> Result<VaultKey, VaultError> {
    let mut last = None;
    for seal in seals {
        match seal.open(passphrase) {
            Ok(key) => return Ok(key),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or(VaultError::PassphraseNeeded, VaultError::from))
}

/// What a vault begins with.
pub(super) fn protection(
    key: &VaultKey,
    passphrase: Option<&Passphrase>,
    now: UnixTime,
) -> Result<Protection, VaultError> {
    Ok(match passphrase {
        Some(passphrase) => Protection::Sealed(vec![KeptSeal {
            kind: SealKind::Passphrase,
            label: String::new(),
            created: now,
            seal: PassphraseSeal::new(key, passphrase, Cost::STANDARD)?,
        }]),
        None => Protection::Unsealed(Zeroizing::new(key.secret_bytes().to_vec())),
    })
}
