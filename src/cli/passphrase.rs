//! Where a passphrase comes from: a file, the environment, or the terminal. Never the argument list.
//!
//! * `--passphrase-file` goes before `COLDCERT_PASSPHRASE`, and that before the terminal.
//! * Of a file or stdin only the first line is read, and nothing after it: the rest of stdin is left to
//!   who comes next.
//! * The terminal is `/dev/tty`, so that stdin and stdout stay free for artifacts.
//! * While the prompt waits the terminal does not echo. However the prompt ends, also by SIGINT, SIGTERM,
//!   SIGHUP or SIGQUIT, the terminal's settings come back, and a signal still ends the process as that
//!   signal does.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use super::input::{self, InputError};
use super::terminal::shown;
use crate::seal::{PASSPHRASE_BYTES_MAX, Passphrase, UnusablePassphrase};

/// One of the three ways to give a passphrase.
pub enum PassphraseSource {
    /// The first line of a file, `-` being stdin.
    File(PathBuf),
    /// The value of the environment variable [`PASSPHRASE_VARIABLE`].
    Environment(OsString),
    /// Asked for on `/dev/tty`.
    Terminal,
}

impl PassphraseSource {
    /// Chooses from the value of `--passphrase-file` and that of [`PASSPHRASE_VARIABLE`].
    pub fn choose(file: Option<PathBuf>, variable: Option<OsString>) -> Self {
        match (file, variable) {
            (Some(path), _) => Self::File(path),
            (None, Some(value)) => Self::Environment(value),
            (None, None) => Self::Terminal,
        }
    }

    /// Whether it is read from stdin.
    pub fn is_stdin(&self) -> bool {
        matches!(self, Self::File(path) if input::is_standard_stream(path))
    }

    /// Whether it was given, and need not be asked for.
    pub fn is_given(&self) -> bool {
        match self {
            Self::File(_) => true,
            Self::Environment(value) => !value.is_empty(),
            Self::Terminal => false,
        }
    }

    /// The passphrase of something that exists. `prompt` is shown on the terminal, if that is the source,
    /// and ends in what separates it from the answer: `passphrase of vault.coldcert: `.
    pub fn ask(&self, prompt: &str, stdin: &mut dyn Read) -> Result<Passphrase, PassphraseError> {
        match self {
            Self::File(path) => from_file(path, stdin),
            Self::Environment(value) => from_environment(value),
            Self::Terminal => from_terminal(prompt),
        }
    }

    /// A new passphrase: on the terminal it is asked for twice, and both answers must be the same.
    pub fn ask_twice(
        &self,
        prompt: &str,
        again: &str,
        stdin: &mut dyn Read,
    ) -> Result<Passphrase, PassphraseError> {
        let first = self.ask(prompt, stdin)?;
        if matches!(self, Self::Terminal) {
            let second = Zeroizing::new(tty::ask(again)?);
            if first.secret_passphrase() != second.as_str() {
                return Err(PassphraseError::Mismatch);
            }
        }
        Ok(first)
    }
}

impl std::fmt::Debug for PassphraseSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Environment(_) => f.write_str("Environment(hidden)"),
            Self::Terminal => f.write_str("Terminal"),
        }
    }
}

fn from_file(path: &Path, stdin: &mut dyn Read) -> Result<Passphrase, PassphraseError> {
    let (line, place) = if input::is_standard_stream(path) {
        (first_line(path, stdin)?, "standard input".to_owned())
    } else {
        (first_line(path, &mut input::open(path)?)?, shown(path))
    };
    let text = std::str::from_utf8(&line).map_err(|_| PassphraseError::NotUtf8 { place: place.clone() })?;
    usable(Zeroizing::new(text.to_owned()), &place)
}

fn from_environment(value: &OsString) -> Result<Passphrase, PassphraseError> {
    let place = PASSPHRASE_VARIABLE;
    let text = value.to_str().ok_or_else(|| PassphraseError::NotUtf8 { place: place.to_owned() })?;
    usable(Zeroizing::new(text.to_owned()), place)
}

