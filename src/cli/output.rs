//! Where artifacts go.
//!
//! * `-` is stdout. Anything else is a path, and it is tested before anything is changed: a missing
//!   directory, a read-only place or a file that is in the way is found by [`Output::prepare`].
//! * A file appears whole or not at all: it is written without a name, flushed to the disk and then given its
//!   name, so that a process that is killed leaves nothing behind. Where the file system has no files without a
//!   name it is written beside its place under a temporary one and renamed.
//! * Secrets are files of mode 0600, made new. Nothing that exists is replaced by them without force, and
//!   with force the link, not what it leads to, is replaced, and the mode is 0600 whatever it was.
//! * A recovery key replaces nothing, whatever is forced.
//! * Public artifacts have the usual mode. An empty file gives way to them and so does, in
//!   [`put_public`], one with the same bytes; any other needs force, because a certificate written over
//!   somebody's key is a loss. Links are followed.
//! * Devices, pipes and `/dev/stdout` are written straight to.
//! * A vault is never written over, whatever is forced: every key in it would be lost.

mod held;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use thiserror::Error;

use held::{Held, Replaces};

use super::input::is_standard_stream;
use super::terminal::shown;

/// A place that can be written to. Dropping it leaves nothing behind.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    place: Place,
}

/// Whether an artifact holds a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A private key, a PKCS#12 file (also one without a password) or a backup.
    Secret,
    /// A recovery key: written before the vault takes it, so that it must not cost the one that was there.
    RecoveryKey,
    /// A certificate, a CSR, a policy.
    Public,
}

impl Kind {
    fn mode(self) -> u32 {
        match self {
            Self::Secret | Self::RecoveryKey => SECRET_MODE,
            // The system takes the process's umask off.
            Self::Public => PUBLIC_MODE,
        }
    }
}

impl Output {
    /// Tests the place and holds it with a file that has no name yet. Blocks for a named pipe without a reader.
    pub fn prepare(path: &Path, kind: Kind, force: bool) -> Result<Self, OutputError> {
        let place = match Way::to(path, kind, force)? {
            Way::Stdout => Place::Stdout,
            Way::Stream => Place::Stream(open_stream(path)?),
            Way::File { target, replaces } => hold(path, target, kind, replaces)?,
        };
        Ok(Self { path: path.to_owned(), place })
    }

    /// Tests the place as [`Output::prepare`] does, but holds nothing and opens no pipe: for before a long wait,
    /// after which it is prepared all the same.
    pub fn check(path: &Path, kind: Kind, force: bool) -> Result<(), OutputError> {
        let Way::File { target, .. } = Way::to(path, kind, force)? else {
            return Ok(());
        };
        let directory = directory_of(&target);
        match rustix::fs::access(directory, Access::WRITE_OK | Access::EXEC_OK) {
            Ok(()) => Ok(()),
            Err(cause) => Err(not_made(path, directory, &cause.into())),
        }
    }

    /// The path as it was given, `-` being stdout.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the artifact goes to stdout.
    pub fn is_stdout(&self) -> bool {
        matches!(self.place, Place::Stdout)
    }

    /// Writes all of `bytes`, to `stdout` if that is the place.
    pub fn write(self, bytes: &[u8], stdout: &mut dyn Write) -> Result<(), OutputError> {
        let Self { path, place } = self;
        let failed = |cause| OutputError::Write { path: path.clone(), cause };
        match place {
            Place::Stdout => stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(failed),
            Place::Stream(mut stream) => stream.write_all(bytes).map_err(failed),
            Place::File { held, target, kind, replaces } => {
                held.put(bytes, &target, replaces).map_err(|cause| match cause.kind() {
                    io::ErrorKind::AlreadyExists => OutputError::Exists { path: path.clone(), kind },
                    _ => failed(cause),
                })?;
                sync_directory(&target).map_err(|cause| OutputError::NotFlushed { path: path.clone(), cause })
            }
        }
    }

    /// Gives the place up. Dropping does the same.
    pub fn discard(self) {
        drop(self);
    }
}

/// Writes a public artifact whose bytes are known already. A file that has just these bytes is left as
/// it is, and that is a success too.
pub fn put_public(path: &Path, bytes: &[u8], force: bool, stdout: &mut dyn Write) -> Result<(), OutputError> {
    match holds(path, bytes)? {
        true => Ok(()),
        false => Output::prepare(path, Kind::Public, force)?.write(bytes, stdout),
    }
}

