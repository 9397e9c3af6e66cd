//! One act, tried against every fault at every change that it makes to the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use coldcert::vault::{StoreError, Vault, VaultError};
use faults::{Disk, Fault, Lot};
use tempfile::TempDir;

use crate::acts::{Act, Done};
use crate::material::{Files, Material, VAULT, contact, lay, now, read};
use crate::whole::{self, Known, NO_VAULT};

/// How often each fault was survived.
pub(crate) type Survived = BTreeMap<Fault, usize>;

/// Runs the act undisturbed, and then against every fault.
pub(crate) fn of(material: &Material, act: &Act) -> Survived {
    let trial = Trial::begin(material, act);
    let mut survived = Survived::new();
    for fault in [Fault::DiskFull, Fault::WriteError, Fault::FolderError, Fault::TornWrite] {
        for at in 1..=trial.changes {
            *survived.entry(fault).or_default() += usize::from(trial.survives(fault, at));
        }
    }
    // One more: the power goes when everything was done.
    for at in 1..=trial.changes + 1 {
        *survived.entry(Fault::PowerCut).or_default() += trial.survives_power_cuts(at);
    }
    survived
}

/// The files that are there when an act was killed as late as it could be without being done.
pub(crate) fn left_by_a_kill(material: &Material, act: &Act) -> Files {
    let trial = Trial::begin(material, act);
    let hot = |files: &Files| {
        files.len() > 1 && files[VAULT] != trial.start[VAULT] && files.values().all(|bytes| !bytes.is_empty())
    };
    let mut left = (1..=trial.changes).rev().map(|at| {
        drop(trial.run(Some((Fault::TornWrite, at))));
        read(trial.folder.path())
    });
    left.find(hot).expect("a journal that is to be rolled back")
}

struct Trial<'a> {
    material: &'a Material,
    act: &'a Act,
    start: Files,
    known: Known,
    before: String,
    after: String,
    /// How many changes the act makes to the disk.
    changes: usize,
    folder: TempDir,
    path: PathBuf,
}

