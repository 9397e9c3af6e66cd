//! Where input comes from.
//!
//! * `-` is stdin. Anything else is a path; pipes and process substitutions are read like files.
//! * What is read is wiped when it is dropped, for it may hold a private key.
//! * At most a given number of bytes is read; a larger file is refused without being read.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use super::terminal::shown;

/// Reads all of `path`, `-` being `stdin`, if that is at most `limit` bytes
/// (usually [`INPUT_BYTES_MAX`]).
pub fn read(path: &Path, stdin: &mut dyn Read, limit: u64) -> Result<Zeroizing<Vec<u8>>, InputError> {
    if is_standard_stream(path) {
        return read_at_most(path, stdin, FIRST_BUFFER_BYTES, limit);
    }
    let mut file = open(path)?;
    let size =
        file.metadata().map_err(|cause| InputError::Unreadable { path: path.to_owned(), cause })?.len();
    if size > limit {
        return Err(InputError::TooLarge { path: path.to_owned(), size, limit });
    }
    read_at_most(path, &mut file, size.saturating_add(1).max(FIRST_BUFFER_BYTES), limit)
}

/// Opens what is not a directory.
pub(super) fn open(path: &Path) -> Result<File, InputError> {
    let file = File::open(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => InputError::Missing { path: path.to_owned() },
        _ => InputError::Unreadable { path: path.to_owned(), cause },
    })?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(InputError::Directory { path: path.to_owned() });
    }
    Ok(file)
}

/// Whether the path stands for stdin or stdout.
pub(super) fn is_standard_stream(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Grows by hand: a vector that grows by itself leaves unwiped copies behind.
fn read_at_most(
    path: &Path,
    reader: &mut dyn Read,
    expected: u64,
    limit: u64,
) -> Result<Zeroizing<Vec<u8>>, InputError> {
    let most = usize::try_from(limit.saturating_add(1)).unwrap_or(usize::MAX);
    let expected = usize::try_from(expected).unwrap_or(usize::MAX);
    let mut bytes = Zeroizing::new(vec![0; expected.min(most)]);
    let mut filled = 0;
    loop {
        if filled == most {
            return Err(InputError::GoesOn { path: path.to_owned(), limit });
        }
        if filled == bytes.len() {
            let mut grown = Zeroizing::new(vec![0; filled.saturating_mul(2).min(most)]);
            grown[..filled].copy_from_slice(&bytes);
            bytes = grown;
        }
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => {
                return Err(InputError::Unreadable { path: path.to_owned(), cause });
            }
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Why an input could not be read.
#[derive(Debug, Error)]
pub enum InputError {
    /// There is no such file.
    #[error("{} does not exist", named(path))]
    Missing {
        /// The path as given.
        path: PathBuf,
    },
    /// A directory where a file is wanted.
    #[error("{} is a directory, not a file", named(path))]
    Directory {
        /// The path as given.
        path: PathBuf,
    },
    /// A file larger than what is taken; nothing of it was read.
    #[error("{} has {size} bytes, and at most {limit} are read", named(path))]
    TooLarge {
        /// The path as given.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A stream, whose size is not known beforehand, that did not end within the limit.
    #[error("{} goes on after {limit} bytes, and at most {limit} are read", named(path))]
    GoesOn {
        /// The path as given.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// Several files that are too much together.
    #[error(
        "with {} the files have more than {FILES_BYTES_MAX} bytes, and at most so many are read at once",
        named(path)
    )]
    AllTooLarge {
        /// The path with which they were too much.
        path: PathBuf,
    },
    /// The system refused to open or read it.
    #[error("{} cannot be read: {cause}", named(path))]
    Unreadable {
        /// The path as given.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
}

impl InputError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Missing { .. } => "check the path; `-` reads from stdin".to_owned(),
            Self::Directory { path } => format!("name a file inside {}", shown(path)),
            Self::AllTooLarge { .. } => "give fewer files at once".to_owned(),
            Self::TooLarge { .. } | Self::GoesOn { .. } => {
                "check that this is the file you meant; certificates and keys are far smaller".to_owned()
            }
            Self::Unreadable { path, .. } => format!("check that {} is readable for you", named(path)),
        }
    }
}

/// What messages call a path: `-` is standard input.
pub(super) fn named(path: &Path) -> String {
    if is_standard_stream(path) { "standard input".to_owned() } else { shown(path) }
}

/// The most that is read of one input: 16 MiB. The bundle of a whole root store (Mozilla's) is under
/// 1 MiB; a file of 100 MB given by mistake is refused without filling the memory.
pub const INPUT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The most that is read of all files of a command: 64 MiB, four of the largest, as what is decoded of them.
pub const FILES_BYTES_MAX: u64 = 4 * INPUT_BYTES_MAX;

/// Holds every usual certificate, so that most inputs are read without growing.
const FIRST_BUFFER_BYTES: u64 = 8 * 1024;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read_file(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, InputError> {
        read(path, &mut io::empty(), limit)
    }

    #[test]
    fn a_dash_is_stdin() {
        let content = vec![7; 100_000];
        let bytes = read(Path::new("-"), &mut content.as_slice(), INPUT_BYTES_MAX).unwrap();
        assert_eq!(*bytes, content);
    }

    #[test]
    fn a_file_is_read_whole_up_to_the_limit_and_refused_one_byte_above() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bundle.pem");
        fs::write(&path, b"12345").unwrap();
        assert_eq!(**read_file(&path, 5).unwrap(), *b"12345");
        let error = read_file(&path, 4).unwrap_err().to_string();
        assert_eq!(error, format!("{} has 5 bytes, and at most 4 are read", path.display()));
    }

    #[test]
    fn a_stream_that_does_not_end_is_refused() {
        let error = read(Path::new("-"), &mut io::repeat(0), 10_000).unwrap_err();
        assert_eq!(error.to_string(), "standard input goes on after 10000 bytes, and at most 10000 are read");
        let error = read_file(Path::new("/dev/zero"), 10_000).unwrap_err();
        assert!(matches!(error, InputError::GoesOn { .. }));
    }

    #[test]
    fn a_sparse_100_mb_file_is_refused_by_its_size() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(100_000_000).unwrap();
        let error = read_file(file.path(), INPUT_BYTES_MAX).unwrap_err();
        assert!(matches!(error, InputError::TooLarge { size: 100_000_000, .. }));
    }

    #[test]
    fn a_missing_file_and_a_directory_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("answer.cer");
        assert_eq!(
            read_file(&missing, 1).unwrap_err().to_string(),
            format!("{} does not exist", missing.display())
        );
        let error = read_file(folder.path(), 1).unwrap_err();
        assert_eq!(error.to_string(), format!("{} is a directory, not a file", folder.path().display()));
    }

    #[test]
    fn a_named_pipe_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let writer = std::thread::spawn({
            let path = path.clone();
            move || fs::write(path, vec![1; 70_000]).unwrap()
        });
        assert_eq!(read_file(&path, INPUT_BYTES_MAX).unwrap().len(), 70_000);
        writer.join().unwrap();
    }

    #[test]
    fn a_path_cannot_steer_the_terminal() {
        let error = read_file(Path::new("/nowhere/\u{1b}[2J"), 1).unwrap_err();
        assert_eq!(error.to_string(), "/nowhere/\\u{1b}[2J does not exist");
    }
}
