//! What surrounds a run, and how it ends.

use std::ffi::OsString;
use std::io::{Read, Write};

use super::streams::Leads;
use super::terminal::{Palette, Widths};
use crate::time::UnixTime;

/// What surrounds a run: streams, environment and clock, each told, none looked up.
pub struct Surroundings<'a> {
    /// Where `-` reads from.
    pub stdin: &'a mut dyn Read,
    /// Where artifacts go.
    pub stdout: &'a mut dyn Write,
    /// Where that leads.
    pub stdout_leads: Leads,
    /// Where prose goes.
    pub stderr: &'a mut dyn Write,
    /// Where that leads.
    pub stderr_leads: Leads,
    /// Colours for the prose.
    pub palette: Palette,
    /// How wide the terminals are that stdout and stderr go to.
    pub widths: Widths,
    /// `COLDCERT_VAULT`.
    pub vault: Option<OsString>,
    /// `COLDCERT_PASSPHRASE`.
    pub passphrase: Option<OsString>,
    /// Gives a way to stderr to a server's threads; none where there is none.
    pub log: fn() -> Option<Box<dyn Write + Send>>,
    /// Tells who works here, as the system calls them; asked only where it is written down.
    pub operator: fn() -> String,
    /// The clock's time, unless `--at` says another.
    pub now: UnixTime,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings")
            .field("vault", &self.vault)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Understood and refused: a conflict, a refused chain, something that is not there.
    Refused,
    /// Not understood or broken: usage, unreadable input, a wrong passphrase, I/O.
    Broken,
}

impl Exit {
    /// The process's exit code: 0, 1 or 2.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Broken => 2,
        }
    }
}