/// Tests the place as [`put_public`] does, and writes nothing.
pub(super) fn check_public(path: &Path, bytes: &[u8], force: bool) -> Result<(), OutputError> {
    match holds(path, bytes)? {
        true => Ok(()),
        false => Output::check(path, Kind::Public, force),
    }
}

/// Whether a file has just these bytes.
fn holds(path: &Path, bytes: &[u8]) -> Result<bool, OutputError> {
    let (Found::File { size } | Found::Link { size, leads_to: Some(_) }) = Found::at(path)? else {
        return Ok(false);
    };
    let length = u64::try_from(bytes.len()).ok();
    Ok(Some(size) == length && fs::read(path).is_ok_and(|existing| existing == bytes))
}

/// Refuses a path that is this vault's, by its own name, a link or another name of the same file, and the names
/// that SQLite gives to what it keeps beside it.
pub(super) fn refuse_vault(path: &Path, vault: &Path) -> Result<(), OutputError> {
    if is_stdout(path) {
        return Ok(());
    }
    let is_vault = || OutputError::IsVault { path: path.to_owned() };
    let same_file = |one: &Path, other: &Path| match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    };
    if same_file(path, vault) {
        return Err(is_vault());
    }
    let (target, vaults) = (resolved(path), [resolved(vault), vault.to_owned()]);
    for vault in &vaults {
        for ending in VAULT_COMPANIONS {
            let mut companion = vault.clone().into_os_string();
            companion.push(ending);
            let companion = PathBuf::from(companion);
            if target == resolved(&companion) || same_file(path, &companion) {
                return Err(is_vault());
            }
        }
    }
    Ok(())
}

/// Whether both paths lead to one file, whether or not it exists.
pub(super) fn is_same_place(one: &Path, other: &Path) -> bool {
    is_stdout(one) == is_stdout(other) && (is_stdout(one) || resolved(one) == resolved(other))
}

/// Refuses a path that is this vault's or another's, for what is not written as an [`Output`].
pub(super) fn refuse_vaults(path: &Path, vault: &Path) -> Result<(), OutputError> {
    refuse_vault(path, vault)?;
    refuse_any_vault(path)
}

/// Refuses a file that is a vault by its content or belongs to one, whichever vault is at work.
fn refuse_any_vault(path: &Path) -> Result<(), OutputError> {
    let belongs_to = companion_of(path);
    match !is_stdout(path) && (is_vault(path) || belongs_to.is_some_and(|vault| is_vault(&vault))) {
        true => Err(OutputError::IsVault { path: path.to_owned() }),
        false => Ok(()),
    }
}

/// The file beside which SQLite would take what is at this path for a part of it.
fn companion_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.as_bytes();
    let endings = VAULT_COMPANIONS.iter().filter(|ending| !ending.is_empty());
    let stem = endings.filter_map(|ending| name.strip_suffix(ending.as_bytes())).next()?;
    Some(path.with_file_name(OsStr::from_bytes(stem)))
}

/// Whether a file is a vault by its content, or the journal of a database: what a vault goes back to when it is opened.
pub(super) fn is_vault(path: &Path) -> bool {
    if !fs::metadata(path).is_ok_and(|found| found.is_file()) {
        return false;
    }
    // What cannot be read is not known to be one; the vault at work is known by its file.
    let mut head = [0; APPLICATION_ID_AT + APPLICATION_ID.len()];
    // At its place: what is opened by the name of a stream may share that stream's.
    let Ok(length) = File::open(path).and_then(|file| file.read_at(&mut head, 0)) else { return false };
    let is_whole = length == head.len();
    is_whole && head.starts_with(SQLITE_MAGIC) && head.ends_with(APPLICATION_ID)
        || head.starts_with(JOURNAL_MAGIC)
}

/// The path without links, as far as it exists: of a file that does not, its folder's.
fn resolved(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| {
        let folder = fs::canonicalize(directory_of(path)).unwrap_or_else(|_| directory_of(path).to_owned());
        path.file_name().map_or_else(|| path.to_owned(), |name| folder.join(name))
    })
}

#[derive(Debug)]
enum Place {
    Stdout,
    Stream(File),
    File { held: Held, target: PathBuf, kind: Kind, replaces: Replaces },
}

/// How an artifact gets to its place.
enum Way {
    Stdout,
    Stream,
    File { target: PathBuf, replaces: Replaces },
}

