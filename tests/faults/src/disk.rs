//! A disk under one folder that counts its changes and gives out at a stated one.
//!
//! The files are real ones, and what SQLite reads is what it wrote. Beside that is kept what of it the disk would still have
//! after a power cut: what was flushed, and of the rest any part, in any order, sector by sector. Nothing is really flushed,
//! as no power is really cut.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::c_int;
use std::path::{Path, PathBuf};

use rusqlite::ffi::{
    SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR_DELETE, SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_FSYNC,
    SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE, SQLITE_OK,
};

use crate::lot::Lot;
use crate::vfs;

/// How a disk gives out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It is full from this change on: half of the first write that finds it so is written, and nothing more; nor is a
    /// new file made. What needs no room goes on.
    DiskFull,
    /// This change fails, and those after it do not.
    WriteError,
    /// This change is made and its folder cannot be flushed, which fails a deletion that asked for it.
    FolderError,
    /// Half of this change is made, if it is a write, and nothing after it: the program was killed in the middle.
    TornWrite,
    /// The power goes in the middle of this change, and takes along what was not flushed.
    PowerCut,
}

/// A disk, and what happened to it.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    fault: Option<Fault>,
    at: usize,
    changes: usize,
    struck: bool,
    /// Which file a name is of, now.
    names: BTreeMap<PathBuf, usize>,
    /// The same as the disk has it for certain.
    flushed_names: BTreeMap<PathBuf, usize>,
    /// What the disk has for certain of each file.
    flushed: Vec<Vec<u8>>,
    unflushed: Vec<Change>,
}

/// What may or may not have reached the disk.
#[derive(Debug)]
enum Change {
    Write { file: usize, offset: usize, bytes: Vec<u8> },
    Truncate { file: usize, size: usize },
    Name { path: PathBuf, file: usize },
    Unname { path: PathBuf },
}

/// What is asked of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Create,
    Write,
    Truncate,
    Flush,
    Delete { flush_folder: bool },
}

/// How much of a change is made, and what SQLite hears of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ruling {
    pub(crate) made: Made,
    pub(crate) code: c_int,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    All,
    Half,
    Nothing,
}

impl Disk {
    /// Puts a disk under a folder for this thread, until [`Disk::take`]: one that gives out at the change of this number,
    /// from 1, or never.
    pub fn put(folder: &Path, fault: Option<(Fault, usize)>) {
        vfs::install();
        let mut disk = Self {
            folder: folder.to_owned(),
            fault: fault.map(|(fault, _)| fault),
            at: fault.map_or(0, |(_, at)| at),
            changes: 0,
            struck: false,
            names: BTreeMap::new(),
            flushed_names: BTreeMap::new(),
            flushed: Vec::new(),
            unflushed: Vec::new(),
        };
        for entry in std::fs::read_dir(folder).expect("the folder is listed") {
            let path = entry.expect("an entry").path();
            disk.flushed_names.insert(path.clone(), disk.flushed.len());
            disk.flushed.push(std::fs::read(path).expect("a file of the folder"));
        }
        disk.names = disk.flushed_names.clone();
        DISK.with_borrow_mut(|place| *place = Some(disk));
    }

    /// Takes the disk away; from now on nothing fails.
    pub fn take() -> Self {
        DISK.with_borrow_mut(Option::take).expect("a disk was put")
    }

    /// How many changes were asked of it.
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// Whether anything failed.
    pub fn struck(&self) -> bool {
        self.struck
    }

    /// The files that are there when the power is back: what was flushed, and of the rest what the lot says, or nothing.
    pub fn after_power_cut(&self, lot: Option<Lot>) -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut names, mut files) = (self.flushed_names.clone(), self.flushed.clone());
        if let Some(mut lot) = lot {
            for change in &self.unflushed {
                match change {
                    Change::Write { file, offset, bytes } => {
                        for (at, sector) in sectors(*offset, bytes) {
                            if lot.coin() {
                                write(&mut files[*file], at, sector);
                            }
                        }
                    }
                    change if lot.coin() => apply(change, &mut names, &mut files),
                    _ => {}
                }
            }
        }
        names.into_iter().map(|(path, file)| (path, std::mem::take(&mut files[file]))).collect()
    }

    /// The program gave a new file its name without SQLite, as it does with a new vault, and flushed the folder: what of
    /// the file was flushed is there under that name alone.
    pub fn named(&mut self, is_old: impl Fn(&Path) -> bool, new: &Path) {
        self.unflushed.retain(|change| !matches!(change, Change::Name { .. } | Change::Unname { .. }));
        let known = self.names.iter().find(|(path, _)| is_old(path)).map(|(_, file)| *file);
        self.flushed_names = known.map(|file| (new.to_owned(), file)).into_iter().collect();
    }

    fn rule(&mut self, step: Step) -> Ruling {
        self.changes += 1;
        let (now, since) = (self.changes == self.at, self.changes >= self.at);
        let (made, code) = match self.fault {
            Some(Fault::DiskFull) if since => match step {
                Step::Write if !self.struck => (Made::Half, SQLITE_FULL),
                Step::Write => (Made::Nothing, SQLITE_FULL),
                Step::Create => (Made::Nothing, SQLITE_CANTOPEN),
                Step::Truncate | Step::Flush | Step::Delete { .. } => (Made::All, SQLITE_OK),
            },
            Some(Fault::FolderError) if now && step == (Step::Delete { flush_folder: true }) => {
                (Made::All, SQLITE_IOERR_DIR_FSYNC)
            }
            Some(Fault::TornWrite) if now && step == Step::Write => (Made::Half, step.error()),
            Some(Fault::WriteError) if now => (Made::Nothing, step.error()),
            Some(Fault::TornWrite | Fault::PowerCut) if since => (Made::Nothing, step.error()),
            _ => (Made::All, SQLITE_OK),
        };
        self.struck |= code != SQLITE_OK;
        Ruling { made, code }
    }

    /// Keeps what was changed. What the power cut came in the middle of may have reached the disk as well.
    fn keep(&mut self, ruling: Ruling, change: Change) {
        if ruling.made == Made::All || (self.fault == Some(Fault::PowerCut) && self.changes == self.at) {
            self.unflushed.push(change);
        }
    }

    fn flush_file(&mut self, flushed: usize) {
        self.flush(|change| match change {
            Change::Write { file, .. } | Change::Truncate { file, .. } => *file == flushed,
            Change::Name { .. } | Change::Unname { .. } => false,
        });
    }

    fn flush_folder(&mut self) {
        self.flush(|change| matches!(change, Change::Name { .. } | Change::Unname { .. }));
    }

    fn flush(&mut self, which: impl Fn(&Change) -> bool) {
        let flushed: Vec<Change> = self.unflushed.extract_if(.., |change| which(change)).collect();
        for change in &flushed {
            apply(change, &mut self.flushed_names, &mut self.flushed);
        }
    }
}

