//! Which state a vault file is in, told without asking SQLite: for whoever keeps what was read, and wants to know whether
//! it still holds.
//!
//! In a file with a rollback journal the header counts the commits (SQLite, "Database File Format", 1.3.7). Read under
//! SQLite's shared lock the count is that of what is read. Read without it, it may already be that of a commit under way:
//! then it differs from any that was read under the lock, and whoever compares asks SQLite.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// The count of commits of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State(u32);

/// A look at a file's state. It has a file descriptor of its own, which must outlive every connection to the file: when a
/// process closes one, POSIX takes away the locks that it has by all others.
#[derive(Clone, Debug)]
pub struct Watch(Arc<File>);

impl Watch {
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(File::open(path)?)))
    }

    /// The state; none where the file is not one with a rollback journal.
    pub fn state(&self) -> Option<State> {
        let mut header = [0; HEADER];
        self.0.read_exact_at(&mut header, 0).ok()?;
        let (versions, count) = (&header[WRITE_VERSION..=READ_VERSION], &header[COUNTER..HEADER]);
        let count = u32::from_be_bytes(count.try_into().ok()?);
        versions.iter().all(|version| *version == ROLLBACK).then_some(State(count))
    }
}

const WRITE_VERSION: usize = 18;
const READ_VERSION: usize = 19;
const COUNTER: usize = 24;
const HEADER: usize = 28;
/// 2 would be a write-ahead log, whose commits the header does not count.
const ROLLBACK: u8 = 1;