impl Way {
    /// Refuses a place where something is in the way.
    fn to(path: &Path, kind: Kind, force: bool) -> Result<Self, OutputError> {
        refuse_any_vault(path)?;
        let itself = |replaces| Self::File { target: path.to_owned(), replaces };
        Ok(match Found::at(path)? {
            Found::Stdout => Self::Stdout,
            Found::Stream => Self::Stream,
            Found::Nothing => itself(Replaces::Nothing),
            Found::File { .. } | Found::Link { .. } if kind == Kind::RecoveryKey => {
                return Err(OutputError::Exists { path: path.to_owned(), kind });
            }
            Found::File { .. } | Found::Link { .. } if force && kind == Kind::Secret => {
                itself(Replaces::Anything)
            }
            Found::Link { leads_to: Some(target), .. } if force => {
                Self::File { target, replaces: Replaces::Anything }
            }
            Found::File { .. } | Found::Link { .. } if force => itself(Replaces::Anything),
            Found::File { size: 0 } if kind == Kind::Public => itself(Replaces::EmptyFile),
            Found::Link { leads_to: Some(target), size: 0 } if kind == Kind::Public => {
                Self::File { target, replaces: Replaces::EmptyFile }
            }
            Found::File { .. } | Found::Link { .. } => {
                return Err(OutputError::Exists { path: path.to_owned(), kind });
            }
        })
    }
}

/// What is at a path before it is written to.
enum Found {
    Stdout,
    /// A device, a pipe, or a name for a stream that is open already.
    Stream,
    Nothing,
    File {
        size: u64,
    },
    /// A symbolic link to a regular file, or to nothing.
    Link {
        leads_to: Option<PathBuf>,
        size: u64,
    },
}

impl Found {
    fn at(path: &Path) -> Result<Self, OutputError> {
        if is_stdout(path) {
            return Ok(Self::Stdout);
        }
        if path.file_name().is_none() && path.is_dir() {
            return Err(OutputError::Directory { path: path.to_owned() });
        }
        if path.as_os_str().is_empty() || path.as_os_str().as_bytes().ends_with(b"/") && !path.is_dir() {
            return Err(OutputError::NoName { path: path.to_owned() });
        }
        let inspect = |cause| OutputError::Inspect { path: path.to_owned(), cause };
        let itself = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Self::Nothing),
            Err(cause) => return Err(inspect(cause)),
        };
        let reached = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(cause) if itself.is_symlink() && cause.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::Link { leads_to: None, size: 0 });
            }
            Err(cause) => return Err(inspect(cause)),
        };
        if reached.is_dir() {
            Err(OutputError::Directory { path: path.to_owned() })
        } else if !reached.is_file() || NAMES_OF_OPEN_STREAMS.iter().any(|name| path.starts_with(name)) {
            Ok(Self::Stream)
        } else if itself.is_symlink() {
            Ok(Self::Link { leads_to: Some(fs::canonicalize(path).map_err(inspect)?), size: reached.len() })
        } else {
            Ok(Self::File { size: reached.len() })
        }
    }
}

/// Whether the path stands for stdout, `-` or one of its other names.
pub(super) fn is_stdout(path: &Path) -> bool {
    is_standard_stream(path) || NAMES_OF_STDOUT.iter().any(|name| path == Path::new(name))
}

/// Appends, so that a stream which the shell has redirected to a file keeps what is in it.
fn open_stream(path: &Path) -> Result<File, OutputError> {
    let opened = File::options().append(true).open(path);
    opened.map_err(|cause| OutputError::Open { path: path.to_owned(), cause })
}

fn hold(path: &Path, target: PathBuf, kind: Kind, replaces: Replaces) -> Result<Place, OutputError> {
    let directory = directory_of(&target);
    let held = Held::beside(&target, kind.mode()).map_err(|cause| not_made(path, directory, &cause))?;
    Ok(Place::File { held, target, kind, replaces })
}

fn not_made(path: &Path, directory: &Path, cause: &io::Error) -> OutputError {
    let (path, directory) = (path.to_owned(), directory.to_owned());
    if !directory.exists() {
        return OutputError::NoDirectory { path, directory };
    }
    // The kind alone: the whole error may name the temporary file, which is nobody's business.
    OutputError::Create { path, directory, cause: cause.kind().into() }
}