fn from_terminal(prompt: &str) -> Result<Passphrase, PassphraseError> {
    let text = Zeroizing::new(tty::ask(prompt)?);
    let place = "the terminal";
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err(PassphraseError::NotUtf8 { place: place.to_owned() });
    }
    usable(text, place)
}

fn usable(text: Zeroizing<String>, place: &str) -> Result<Passphrase, PassphraseError> {
    Passphrase::new(text).map_err(|reason| PassphraseError::Unusable { place: place.to_owned(), reason })
}

/// Reads byte by byte up to the first line break or one byte more than a passphrase may have, into a
/// buffer that never moves, so that no copy stays behind.
fn first_line(path: &Path, reader: &mut dyn Read) -> Result<Zeroizing<Vec<u8>>, PassphraseError> {
    // One byte for `\r`, one to see that the line is too long.
    let most = PASSPHRASE_BYTES_MAX + 2;
    let mut line = Zeroizing::new(Vec::with_capacity(most));
    let mut byte = Zeroizing::new([0]);
    while line.len() < most {
        match reader.read(&mut *byte) {
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                break;
            }
            Ok(_) => line.push(byte[0]),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => {
                return Err(InputError::Unreadable { path: path.to_owned(), cause }.into());
            }
        }
    }
    Ok(line)
}

/// The prompt. Signal handlers and the controlling terminal belong to the whole process, so the state
/// here does too.
mod tty {
    use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    use super::{File, PassphraseError, Write, Zeroizing, io};

    /// Asks once. rpassword reads the line but is not given the terminal itself: it would change the
    /// settings without the lock below, and when a signal ends the process they would stay changed.
    /// The line is edited by the terminal driver, which also turns the interrupt key into SIGINT.
    pub(super) fn ask(prompt: &str) -> Result<String, PassphraseError> {
        let terminal = File::options().read(true).write(true).open(TERMINAL).map_err(no_terminal)?;
        restore_on_signals()?;
        let quiet = Quiet::begin(&terminal)?;
        (&terminal).write_all(prompt.as_bytes()).map_err(failed)?;
        let reader = terminal.try_clone().map_err(failed)?;
        let config = rpassword::ConfigBuilder::new().input_reader(reader).output_discard().build();
        let answer = rpassword::read_password_with_config(config).map(Zeroizing::new);
        drop(quiet);
        Ok(std::mem::take(&mut *answer.map_err(failed)?))
    }

    /// The time during which the terminal does not echo.
    struct Quiet;

    impl Quiet {
        fn begin(terminal: &File) -> Result<Self, PassphraseError> {
            let settings = tcgetattr(terminal).map_err(|cause| no_terminal(cause.into()))?;
            let mut quiet = settings.clone();
            quiet.local_modes.remove(LocalModes::ECHO);
            quiet.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
            let kept = terminal.try_clone().map_err(failed)?;
            let mut disturbed = lock();
            tcsetattr(terminal, OptionalActions::Now, &quiet).map_err(|cause| failed(cause.into()))?;
            *disturbed = Some(Disturbed { terminal: kept, settings });
            Ok(Self)
        }
    }

    impl Drop for Quiet {
        fn drop(&mut self) {
            if let Some(disturbed) = lock().take() {
                disturbed.restore();
            }
        }
    }

    /// A terminal whose settings were changed, and what they were.
    struct Disturbed {
        terminal: File,
        settings: Termios,
    }