impl<'a> Trial<'a> {
    fn begin(material: &'a Material, act: &'a Act) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(VAULT);
        let start = (act.start)(material);
        lay(folder.path(), &start);
        let known = whole::known(&path);
        let before = whole::content(&path, &known);
        let (after, changes) = (String::new(), 0);
        let mut trial = Self { material, act, start, known, before, after, changes, folder, path };
        let (disk, answer) = trial.run(None);
        answer.unwrap_or_else(|error| panic!("{}: {error}", act.name));
        trial.after = trial.content();
        trial.changes = disk.changes();
        trial
    }

    fn run(&self, fault: Option<(Fault, usize)>) -> (Disk, Done) {
        lay(self.folder.path(), &self.start);
        Disk::put(self.folder.path(), fault);
        let answer = (self.act.run)(self.material, &self.path);
        (Disk::take(), answer)
    }

    /// Whether the fault struck; the vault is whole then.
    fn survives(&self, fault: Fault, at: usize) -> bool {
        let what = format!("{}: {fault:?} at change {at} of {}", self.act.name, self.changes);
        let (disk, answer) = self.run(Some((fault, at)));
        if !disk.struck() {
            return false;
        }
        let lives_on = matches!(fault, Fault::DiskFull | Fault::WriteError);
        if let Err(error) = &answer {
            says_what_it_was(fault, error, &what);
        }
        if lives_on && answer.is_err() && self.before == NO_VAULT {
            let left: Vec<String> = read(self.folder.path()).into_keys().collect();
            assert!(left.is_empty(), "{what}: {left:?} was left over");
        }
        self.check(&answer, lives_on, &what);
        true
    }

    /// The power goes, and of what was not flushed nothing is there, or anything.
    fn survives_power_cuts(&self, at: usize) -> usize {
        let (mut disk, answer) = self.run(Some((Fault::PowerCut, at)));
        if self.before == NO_VAULT && self.path.exists() {
            disk.named(|path| is_unfinished(&file_name(path)), &self.path);
        }
        let seed = u64::try_from(at).expect("a number") * 100;
        let lots = std::iter::once(None).chain((seed..seed + LOTS).map(|seed| Some(Lot::of(seed))));
        let mut survived = 0;
        for lot in lots {
            let what = format!("{}: power cut at change {at} of {}, {lot:?}", self.act.name, self.changes);
            let files = disk.after_power_cut(lot).into_iter().map(|(path, bytes)| (file_name(&path), bytes));
            lay(self.folder.path(), &files.collect());
            self.check(&answer, false, &what);
            survived += 1;
        }
        survived
    }

    /// The vault is as it was before the act or as it is after it: after it where the act said so, and before it where it
    /// failed and could take back what it did. What was not done can be done again.
    fn check(&self, answer: &Done, was_taken_back: bool, what: &str) {
        // One that does not fail, and is not flushed in earnest.
        Disk::put(self.folder.path(), None);
        let content = self.content();
        let (is_before, is_after) = (content == self.before, content == self.after);
        assert!(is_before || is_after, "{what}: neither before nor after: {answer:?}\n{content}");
        match answer {
            Ok(()) => assert!(is_after, "{what}: it was said to be done, and is not"),
            Err(error) => assert!(is_before || !was_taken_back, "{what}: done, in spite of: {error}"),
        }
        self.is_whole(is_before, what);
        // That a slow one can be done again its opposite shows, which writes the same rows.
        if is_before && !is_after && !self.act.is_slow {
            if self.before == NO_VAULT && self.path.exists() {
                std::fs::remove_file(&self.path).expect("what is no vault is removed");
            }
            (self.act.run)(self.material, &self.path)
                .unwrap_or_else(|error| panic!("{what}: again: {error}"));
            assert_eq!(self.content(), self.after, "{what}: again");
        }
        // A journal that was begun, and held nothing yet to roll back to, stays until the next write: here it comes.
        let mut vault = Vault::open(&self.path).expect("the vault");
        // One that was made in this trial has a key of its own; of one that is sealed by now it is still the old one.
        let own = vault.unseal(None);
        let key = own.as_ref().unwrap_or(&self.material.key);
        vault.set_contacts(key, &[contact("last@example.com")], now()).expect("a write");
        // What a new vault was called when the power went is nobody's vault.
        let left = read(self.folder.path()).into_keys().filter(|name| !is_unfinished(name));
        assert_eq!(left.collect::<Vec<_>>(), [VAULT], "{what}: something was left over");
        Disk::take();
    }

    fn is_whole(&self, is_before: bool, what: &str) {
        if is_before && self.before == NO_VAULT {
            return;
        }
        let material = self.material;
        let key = |vault: &Vault| match is_before {
            // To open the seal takes long, and it is as it was, byte for byte.
            true => vault_key(material.key.secret_bytes()),
            false => vault.unseal(Some(&material.passphrase)).expect("the vault key"),
        };
        whole::check(&self.path, key).unwrap_or_else(|error| panic!("{what}: {error}"));
    }

    fn content(&self) -> String {
        whole::content(&self.path, &self.known)
    }
}

/// An operator is told that the disk is full, or that it failed, and what to do.
fn says_what_it_was(fault: Fault, error: &VaultError, what: &str) {
    let VaultError::Store(store) = error else { panic!("{what}: {error:?}") };
    let is_clear = match fault {
        Fault::DiskFull => matches!(store, StoreError::DiskFull | StoreError::NoJournal),
        Fault::WriteError => matches!(store, StoreError::Io { .. } | StoreError::NoJournal),
        Fault::FolderError => matches!(store, StoreError::Io { .. }),
        // Nobody is there any more who could hear it.
        Fault::TornWrite | Fault::PowerCut => true,
    };
    assert!(is_clear, "{what}: {error:?}");
    assert!(!error.help().is_empty(), "{what}: {error}");
}

fn vault_key(bytes: &[u8]) -> coldcert::seal::VaultKey {
    coldcert::seal::VaultKey::from_secret_bytes(bytes).expect("a vault key")
}

/// A file that a new vault is made in.
fn is_unfinished(name: &str) -> bool {
    name.starts_with(".coldcert-")
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// How often it is drawn what a power cut leaves.
const LOTS: u64 = 2;
