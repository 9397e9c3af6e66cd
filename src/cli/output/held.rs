//! The file that is to stand at an artifact's place, before it stands there: without a name where the system can
//! do that, so that nothing of it stays when the process is killed; else beside its place, under another name.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use super::directory_of;

/// A new file, which nobody can take for the artifact yet. Dropping it leaves nothing behind.
#[derive(Debug)]
pub(super) enum Held {
    /// A file that has no name.
    Unnamed(UnnamedFile),
    /// A file that has another name.
    Named(NamedTempFile),
}

/// A file without a name, and the mode with which it was made.
#[derive(Debug)]
pub(super) struct UnnamedFile {
    file: File,
    mode: u32,
}

/// What may stand at the target when the file is put there.
#[derive(Debug, Clone, Copy)]
pub(super) enum Replaces {
    Nothing,
    EmptyFile,
    Anything,
}

impl Held {
    /// A file of that mode on the file system of the target, the process's umask taken off; but what is its owner's alone
    /// stays his, whatever the umask.
    pub(super) fn beside(target: &Path, mode: u32) -> io::Result<Self> {
        let held = match unnamed(directory_of(target), mode) {
            Ok(file) => Self::Unnamed(UnnamedFile { file, mode }),
            // A folder where no file can be made says so again.
            Err(_) => Self::Named(named(target, mode)?),
        };
        // A full disk is found before anything is changed, and not after.
        match &held {
            Self::Unnamed(UnnamedFile { file, .. }) => reserve(file)?,
            Self::Named(temporary) => reserve(temporary.as_file())?,
        }
        Ok(held)
    }

    /// Writes the bytes to the disk and puts the file at the target. [`io::ErrorKind::AlreadyExists`] says that
    /// something is there that it may not replace.
    pub(super) fn put(self, bytes: &[u8], target: &Path, replaces: Replaces) -> io::Result<()> {
        match self {
            Self::Unnamed(UnnamedFile { mut file, mode }) => {
                write_through(&mut file, bytes)?;
                match put_unnamed(&file, target, replaces) {
                    Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
                        // Without /proc, say. The same bytes once more, in a file that has a name.
                        Self::Named(named(target, mode)?).put(bytes, target, replaces)
                    }
                    put => put,
                }
            }
            Self::Named(mut temporary) => {
                write_through(temporary.as_file_mut(), bytes)?;
                put_named(temporary, target, replaces)
            }
        }
    }
}

fn write_through(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    // Gives back what was reserved and is not needed.
    file.set_len(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
    file.sync_all()
}

/// Takes the blocks that a request needs, so that writing it later does not fail for want of room. A file system
/// that cannot do that is left alone.
#[cfg(target_os = "linux")]
fn reserve(file: &File) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;

    match fallocate(file, FallocateFlags::KEEP_SIZE, 0, RESERVED_BYTES) {
        Err(full @ (Errno::NOSPC | Errno::DQUOT)) => Err(full.into()),
        _ => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_: &File) -> io::Result<()> {
    Ok(())
}

fn put_unnamed(file: &File, target: &Path, replaces: Replaces) -> io::Result<()> {
    match replaces {
        Replaces::Nothing => give_name(file, target),
        // Only renaming replaces, and only what has a name is renamed: for a moment this one has another.
        Replaces::EmptyFile | Replaces::Anything => {
            let temporary = temporary_name().make_in(directory_of(target), |name| give_name(file, name))?;
            put_named(temporary, target, replaces)
        }
    }
}

fn put_named<F>(temporary: NamedTempFile<F>, target: &Path, replaces: Replaces) -> io::Result<()> {
    let put = match replaces {
        Replaces::Nothing => temporary.persist_noclobber(target),
        Replaces::EmptyFile if fs::metadata(target).is_ok_and(|found| found.len() > 0) => {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Replaces::EmptyFile | Replaces::Anything => temporary.persist(target),
    };
    put.map(drop).map_err(|failure| failure.error)
}

/// A file that vanishes with the process unless it is given a name: open(2), O_TMPFILE.
#[cfg(target_os = "linux")]
fn unnamed(directory: &Path, mode: u32) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};

    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(directory, flags, Mode::from_raw_mode(mode))?);
    leave_to_owner(&file, mode)?;
    Ok(file)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path, _: u32) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Gives an unnamed file a name that nothing has, as open(2) shows for a process without privileges.
#[cfg(target_os = "linux")]
fn give_name(file: &File, name: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD};

    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(CWD, open, CWD, name, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn give_name(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A request for a 4096-bit key with a hundred names has under 8 KiB.
#[cfg(target_os = "linux")]
const RESERVED_BYTES: u64 = 16 * 1024;

fn named(target: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let made = temporary_name().permissions(Permissions::from_mode(mode)).tempfile_in(directory_of(target));
    // The kind alone: the whole error names the temporary file, which is nobody's business.
    let made = made.map_err(|cause| io::Error::from(cause.kind()))?;
    leave_to_owner(made.as_file(), mode)?;
    Ok(made)
}

/// Gives the owner back what the process's umask took from a file that is his alone. Where nothing is missing nothing is
/// asked for: not every file system knows modes.
fn leave_to_owner(file: &File, mode: u32) -> io::Result<()> {
    let is_his_alone = mode & 0o077 == 0;
    if is_his_alone && file.metadata()?.permissions().mode() & mode != mode {
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    Ok(())
}

fn temporary_name() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".coldcert-").suffix(".tmp");
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_a_name_and_without_a_file_is_put_alike() {
        for mode in [0o600, 0o400] {
            for first_named in [false, true] {
                let folder = tempfile::tempdir().unwrap();
                let target = folder.path().join("shop");
                let held = || match first_named {
                    true => Held::Named(named(&target, mode).unwrap()),
                    false => Held::beside(&target, mode).unwrap(),
                };
                let taken = |put: io::Result<()>| put.unwrap_err().kind() == io::ErrorKind::AlreadyExists;
                held().put(b"", &target, Replaces::Nothing).unwrap();
                assert!(taken(held().put(b"one", &target, Replaces::Nothing)));
                held().put(b"two", &target, Replaces::EmptyFile).unwrap();
                assert!(taken(held().put(b"three", &target, Replaces::EmptyFile)));
                assert_eq!(fs::read(&target).unwrap(), b"two");
                held().put(b"four", &target, Replaces::Anything).unwrap();
                assert_eq!(fs::read(&target).unwrap(), b"four");
                assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, mode);
                drop(held());
                assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
            }
        }
    }
}
