//! Files that the server keeps beside the vault: whoever finds one finds it whole.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::NamedTempFile;

/// Makes a file with these permissions under another name, and puts it in its place.
pub(super) fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    made(path, bytes, mode)?.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The same where nothing is; [`io::ErrorKind::AlreadyExists`] says that something has come there.
pub(super) fn put_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    made(path, bytes, mode)?.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

fn made(path: &Path, bytes: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new().permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}
