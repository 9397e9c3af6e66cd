//! Files that the server keeps beside the vault: whoever finds one finds it whole.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Gid, Mode, OFlags, Uid};
use tempfile::NamedTempFile;

/// Whose the files beside a vault are: its owner's. Only root can be somebody else, and what root makes there would be in
/// the owner's way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner(Option<(Uid, Gid)>);

impl Owner {
    /// Nobody else than who makes the file.
    pub(super) const MAKER: Self = Self(None);

    /// The vault's owner, where root works for him.
    pub(super) fn of(vault: &Path) -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self::MAKER;
        }
        let found = fs::metadata(vault).ok();
        Self(found.map(|found| (Uid::from_raw(found.uid()), Gid::from_raw(found.gid()))))
    }

    /// Makes a folder, where there is none, and gives it to him.
    pub(super) fn make_folder(self, folder: &Path) -> io::Result<()> {
        if fs::create_dir(folder).is_err() {
            return fs::create_dir_all(folder);
        }
        // By what was opened, and no link: nothing else may be given away that was put in its place meanwhile.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        self.give(rustix::fs::open(folder, flags, Mode::empty())?)
    }

    fn give(self, file: impl AsFd) -> io::Result<()> {
        let Some((user, group)) = self.0 else { return Ok(()) };
        Ok(rustix::fs::fchown(file, Some(user), Some(group))?)
    }
}

/// Makes a file with these permissions under another name, and puts it in its place.
pub(super) fn put(path: &Path, bytes: &[u8], mode: u32, owner: Owner) -> io::Result<()> {
    made(path, bytes, mode, owner)?.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The same where nothing is; [`io::ErrorKind::AlreadyExists`] says that something has come there.
pub(super) fn put_new(path: &Path, bytes: &[u8], mode: u32, owner: Owner) -> io::Result<()> {
    made(path, bytes, mode, owner)?.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

fn made(path: &Path, bytes: &[u8], mode: u32, owner: Owner) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
    owner.give(file.as_file())?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}