    impl Disturbed {
        fn restore(&self) {
            // A terminal that is gone needs no settings, and there is nobody left to tell.
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.settings);
        }
    }

    /// From the first prompt to the end of the process, because a signal whose handler is taken away
    /// again would be ignored from then on, instead of ending the process.
    fn restore_on_signals() -> Result<(), PassphraseError> {
        static WATCH: OnceLock<Result<(), io::ErrorKind>> = OnceLock::new();
        let watch = WATCH.get_or_init(|| {
            let mut signals = Signals::new(not_ignored(ENDING_SIGNALS)).map_err(|cause| cause.kind())?;
            let watch = move || {
                for signal in signals.forever() {
                    // Kept until the process has ended, so that no prompt turns the echo off again.
                    let mut disturbed = lock();
                    if let Some(disturbed) = disturbed.take() {
                        disturbed.restore();
                        let _ = (&disturbed.terminal).write_all(b"\n");
                    }
                    // Fails only for signals that it does not know, and it knows these.
                    let _ = emulate_default_handler(signal);
                }
            };
            let name = "signals".to_owned();
            std::thread::Builder::new().name(name).spawn(watch).map(drop).map_err(|cause| cause.kind())
        });
        watch.map_err(|kind| failed(kind.into()))
    }

    /// Leaves alone what the process was told to ignore when it was started (`nohup`). Where the system
    /// does not say, nothing is taken to be ignored.
    fn not_ignored(signals: &[i32]) -> Vec<i32> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        signals.iter().copied().filter(|signal| mask >> (signal - 1) & 1 == 0).collect()
    }

    /// What a panicking thread leaves behind is still what has to be restored.
    fn lock() -> MutexGuard<'static, Option<Disturbed>> {
        static DISTURBED: Mutex<Option<Disturbed>> = Mutex::new(None);
        DISTURBED.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn no_terminal(cause: io::Error) -> PassphraseError {
        PassphraseError::NoTerminal { cause }
    }

    fn failed(cause: io::Error) -> PassphraseError {
        PassphraseError::Terminal { cause }
    }

    const TERMINAL: &str = "/dev/tty";

    /// The signals that end a process from the keyboard, with its terminal or by `kill`.
    const ENDING_SIGNALS: &[i32] = &[SIGINT, SIGTERM, SIGHUP, SIGQUIT];
}

/// Why there is no passphrase. Never holds what was given.
#[derive(Debug, Error)]
pub enum PassphraseError {
    /// The file of `--passphrase-file` cannot be read.
    #[error("no passphrase: {0}")]
    Input(#[from] InputError),
    /// What was given is not UTF-8.
    #[error("the passphrase from {place} is not UTF-8")]
    NotUtf8 {
        /// The file, the variable or the terminal.
        place: String,
    },
    /// What was given cannot be a passphrase.
    #[error("{reason}, from {place}")]
    Unusable {
        /// The file, the variable or the terminal.
        place: String,
        /// Why not.
        reason: UnusablePassphrase,
    },
    /// The second answer differs from the first.
    #[error("the two passphrases differ, and nothing was changed")]
    Mismatch,
    /// The process has no terminal to ask on.
    #[error("a passphrase is needed, and there is no terminal to ask for it: {cause}")]
    NoTerminal {
        /// The system's reason.
        cause: io::Error,
    },
    /// The process has no terminal to ask for a new one, beside the one that opens the vault.
    #[error("a new passphrase is needed, and there is no terminal to ask for it: {cause}")]
    NoTerminalForNew {
        /// The system's reason.
        cause: io::Error,
    },
    /// There is a terminal, and it failed.
    #[error("the passphrase cannot be read from the terminal: {cause}")]
    Terminal {
        /// The system's reason.
        cause: io::Error,
    },
}

impl PassphraseError {
    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Self::Input(error) => error.help(),
            Self::NotUtf8 { .. } => "save the passphrase as UTF-8 text, without a byte order mark".to_owned(),
            Self::Unusable { reason, .. } => reason.help(),
            Self::Mismatch => "run the command again and type the same passphrase twice".to_owned(),
            Self::NoTerminalForNew { .. } => {
                "give it with `--new-passphrase-file FILE` (`-` is stdin), or run the command in a terminal"
                    .to_owned()
            }
            Self::NoTerminal { .. } | Self::Terminal { .. } => format!(
                "give it with `--passphrase-file FILE` (`-` is stdin), in the environment variable \
                 {PASSPHRASE_VARIABLE}, or run the command in a terminal"
            ),
        }
    }
}

