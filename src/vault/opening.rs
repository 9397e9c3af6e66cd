//! Opening the vault key, and by what it is sealed: passphrases of one person or several, recovery keys on paper.

use std::fmt;

use zeroize::Zeroizing;

use super::{Vault, VaultError, events};
use crate::ledger::{Act, Event};
use crate::seal::{Cost, Passphrase, PassphraseSeal, RecoveryKey, SEALS_MAX, SealError, SealKind, VaultKey};
use crate::store::{self, About, KeptSeal, Protection};
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

impl SealView {
    /// What it is called: its label, and `first` where it has none.
    pub fn name(&self) -> &str {
        match self.label.as_str() {
            "" => FIRST,
            label => label,
        }
    }
}

/// `passphrase of bob`, `recovery key paper`
impl fmt::Display for SealView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let between = if self.kind == SealKind::Passphrase { " of" } else { "" };
        write!(f, "{}{between} {}", self.kind.name(), self.name())
    }
}

/// The passphrase that the vault was made with.
const FIRST: &str = "first";

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
    /// only the vault key is sealed anew. Answers with the seals that were taken away and not replaced.
    pub fn change_passphrase(
        &mut self,
        unsealed: &Opened,
        passphrase: Option<&Passphrase>,
        now: UnixTime,
    ) -> Result<Vec<SealView>, VaultError> {
        let vault_key = &unsealed.vault_key;
        let event = Event::of(Act::Passphrase).with("sealed", passphrase.is_some());
        let was_opened = |kept: &KeptSeal| vault_key.is_by(&kept.seal);
        let Some(passphrase) = passphrase else {
            let protection = protection(vault_key, None, now)?;
            return self.change_protection(vault_key, now, |mut seals| {
                seals.retain(|seal| !was_opened(seal));
                Ok((protection, with_removed(event, &seals), seals.iter().map(SealView::from).collect()))
            });
        };
        let old = unsealed.seal.as_ref().filter(|seal| seal.kind == SealKind::Passphrase);
        if old.is_some() {
            self.is_nobodys(passphrase)?;
        }
        // Derived before the transaction begins: it takes a while.
        let seal = PassphraseSeal::new(vault_key, passphrase, Cost::STANDARD)?;
        let label = old.map(|old| old.label.clone()).unwrap_or_default();
        let new = KeptSeal { kind: SealKind::Passphrase, label, created: now, seal };
        let event = event.with("changed", SealView::from(&new).name());
        self.change_protection(vault_key, now, |mut seals| {
            let removed = match seals.iter().position(|seal| old.is_some() && was_opened(seal)) {
                Some(place) => {
                    seals[place] = new;
                    Vec::new()
                }
                None => {
                    let (kept, removed) =
                        seals.into_iter().partition(|seal| seal.kind == SealKind::RecoveryKey);
                    seals = kept;
                    seals.insert(0, new);
                    removed
                }
            };
            let event = with_removed(event, &removed);
            Ok((Protection::Sealed(seals), event, removed.iter().map(SealView::from).collect()))
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
        self.is_nobodys(passphrase)?;
        self.add_seal(vault_key, SealKind::Passphrase, label, passphrase, now, || Ok(()))
    }

    /// Makes a recovery key: it opens the vault when no passphrase is known any more.
    pub fn add_recovery_key(
        &mut self,
        vault_key: &VaultKey,
        label: &str,
        now: UnixTime,
    ) -> Result<RecoveryKey, VaultError> {
        self.add_recovery_key_written(vault_key, label, now, |_| Ok(()))
    }

    /// The same, and the vault takes the key only once it was written down: one that nobody has must not stand in the
    /// place of one that opens it.
    pub fn add_recovery_key_written<E: From<VaultError>>(
        &mut self,
        vault_key: &VaultKey,
        label: &str,
        now: UnixTime,
        write: impl FnOnce(&RecoveryKey) -> Result<(), E>,
    ) -> Result<RecoveryKey, E> {
        let recovery_key = RecoveryKey::generate().map_err(VaultError::from)?;
        let passphrase = recovery_key.as_passphrase().map_err(VaultError::from)?;
        let written = || write(&recovery_key);
        self.add_seal(vault_key, SealKind::RecoveryKey, label, &passphrase, now, written)?;
        Ok(recovery_key)
    }

    /// Takes a seal away, by its name as it is shown; the last passphrase stays.
    pub fn remove_seal(
        &mut self,
        vault_key: &VaultKey,
        kind: SealKind,
        label: &str,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        self.change_protection(vault_key, now, |mut seals| {
            let place =
                seals.iter().position(|seal| seal.kind == kind && SealView::from(seal).name() == label);
            let Some(place) = place else {
                let there_is = |other| seals.iter().any(|seal| seal.kind == other && seal.label == label);
                return Err(VaultError::SealNotFound {
                    kind: kind.name(),
                    label: label.to_owned(),
                    is_recovery_key: there_is(SealKind::RecoveryKey),
                });
            };
            let event = with_removed(Event::of(Act::Passphrase), &[seals.remove(place)]);
            if !seals.iter().any(|seal| seal.kind == SealKind::Passphrase) {
                return Err(VaultError::LastPassphrase);
            }
            Ok((Protection::Sealed(seals), event, ()))
        })
    }

    fn add_seal<E: From<VaultError>>(
        &mut self,
        vault_key: &VaultKey,
        kind: SealKind,
        label: &str,
        passphrase: &Passphrase,
        now: UnixTime,
        before: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let may_be_added = |seals: &[KeptSeal]| {
            if seals.is_empty() {
                return Err(VaultError::NotSealed);
            }
            let is_named = |seal: &KeptSeal| seal.kind == kind && SealView::from(seal).name() == label;
            if label.trim().is_empty() || seals.iter().any(is_named) {
                return Err(VaultError::SealTaken { kind: kind.name(), label: label.to_owned() });
            }
            match seals.iter().filter(|seal| seal.kind == kind).count() {
                SEALS_MAX.. => Err(VaultError::TooManySeals { kind: kind.name() }),
                _ => Ok(()),
            }
        };
        // Before the derivation, which takes a while, and again inside the transaction.
        may_be_added(&self.kept()?)?;
        let seal = PassphraseSeal::new(vault_key, passphrase, Cost::STANDARD).map_err(VaultError::from)?;
        before()?;
        let event = Event::of(Act::Passphrase).with("added", label).with("kind", kind.name());
        Ok(self.change_protection(vault_key, now, |mut seals| {
            may_be_added(&seals)?;
            seals.push(KeptSeal { kind, label: label.to_owned(), created: now, seal });
            Ok((Protection::Sealed(seals), event, ()))
        })?)
    }

    /// Two persons with one passphrase are one, and one who changes it to the same has changed nothing.
    fn is_nobodys(&self, passphrase: &Passphrase) -> Result<(), VaultError> {
        match opened(&self.kept()?, SealKind::Passphrase, passphrase) {
            Ok(_) => Err(VaultError::PassphraseTaken),
            Err(_) => Ok(()),
        }
    }

    fn kept(&self) -> Result<Vec<KeptSeal>, VaultError> {
        Ok(kept(store::protection(self.store.connection())?))
    }

    /// Changes the seals that there are when nobody else can, and records it.
    fn change_protection<T>(
        &mut self,
        vault_key: &VaultKey,
        now: UnixTime,
        change: impl FnOnce(Vec<KeptSeal>) -> Result<(Protection, Event, T), VaultError>,
    ) -> Result<T, VaultError> {
        let transaction = self.store.begin(About::Vault)?;
        let seals = kept(store::protection(&transaction)?);
        // Whoever was asked for a passphrase may have been away for long: the seal that opened the key may be gone, and with
        // it the right to change what opens the vault.
        let may_change = match vault_key.opened_by() {
            Some(_) => seals.iter().any(|kept| vault_key.is_by(&kept.seal)),
            None => seals.is_empty(),
        };
        if !may_change {
            let seal = vault_key.opened_by().unwrap_or("key without a seal").to_owned();
            return Err(VaultError::SealGone { seal });
        }
        let (protection, event, answer) = change(seals)?;
        store::replace_protection(&transaction, &protection)?;
        events::commit(transaction, &self.by, Some(vault_key), [event], now)?;
        Ok(answer)
    }
}

fn with_removed(event: Event, removed: &[KeptSeal]) -> Event {
    match removed {
        [] => event,
        _ => event
            .with("removed", removed.iter().map(|seal| SealView::from(seal).to_string()).collect::<Vec<_>>()),
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
            Ok(vault_key) => {
                let seal = SealView::from(kept);
                return Ok(Opened { vault_key: vault_key.by_seal(&seal, &kept.seal), seal: Some(seal) });
            }
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
