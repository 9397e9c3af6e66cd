//! The verbs: what an operator, or a client of the server, can do with a vault.
//!
//! Each verb that changes something is one transaction. Long work, the making of keys above all, is done
//! before the transaction begins, and what it was based on is looked at again inside.

mod begin;
mod bring;
mod desk;
mod error;
mod lifecycle;
mod merge;
mod offline;
mod transfer;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use zeroize::Zeroizing;

pub use begin::{Created, NewCertificate, Wanted};
pub use bring::NewImport;
pub use error::VaultError;
pub use lifecycle::{Attributes, CertificateView, ListOptions, RECOVERABLE_DAYS};
pub use merge::{Expectation, Merged};
pub use offline::{OFFLINE_CA, OfflineAuthority};
pub use transfer::Opening;

pub use crate::store::{Deletion, State, StoreError, Watch};

use crate::bundle::Bundle;
use crate::key::PublicKey;
use crate::policy::ObjectName;
use crate::seal::{Cost, Passphrase, PassphraseSeal, VaultKey};
use crate::store::{self, Entry, Protection, Store};
use crate::time::UnixTime;
use crate::verdict::{Accepted, Profile, Question, Terms, Verdict};

/// An open vault. Whatever touches a private key also asks for the [`VaultKey`], which only the
/// passphrase gives.
#[derive(Debug)]
pub struct Vault {
    store: Store,
}

impl Vault {
    /// Makes a new vault file, mode 0600, that did not exist before; sealed by a passphrase, or, without
    /// one, not sealed at all.
    pub fn init(path: &Path, passphrase: Option<&Passphrase>, now: UnixTime) -> Result<Self, VaultError> {
        let key = VaultKey::generate()?;
        let protection = protection(&key, passphrase)?;
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(
            |cause| match cause.kind() {
                std::io::ErrorKind::AlreadyExists => VaultError::VaultExists { path: path.to_owned() },
                _ => VaultError::CannotCreate { path: path.to_owned(), cause },
            },
        )?;
        match Store::create(path, &protection, now) {
            Ok(store) => Ok(Self { store }),
            Err(error) => {
                // Half a vault is no vault: the file was ours and is empty of anything that matters.
                store::remove_unfinished(path);
                Err(error.into())
            }
        }
    }

    /// Opens a vault file. No passphrase is needed to look at what is not secret.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        match std::fs::metadata(path) {
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                Err(VaultError::NoVault { path: path.to_owned() })
            }
            Ok(found) if found.is_dir() => Err(StoreError::NotAVault { path: path.to_owned() }.into()),
            _ => Ok(Self { store: Store::open(path)? }),
        }
    }

    /// The same vault once more, for another thread: what both write they write in turns.
    pub fn beside(&self) -> Result<Self, VaultError> {
        Ok(Self { store: self.store.beside()? })
    }

    /// A cheap look at whether anything was changed in the vault, by whomever.
    pub fn watch(&mut self) -> Result<Watch, VaultError> {
        Ok(self.store.watch()?)
    }

    /// Looks at several things in one state of the vault, and says which state that was.
    pub fn at_one_state<T>(
        &mut self,
        look: impl FnOnce(&mut Self) -> T,
    ) -> Result<(T, Option<State>), VaultError> {
        let state = self.store.begin_reading()?;
        let seen = look(self);
        self.store.end_reading()?;
        Ok((seen, state))
    }

    /// Where the vault lies.
    pub fn path(&self) -> &Path {
        self.store.path()
    }

    /// Whether a passphrase is needed for its private keys.
    pub fn is_sealed(&self) -> Result<bool, VaultError> {
        Ok(matches!(store::protection(self.store.connection())?, Protection::Sealed(_)))
    }

    /// Opens the vault key. With a passphrase it takes a fifth of a second (Argon2id). A vault without one
    /// takes none into account.
    pub fn unseal(&self, passphrase: Option<&Passphrase>) -> Result<VaultKey, VaultError> {
        match store::protection(self.store.connection())? {
            Protection::Unsealed(key) => Ok(VaultKey::from_secret_bytes(&key)?),
            Protection::Sealed(seals) => {
                let passphrase = passphrase.ok_or(VaultError::PassphraseNeeded)?;
                open_any(&seals, passphrase)
            }
        }
    }

    /// Changes the passphrase, or gives one to a vault without; none takes it away. No private key is
    /// touched: only the vault key is sealed anew.
    pub fn change_passphrase(
        &mut self,
        key: &VaultKey,
        passphrase: Option<&Passphrase>,
    ) -> Result<(), VaultError> {
        let protection = protection(key, passphrase)?;
        let transaction = self.store.begin()?;
        store::replace_protection(&transaction, &protection)?;
        Ok(transaction.commit()?)
    }

    /// The living certificate of a name.
    fn living(&self, name: &ObjectName) -> Result<Entry, VaultError> {
        living(self.store.connection(), name)
    }
}

fn living(db: &rusqlite::Connection, name: &ObjectName) -> Result<Entry, VaultError> {
    match store::entry(db, name)? {
        Some(entry) if entry.deleted.is_none() => Ok(entry),
        Some(entry) => Err(VaultError::IsDeleted { name: entry.name.to_string() }),
        None => Err(VaultError::CertificateNotFound { name: name.to_string(), version: None }),
    }
}

/// Judges what is no answer to a request (a self-signed certificate, an import), on its own.
fn judged_alone(
    name: &ObjectName,
    key: &PublicKey,
    bundle: &Bundle,
    profile: Profile,
    now: UnixTime,
) -> Result<Accepted, VaultError> {
    let terms = Terms::of(profile);
    let question = Question::new(name.as_str(), key, bundle, now, &terms);
    Verdict::judge(&question).accept().map_err(|verdict| VaultError::import_refused(name, &verdict))
}

fn open_any(seals: &[PassphraseSeal], passphrase: &Passphrase) -> Result<VaultKey, VaultError> {
    let mut last = None;
    for seal in seals {
        match seal.open(passphrase) {
            Ok(key) => return Ok(key),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or(VaultError::PassphraseNeeded, VaultError::from))
}

fn protection(key: &VaultKey, passphrase: Option<&Passphrase>) -> Result<Protection, VaultError> {
    Ok(match passphrase {
        Some(passphrase) => Protection::Sealed(vec![PassphraseSeal::new(key, passphrase, Cost::STANDARD)?]),
        None => Protection::Unsealed(Zeroizing::new(key.secret_bytes().to_vec())),
    })
}
