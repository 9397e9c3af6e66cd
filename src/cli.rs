//! The command line: one file for each verb, its arguments and its action together.
//!
//! * stdout is the artifact, stderr is prose, the exit code is the answer.
//! * Nothing here reads the clock, the environment or the process's streams but [`main`]: everything comes
//!   in through [`Surroundings`].

mod against;
mod arguments;
mod audit;
mod backup;
mod ca;
mod change_passphrase;
mod check;
mod contact;
mod context;
mod create;
mod demo;
mod desk;
mod error;
mod explain;
mod export;
mod export_format;
mod findings;
mod found;
mod generate;
mod import;
mod init;
mod inspect;
pub mod input;
mod issuer;
mod lifecycle;
mod merge;
mod no_key;
pub mod output;
pub mod passphrase;
mod pending;
mod policy;
mod serve;
mod set;
mod show;
mod streams;
mod surroundings;
mod system_names;
mod table;
pub mod terminal;
mod verdict_json;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, LineWriter, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::Arc;

use nix::unistd::Uid;
use rustix::process::{Resource, Rlimit};

use crate::time::UnixTime;
pub use arguments::Arguments;
use context::Context;
use error::CliError;
pub use input::{FILES_BYTES_MAX, INPUT_BYTES_MAX};
use output::OutputError;
pub use streams::Leads;
pub use surroundings::{Exit, Surroundings};
use terminal::{Palette, Widths};

/// The whole program, with the process's own surroundings.
pub fn main() -> ExitCode {
    keep_memory_in();
    hear_of_file_limits();
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
    let palette =
        Palette::new(stderr.is_terminal(), variable("NO_COLOR").as_deref(), variable("TERM").as_deref());
    let widths = Widths { stdout: width(&stdout), stderr: width(&stderr) };
    let exit = run(
        &std::env::args_os().collect::<Vec<_>>(),
        &mut Surroundings {
            stdin: &mut stdin.lock(),
            stdout: &mut streams::writer(),
            stdout_leads: streams::leads(&stdout),
            stderr_leads: streams::leads(&stderr),
            // A line in one piece: one call of the system, and no other program's output in its middle.
            stderr: &mut LineWriter::new(stderr.lock()),
            palette,
            widths,
            vault: variable("COLDCERT_VAULT"),
            passphrase: std::env::var_os(passphrase::PASSPHRASE_VARIABLE),
            log,
            operator,
            now: UnixTime::now(),
        },
    );
    ExitCode::from(exit.code())
}

/// How wide a stream's terminal is; one that does not say is as wide as the first were.
fn width(stream: &(impl AsFd + IsTerminal)) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let said = rustix::termios::tcgetwinsize(stream).map_or(0, |size| usize::from(size.ws_col));
    Some(if said == 0 { 80 } else { said })
}

/// The memory holds keys: it is not written to a core file, and no other process of the same user may look into it.
/// A system that does not know how has other ways to keep it.
fn keep_memory_in() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// A write beyond the limit of a file's size (`ulimit -f`) is an error that is told, and not the end of the process: the
/// system asks for that by having the signal handled (POSIX, write, EFBIG). Nobody asks whether it came, and no file is open
/// for it: a process may have few.
fn hear_of_file_limits() {
    let _ = signal_hook::flag::register(nix::libc::SIGXFSZ, Arc::default());
}

/// Another way to stderr, for threads that must not wait for this one.
fn log() -> Option<Box<dyn Write + Send>> {
    let stderr = io::stderr().as_fd().try_clone_to_owned().ok()?;
    Some(Box::new(File::from(stderr)))
}

/// The process's user by name, or by number where the system has no name for it.
fn operator() -> String {
    let user = Uid::current();
    system_names::of_user(user).unwrap_or_else(|| format!("user {user}"))
}

/// Runs one command line, the program's name first.
pub fn run(arguments: &[OsString], surroundings: &mut Surroundings<'_>) -> Exit {
    let json = arguments
        .iter()
        .skip(1)
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--json");
    // Not a word may go there, and nothing is done of which no word is said.
    if surroundings.stderr_leads == Leads::ToAVault {
        return Exit::Refused;
    }
    if surroundings.stdout_leads == Leads::ToAVault {
        let refused = CliError::from(OutputError::IsVault { path: "-".into() });
        return refused.report(false, surroundings);
    }
    let result = match Arguments::understand(arguments) {
        Ok(arguments) => run_verb(arguments, surroundings),
        Err(error) => Err(CliError::Usage(error)),
    };
    match result {
        Ok(()) => Exit::Done,
        Err(error) => error.report(json, surroundings),
    }
}

fn run_verb(arguments: Arguments, surroundings: &mut Surroundings<'_>) -> Result<(), CliError> {
    let Arguments { global, verb } = arguments;
    let mut context = Context::new(global, surroundings);
    let ran = arguments::run(verb, &mut context).and_then(|()| context.flush());
    match ran {
        Err(error) if error.is_enough() && context.only_shows() => Ok(()),
        ran => ran.map_err(|error| context.located(error)),
    }
}