impl Step {
    /// What SQLite's own layer would answer where the system refuses this.
    fn error(self) -> c_int {
        match self {
            Self::Create => SQLITE_CANTOPEN,
            Self::Write => SQLITE_IOERR_WRITE,
            Self::Truncate => SQLITE_IOERR_TRUNCATE,
            Self::Flush => SQLITE_IOERR_FSYNC,
            Self::Delete { .. } => SQLITE_IOERR_DELETE,
        }
    }
}

/// A file of the folder is opened: its number on the disk; none where no disk is put. Where it is made by that, it is a
/// change, and may fail.
pub(crate) fn open(path: &Path, creates: bool) -> Result<Option<usize>, c_int> {
    with(Ok(None), |disk| {
        if !path.starts_with(&disk.folder) {
            return Ok(None);
        }
        let ruling = if creates { disk.rule(Step::Create) } else { DONE };
        let known = disk.names.get(path).copied();
        let file = known.filter(|_| !creates).unwrap_or_else(|| {
            let file = disk.flushed.len();
            disk.flushed.push(Vec::new());
            if ruling.made == Made::All {
                disk.names.insert(path.to_owned(), file);
            }
            disk.keep(ruling, Change::Name { path: path.to_owned(), file });
            file
        });
        if ruling.code == SQLITE_OK { Ok(Some(file)) } else { Err(ruling.code) }
    })
}

pub(crate) fn write_to(file: usize, offset: usize, bytes: &[u8]) -> Ruling {
    with(DONE, |disk| {
        let ruling = disk.rule(Step::Write);
        disk.keep(ruling, Change::Write { file, offset, bytes: bytes.to_vec() });
        ruling
    })
}

pub(crate) fn truncate(file: usize, size: usize) -> Ruling {
    with(DONE, |disk| {
        let ruling = disk.rule(Step::Truncate);
        disk.keep(ruling, Change::Truncate { file, size });
        ruling
    })
}

/// A file is flushed, and with a new one the folder that has its name.
pub(crate) fn flush(file: usize, folder_too: bool) -> Ruling {
    with(DONE, |disk| {
        let ruling = disk.rule(Step::Flush);
        if ruling.made == Made::All {
            disk.flush_file(file);
            if folder_too {
                disk.flush_folder();
            }
        }
        ruling
    })
}

pub(crate) fn delete(path: &Path, flush_folder: bool) -> Ruling {
    with(DONE, |disk| {
        if !disk.names.contains_key(path) {
            return DONE;
        }
        let ruling = disk.rule(Step::Delete { flush_folder });
        if ruling.made == Made::All {
            disk.names.remove(path);
        }
        disk.keep(ruling, Change::Unname { path: path.to_owned() });
        if ruling.code == SQLITE_OK && flush_folder {
            disk.flush_folder();
        }
        ruling
    })
}

fn with<T>(otherwise: T, ask: impl FnOnce(&mut Disk) -> T) -> T {
    DISK.with_borrow_mut(|disk| match disk {
        Some(disk) => ask(disk),
        None => otherwise,
    })
}

fn apply(change: &Change, names: &mut BTreeMap<PathBuf, usize>, files: &mut [Vec<u8>]) {
    match change {
        Change::Write { file, offset, bytes } => write(&mut files[*file], *offset, bytes),
        Change::Truncate { file, size } => files[*file].resize(*size, 0),
        Change::Name { path, file } => {
            names.insert(path.clone(), *file);
        }
        Change::Unname { path } => {
            names.remove(path);
        }
    }
}

fn write(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[offset..end].copy_from_slice(bytes);
}

/// What a write does to each sector, and where.
fn sectors(offset: usize, bytes: &[u8]) -> Vec<(usize, &[u8])> {
    let mut parts = Vec::new();
    let (mut at, mut rest) = (offset, bytes);
    while !rest.is_empty() {
        let (part, more) = rest.split_at((SECTOR - at % SECTOR).min(rest.len()));
        parts.push((at, part));
        (at, rest) = (at + part.len(), more);
    }
    parts
}

thread_local! {
    static DISK: RefCell<Option<Disk>> = const { RefCell::new(None) };
}

const DONE: Ruling = Ruling { made: Made::All, code: SQLITE_OK };
/// What a disk writes wholly or not at all.
const SECTOR: usize = 512;