/// The environment variable that may hold the passphrase.
pub const PASSPHRASE_VARIABLE: &str = "COLDCERT_PASSPHRASE";

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn from_stdin(mut content: &[u8]) -> Result<String, PassphraseError> {
        let passphrase = PassphraseSource::File("-".into()).ask("unused", &mut content)?;
        Ok(passphrase.secret_passphrase().to_owned())
    }

    #[test]
    fn a_file_goes_before_the_environment_and_that_before_the_terminal() {
        let file = || Some(PathBuf::from("f"));
        let variable = || Some(OsString::from("v"));
        assert!(matches!(PassphraseSource::choose(file(), variable()), PassphraseSource::File(_)));
        assert!(matches!(PassphraseSource::choose(None, variable()), PassphraseSource::Environment(_)));
        assert!(matches!(PassphraseSource::choose(None, None), PassphraseSource::Terminal));
    }

    #[test]
    fn the_first_line_counts_without_its_line_break() {
        for content in ["hällo \n", "hällo \r\nsecond\n", "hällo "] {
            assert_eq!(from_stdin(content.as_bytes()).unwrap(), "hällo ");
        }
    }

    #[test]
    fn the_rest_of_stdin_is_left_to_who_comes_next() {
        let mut stdin: &[u8] = b"secret\n-----BEGIN";
        let source = PassphraseSource::File("-".into());
        source.ask("unused", &mut stdin).unwrap();
        assert_eq!(stdin, b"-----BEGIN");
    }

    #[test]
    fn a_file_is_read_and_named_when_it_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass");
        let source = PassphraseSource::File(path.clone());
        let error = source.ask("unused", &mut io::empty()).unwrap_err();
        assert_eq!(error.to_string(), format!("no passphrase: {} does not exist", path.display()));
        fs::write(&path, "secret\n").unwrap();
        let passphrase = source.ask_twice("unused", "unused", &mut io::empty()).unwrap();
        assert_eq!(passphrase.secret_passphrase(), "secret");
    }

    #[test]
    fn empty_long_and_foreign_text_is_refused_without_being_shown() {
        assert_eq!(
            from_stdin(b"\nx").unwrap_err().to_string(),
            "the passphrase is empty, from standard input"
        );
        let longest = "y".repeat(PASSPHRASE_BYTES_MAX);
        assert_eq!(from_stdin(format!("{longest}\r\n").as_bytes()).unwrap(), longest);
        let error = from_stdin(format!("{longest}y\n").as_bytes()).unwrap_err();
        assert!(matches!(error, PassphraseError::Unusable { reason: UnusablePassphrase::TooLong, .. }));
        let error = from_stdin(&[0xff, 0xfe, b'a', 0]).unwrap_err().to_string();
        assert_eq!(error, "the passphrase from standard input is not UTF-8");
    }

    #[test]
    fn the_environment_is_taken_whole_and_never_shown() {
        let source = |value: &[u8]| PassphraseSource::Environment(OsString::from_vec(value.to_vec()));
        let passphrase = source(b" secret ").ask("unused", &mut io::empty()).unwrap();
        assert_eq!(passphrase.secret_passphrase(), " secret ");
        assert_eq!(format!("{:?}", source(b"secret")), "Environment(hidden)");
        let error = source(b"").ask("unused", &mut io::empty()).unwrap_err();
        assert_eq!(error.to_string(), "the passphrase is empty, from COLDCERT_PASSPHRASE");
        assert!(source(b"\xff").ask("unused", &mut io::empty()).is_err());
    }
}
