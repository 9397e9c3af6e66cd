//! The process's own stdout and stderr, and what they lead to.
//!
//! std swallows what goes to a stdout that is closed or open for reading alone, and opens `/dev/null` in the place of one
//! that is closed. An artifact that goes there is lost, so stdout is written to as the file that it is, and looked at first.
//! A shell may also have opened a vault for either of them, and each word there would be a word over a key.

use std::fs::{self, File};
use std::io::{self, LineWriter, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::output::is_vault;

/// Where stdout or stderr leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leads {
    /// To somebody who may read it, or to `/dev/null` on purpose.
    #[default]
    Somewhere,
    /// It cannot be written to, or what is written is lost and nobody has said that it may be.
    Nowhere,
    /// To a vault, or to the journal of one.
    ToAVault,
}

/// Stdout, with no error kept back. Line by line, as std has it.
pub(super) fn writer() -> Box<dyn Write> {
    match io::stdout().as_fd().try_clone_to_owned() {
        Ok(stdout) => Box::new(LineWriter::new(File::from(stdout))),
        Err(_) => Box::new(io::stdout()),
    }
}

/// Looks at a stream.
///
/// A shell that throws output away opens `/dev/null` for writing alone. Where it is open for reading too it stands in the
/// place of a closed stdout, or was given by a program that wants no output (Python's `DEVNULL`, daemon(3)): what cannot be
/// told apart is held to be lost, and only artifacts that were sent to stdout by name are refused for it.
pub(super) fn leads(stream: impl AsFd) -> Leads {
    let Ok(flags) = rustix::fs::fcntl_getfl(&stream) else { return Leads::Nowhere };
    let access = flags & OFlags::RWMODE;
    if access == OFlags::RDONLY || access == OFlags::RDWR && is_null(&stream) {
        return Leads::Nowhere;
    }
    // By another way to the same file, because a stream that is appended to cannot be read.
    let path = format!("/dev/fd/{}", stream.as_fd().as_raw_fd());
    if is_vault(Path::new(&path)) { Leads::ToAVault } else { Leads::Somewhere }
}

fn is_null(stream: impl AsFd) -> bool {
    let Ok(null) = fs::metadata("/dev/null") else { return false };
    let found = stream.as_fd().try_clone_to_owned().and_then(|stream| File::from(stream).metadata());
    found.is_ok_and(|found| found.file_type().is_char_device() && found.rdev() == null.rdev())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_written_to_leads_somewhere_and_a_null_that_can_be_read_does_not() {
        let at = |path: &str, read: bool, write: bool| {
            leads(File::options().read(read).write(write).open(path).unwrap())
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        let file = file.to_str().unwrap();
        for (read, write) in [(false, true), (true, true)] {
            assert_eq!(at(file, read, write), Leads::Somewhere);
        }
        assert_eq!(at("/dev/null", false, true), Leads::Somewhere);
        assert_eq!(at("/dev/null", true, true), Leads::Nowhere);
        assert_eq!(at(file, true, false), Leads::Nowhere);
        let (_reader, writer) = io::pipe().unwrap();
        assert_eq!(leads(writer), Leads::Somewhere);
    }
}
