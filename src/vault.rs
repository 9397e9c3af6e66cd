//! The verbs: what an operator, or a client of the server, can do with a vault.
//!
//! Each verb that changes something is one transaction. Long work, the making of keys above all, is done
//! before the transaction begins, and what it was based on is looked at again inside.

mod audit;
mod begin;
mod bring;
mod desk;
mod error;
mod events;
mod handed;
mod inventory;
mod issuers;
mod lifecycle;
mod merge;
mod offline;
mod opening;
mod transfer;

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub use audit::Audited;
pub use begin::{Created, NewCertificate, Wanted};
pub use bring::NewImport;
pub use error::VaultError;
pub use lifecycle::{Attributes, CertificateView, ListOptions, RECOVERABLE_DAYS};
pub use merge::{Expectation, Merged};
pub use offline::{OFFLINE_CA, OfflineAuthority};
pub use opening::{Opened, SealView};
pub use transfer::Opening;

pub use crate::store::{Deletion, State, StoreError, Watch};

use crate::bundle::Bundle;
use crate::key::PublicKey;
use crate::ledger::{Act, Attribution, Event, Sealer};
use crate::policy::ObjectName;
use crate::seal::{Passphrase, VaultKey};
use crate::store::{self, Entry, Protection, Store};
use crate::time::UnixTime;
use crate::verdict::{Accepted, Profile, Question, Terms, Verdict};

/// An open vault. Whatever touches a private key also asks for the [`VaultKey`], which only the
/// passphrase gives.
#[derive(Debug)]
pub struct Vault {
    store: Store,
    /// Who does what is done, for the ledger.
    by: Attribution,
    loose: Option<Loose>,
}

/// Permissions of a vault file that let others at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loose {
    /// What they were.
    pub mode: u32,
    /// Whether they are the owner's alone now.
    pub is_repaired: bool,
}

impl Vault {
    /// Makes a new vault file, mode 0600, that did not exist before; sealed by a passphrase, or, without
    /// one, not sealed at all.
    pub fn init(path: &Path, passphrase: Option<&Passphrase>, now: UnixTime) -> Result<Self, VaultError> {
        Self::init_by(path, passphrase, Attribution::default(), now)
    }

    /// The same, and the ledger says who did it.
    pub fn init_by(
        path: &Path,
        passphrase: Option<&Passphrase>,
        by: Attribution,
        now: UnixTime,
    ) -> Result<Self, VaultError> {
        let key = VaultKey::generate()?;
        let protection = opening::protection(&key, passphrase, now)?;
        // It is made beside its place under another name and takes its own when it is whole and on the disk: a process
        // that is killed leaves no vault that is none. Nothing that is there gives way to it, nor to what SQLite would
        // take for a part of it.
        let unmade = |cause: io::Error| match cause.kind() {
            io::ErrorKind::AlreadyExists => VaultError::VaultExists { path: path.to_owned() },
            kind => VaultError::CannotCreate { path: path.to_owned(), cause: kind.into() },
        };
        let mut companions = store::companions(path).into_iter();
        if let Some(path) = companions.find(|path| path.symlink_metadata().is_ok()) {
            return Err(VaultError::VaultExists { path });
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        let mut name = tempfile::Builder::new();
        name.prefix(".coldcert-").suffix(".tmp").permissions(Permissions::from_mode(OWNERS_ALONE));
        let file = name.tempfile_in(folder).map_err(unmade)?;
        leave_to_owner(file.as_file()).map_err(unmade)?;
        let file = file.into_temp_path();
        let made = Store::create(&file, now, |db| {
            store::replace_protection(db, &protection)?;
            let event = Event::of(Act::Init).with("sealed", passphrase.is_some());
            db.record(event, &by, Some(&Sealer::of(&key)), now)
        })?;
        drop(made);
        file.persist_noclobber(path).map_err(|failure| unmade(failure.error))?;
        sync_folder(folder).map_err(|cause| VaultError::NotFlushed { path: path.to_owned(), cause })?;
        Ok(Self { by, ..Self::open(path)? })
    }

    /// Opens a vault file. No passphrase is needed to look at what is not secret.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        match fs::metadata(path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                Err(VaultError::NoVault { path: path.to_owned() })
            }
            Ok(found) if found.is_dir() => Err(StoreError::NotAVault { path: path.to_owned() }.into()),
            found => {
                let store = Store::open(path)?;
                let loose = found.ok().and_then(|found| repaired(path, &found.permissions()));
                Ok(Self { store, by: Attribution::default(), loose })
            }
        }
    }

    /// Whether the file let others at it when it was opened, which was mended where it could be.
    pub fn loose(&self) -> Option<Loose> {
        self.loose
    }

    /// The permissions of the folder, where they let others put a file in the vault's place, or, in one with the sticky bit,
    /// beside it.
    pub fn loose_folder(&self) -> Option<u32> {
        let path = fs::canonicalize(self.store.path()).ok()?;
        let mode = fs::metadata(path.parent()?).ok()?.permissions().mode() & 0o7777;
        (mode & 0o022 != 0).then_some(mode)
    }

    /// How many names the file has. With more than one it is read, and not written.
    pub fn links(&self) -> u64 {
        store::links(self.store.path())
    }

    /// The same vault once more, for another thread: what both write they write in turns.
    pub fn beside(&self) -> Result<Self, VaultError> {
        Ok(Self { store: self.store.beside()?, by: self.by.clone(), loose: None })
    }

    /// Says who does what is done from now on.
    pub fn attribute_to(&mut self, by: Attribution) {
        self.by = by;
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

    /// The living certificate of a name.
    fn living(&self, name: &ObjectName) -> Result<Entry, VaultError> {
        living(self.store.connection(), name)
    }
}

/// Gives the owner back what the process's umask took from him. Where nothing is missing nothing is asked for: not every
/// file system knows modes.
fn leave_to_owner(file: &File) -> io::Result<()> {
    if file.metadata()?.permissions().mode() & OWNERS_ALONE != OWNERS_ALONE {
        file.set_permissions(Permissions::from_mode(OWNERS_ALONE))?;
    }
    Ok(())
}

/// Makes a new vault's name durable. A folder that may be written and not read is left to the system.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        synced => synced,
    }
}

/// Takes a vault's file from everybody but its owner.
fn repaired(path: &Path, found: &Permissions) -> Option<Loose> {
    let mode = found.mode() & 0o7777;
    (mode & 0o077 != 0).then(|| Loose {
        mode,
        is_repaired: fs::set_permissions(path, Permissions::from_mode(mode & 0o700)).is_ok(),
    })
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
) -> Result<Accepted, Box<Verdict>> {
    let terms = Terms::of(profile);
    let question = Question::new(name.as_str(), key, bundle, now, &terms);
    Verdict::judge(&question).accept().map_err(Box::new)
}

/// The mode of a vault file.
const OWNERS_ALONE: u32 = 0o600;