/// Makes the new name durable. A directory that may be written but not read, and a file system that
/// knows no such request, are left to the system.
fn sync_directory(target: &Path) -> io::Result<()> {
    match File::open(directory_of(target)).and_then(|directory| directory.sync_all()) {
        Err(cause)
            if matches!(cause.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Why an artifact cannot be written.
#[derive(Debug, Error)]
pub enum OutputError {
    /// A file or a link is in the way.
    #[error("{} exists, and {}", shown(path), rule(*kind))]
    Exists {
        /// The path as given.
        path: PathBuf,
        /// What was to be written there.
        kind: Kind,
    },
    /// A vault, or a file that SQLite keeps beside one.
    #[error("{} is a coldcert vault or belongs to one, and a vault is never written over", named(path))]
    IsVault {
        /// The path as given.
        path: PathBuf,
    },
    /// A directory where a file is to be written.
    #[error("{} is a directory, not a file", shown(path))]
    Directory {
        /// The path as given.
        path: PathBuf,
    },
    /// The path ends in a slash, or is empty.
    #[error("`{}` names no file", shown(path))]
    NoName {
        /// The path as given.
        path: PathBuf,
    },
    /// The directory of the file does not exist.
    #[error("{} cannot be written: there is no directory {}", shown(path), shown(directory))]
    NoDirectory {
        /// The path as given.
        path: PathBuf,
        /// The directory that is missing.
        directory: PathBuf,
    },
    /// No file can be made in the directory.
    #[error("{} cannot be written: no file can be made in {}: {cause}", shown(path), shown(directory))]
    Create {
        /// The path as given.
        path: PathBuf,
        /// The directory of the file.
        directory: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// What is at the path cannot be found out.
    #[error("{} cannot be looked at: {cause}", shown(path))]
    Inspect {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// A device or a pipe cannot be opened.
    #[error("{} cannot be opened for writing: {cause}", shown(path))]
    Open {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The bytes cannot be written. A file that was to be made is not there; one that was to be replaced
    /// is as it was.
    #[error("{} cannot be written: {cause}", named(path))]
    Write {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The file is there, whole and flushed. Whether its name is on the disk is not known.
    #[error(
        "{} was written, and its folder could not be flushed to the disk: {cause}; it may be gone after a power cut",
        shown(path)
    )]
    NotFlushed {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
}

impl OutputError {
    /// Whether the request was understood and refused (exit 1); all else is input or output that failed
    /// (exit 2).
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Exists { .. } | Self::IsVault { .. })
    }

    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Exists { kind: Kind::RecoveryKey, .. } => {
                "name another file: the key that is in this one may be the only one that opens the vault"
                    .to_owned()
            }
            Self::Exists { .. } => "name another file, or replace this one with `--force`".to_owned(),
            Self::IsVault { .. } => "name another file; `--force` does not help here".to_owned(),
            Self::Directory { path } => format!("name a file inside {}", shown(path)),
            Self::NoName { .. } => "name a file, or `-` for stdout".to_owned(),
            Self::NoDirectory { directory, .. } => {
                format!("make {} first, or name another", shown(directory))
            }
            Self::Create { directory, .. } => {
                format!("check that {} can be written to and has room, or name another", shown(directory))
            }
            Self::Inspect { .. } | Self::Open { .. } => "check the path and its permissions".to_owned(),
            Self::Write { .. } => "make room or name another place, then run the command again".to_owned(),
            Self::NotFlushed { .. } => {
                "see in the system's log what is wrong with the disk, and keep a copy of the file on another"
                    .to_owned()
            }
        }
    }
}

fn rule(kind: Kind) -> &'static str {
    match kind {
        Kind::Secret => "a file with secrets is only made new",
        Kind::RecoveryKey => "a recovery key replaces no file",
        Kind::Public => "a file with other content is not replaced",
    }
}

fn named(path: &Path) -> String {
    if is_standard_stream(path) { "standard output".to_owned() } else { shown(path) }
}

const SECRET_MODE: u32 = 0o600;
const PUBLIC_MODE: u32 = 0o666;

/// SQLite, "Database File Format" 1.3: how a database begins, and where its application id stands.
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";
const APPLICATION_ID_AT: usize = 68;
/// The application id of a vault.
const APPLICATION_ID: &[u8] = b"cold";

/// SQLite, "Database File Format" 3: how a journal begins in which something stands.
const JOURNAL_MAGIC: &[u8] = &[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// SQLite, "Temporary Files" 2: what may lie beside a database. Whatever stands there is taken for a part of it.
const VAULT_COMPANIONS: &[&str] = &["", "-journal", "-wal", "-shm"];

/// Other names of stdout, which must not be opened anew: that would lose the place in a redirected file.
const NAMES_OF_STDOUT: &[&str] = &["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Below these are streams that are open already, also where they lead to a regular file.
const NAMES_OF_OPEN_STREAMS: &[&str] = &["/dev/stderr", "/dev/fd", "/proc"];

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::{TempDir, tempdir};

    use super::*;

    fn write(path: &Path, kind: Kind, force: bool, bytes: &[u8]) -> Result<(), OutputError> {
        Output::prepare(path, kind, force)?.write(bytes, &mut io::sink())
    }

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn names(folder: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_dash_and_dev_stdout_are_stdout() {
        for name in ["-", "/dev/stdout"] {
            let mut stdout = Vec::new();
            let output = Output::prepare(Path::new(name), Kind::Secret, false).unwrap();
            assert!(output.is_stdout());
            output.write(b"artifact", &mut stdout).unwrap();
            assert_eq!(stdout, b"artifact");
        }
    }

    #[test]
    fn a_secret_is_made_new_and_only_its_owner_reads_it() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("shop.pfx");
        write(&path, Kind::Secret, false, b"key").unwrap();
        assert_eq!((fs::read(&path).unwrap().as_slice(), mode(&path)), (&b"key"[..], 0o600));
        assert_eq!(names(&folder), ["shop.pfx"]);
    }

    #[test]
    fn a_public_file_has_the_mode_of_any_new_file() {
        let folder = tempdir().unwrap();
        let (path, usual) = (folder.path().join("shop.csr"), folder.path().join("usual"));
        File::create(&usual).unwrap();
        write(&path, Kind::Public, false, b"csr").unwrap();
        assert_eq!(mode(&path), mode(&usual));
    }

    #[test]
    fn a_secret_never_replaces_a_file_unless_forced_and_then_tightens_its_mode() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("shop.pfx");
        fs::write(&path, b"").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let error = Output::prepare(&path, Kind::Secret, false).unwrap_err();
        assert!(error.is_refusal());
        let rule = "a file with secrets is only made new";
        assert_eq!(error.to_string(), format!("{} exists, and {rule}", path.display()));
        write(&path, Kind::Secret, true, b"key").unwrap();
        assert_eq!((fs::read(&path).unwrap().as_slice(), mode(&path)), (&b"key"[..], 0o600));
    }

    #[test]
    fn a_recovery_key_replaces_nothing_even_with_force() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("recovery.key");
        write(&path, Kind::RecoveryKey, false, b"key").unwrap();
        assert_eq!(mode(&path), 0o600);
        for content in [&b"key"[..], b""] {
            fs::write(&path, content).unwrap();
            let error = Output::prepare(&path, Kind::RecoveryKey, true).unwrap_err();
            assert!(error.is_refusal());
            assert!(error.to_string().ends_with(" exists, and a recovery key replaces no file"), "{error}");
            assert!(!error.help().contains("--force"));
            assert_eq!(fs::read(&path).unwrap(), content);
        }
    }

    #[test]
    fn a_file_that_appears_after_the_test_is_not_overwritten() {
        for kind in [Kind::Secret, Kind::Public] {
            let folder = tempdir().unwrap();
            let path = folder.path().join("shop");
            let output = Output::prepare(&path, kind, false).unwrap();
            fs::write(&path, b"somebody's").unwrap();
            assert!(output.write(b"ours", &mut io::sink()).unwrap_err().is_refusal());
            assert_eq!(fs::read(&path).unwrap(), b"somebody's");
            assert_eq!(names(&folder), ["shop"]);
        }
    }

    #[test]
    fn a_public_file_gives_way_when_it_is_empty_or_the_same_and_else_only_to_force() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("shop.cer");
        fs::write(&path, b"").unwrap();
        write(&path, Kind::Public, false, b"one").unwrap();
        put_public(&path, b"one", false, &mut io::sink()).unwrap();
        assert!(put_public(&path, b"two", false, &mut io::sink()).unwrap_err().is_refusal());
        assert!(Output::prepare(&path, Kind::Public, false).unwrap_err().is_refusal());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        put_public(&path, b"two", true, &mut io::sink()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }

    #[test]
    fn a_link_is_followed_for_what_is_public_and_replaced_by_what_is_secret() {
        let folder = tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, b"old").unwrap();
        symlink("target", &link).unwrap();
        assert!(write(&link, Kind::Public, false, b"cer").unwrap_err().is_refusal());
        assert!(write(&link, Kind::Secret, false, b"key").unwrap_err().is_refusal());
        write(&link, Kind::Public, true, b"cer").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"cer");
        write(&link, Kind::Secret, true, b"key").unwrap();
        assert!(!link.is_symlink());
        assert_eq!(mode(&link), 0o600);
        assert_eq!(fs::read(&target).unwrap(), b"cer");
    }

    #[test]
    fn a_link_to_nothing_is_in_the_way() {
        let folder = tempdir().unwrap();
        let link = folder.path().join("link");
        symlink("/nowhere/at/all", &link).unwrap();
        for kind in [Kind::Secret, Kind::Public] {
            assert!(Output::prepare(&link, kind, false).unwrap_err().is_refusal());
        }
        write(&link, Kind::Secret, true, b"key").unwrap();
        assert!(!link.is_symlink());
    }

    #[test]
    fn devices_and_pipes_are_written_straight_to() {
        write(Path::new("/dev/null"), Kind::Secret, false, b"gone").unwrap();
        let folder = tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let reader = std::thread::spawn({
            let path = path.clone();
            move || fs::read(path).unwrap()
        });
        write(&path, Kind::Secret, false, b"through").unwrap();
        assert_eq!(reader.join().unwrap(), b"through");
        assert_eq!(names(&folder), ["pipe"]);
    }

    #[test]
    fn a_full_disk_is_an_error_that_names_the_path() {
        let error = write(Path::new("/dev/full"), Kind::Public, false, b"csr").unwrap_err();
        assert!(!error.is_refusal());
        assert_eq!(error.to_string(), "/dev/full cannot be written: No space left on device (os error 28)");
        let mut full = File::options().write(true).open("/dev/full").unwrap();
        let output = Output::prepare(Path::new("-"), Kind::Public, false).unwrap();
        let error = output.write(b"csr", &mut full).unwrap_err();
        assert!(error.to_string().starts_with("standard output cannot be written: "));
    }

    #[test]
    fn a_file_whose_folder_was_not_flushed_is_said_to_be_there() {
        let error = OutputError::NotFlushed { path: "shop.pfx".into(), cause: io::ErrorKind::Other.into() };
        assert!(!error.is_refusal());
        assert!(error.to_string().starts_with("shop.pfx was written, and its folder could not be flushed"));
        assert!(error.help().contains("keep a copy of the file on another"));
    }

    #[test]
    fn places_that_cannot_be_written_are_found_before_anything_is_changed() {
        let folder = tempdir().unwrap();
        let at = |name: &str| Output::prepare(&folder.path().join(name), Kind::Public, true).unwrap_err();
        assert!(matches!(at(""), OutputError::Directory { .. }));
        assert!(matches!(at("."), OutputError::Directory { .. }));
        assert!(matches!(at("missing/"), OutputError::NoName { .. }));
        assert!(matches!(at("missing/shop.csr"), OutputError::NoDirectory { .. }));
        assert!(matches!(at(&"x".repeat(300)), OutputError::Inspect { .. }));
        fs::write(folder.path().join("file"), b"").unwrap();
        assert!(matches!(at("file/shop.csr"), OutputError::Inspect { .. }));
        for name in [".", "missing/", "missing/shop.csr", "file/shop.csr"] {
            let checked = Output::check(&folder.path().join(name), Kind::Public, true).unwrap_err();
            assert_eq!(checked.to_string(), at(name).to_string());
        }
        Output::check(&folder.path().join("new"), Kind::Public, false).unwrap();
        assert_eq!(names(&folder), ["file"]);
        let error = Output::prepare(Path::new("/proc/shop.csr"), Kind::Public, false).unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with("/proc/shop.csr cannot be written: no file can be made in /proc: "));
        assert!(!message.contains(".coldcert-"), "{message}");
        assert!(!error.is_refusal());
    }

    #[test]
    fn a_place_that_is_held_shows_nothing_where_files_need_no_name() {
        let folder = tempdir().unwrap();
        let held = Output::prepare(&folder.path().join("shop.pfx"), Kind::Secret, false).unwrap();
        let Place::File { held: Held::Unnamed(_), .. } = held.place else { return };
        assert_eq!(names(&folder), [""; 0]);
    }

    #[test]
    fn what_is_discarded_or_dropped_leaves_nothing_behind() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("shop.pfx");
        Output::prepare(&path, Kind::Secret, false).unwrap().discard();
        drop(Output::prepare(&path, Kind::Secret, false).unwrap());
        assert_eq!(names(&folder), [""; 0]);
    }
}
