//! The command line: one file for each verb, its arguments and its action together.
//!
//! * stdout is the artifact, stderr is prose, the exit code is the answer.
//! * Nothing here reads the clock, the environment or the process's streams but [`main`]: everything comes
//!   in through [`Surroundings`].

mod arguments;
mod backup;
mod change_passphrase;
mod contact;
mod context;
mod create;
mod demo;
mod error;
mod export;
mod generate;
mod import;
mod init;
pub mod input;
mod issuer;
mod lifecycle;
mod merge;
pub mod output;
pub mod passphrase;
mod pending;
mod policy;
mod set;
mod show;
pub mod terminal;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::time::UnixTime;
pub use arguments::Arguments;
use context::Context;
use error::CliError;
use terminal::Palette;

/// What surrounds a run: streams, environment and clock, each told, none looked up.
pub struct Surroundings<'a> {
    /// Where `-` reads from.
    pub stdin: &'a mut dyn Read,
    /// Where artifacts go.
    pub stdout: &'a mut dyn Write,
    /// Where prose goes.
    pub stderr: &'a mut dyn Write,
    /// Colours for the prose.
    pub palette: Palette,
    /// `COLDCERT_VAULT`.
    pub vault: Option<OsString>,
    /// `COLDCERT_PASSPHRASE`.
    pub passphrase: Option<OsString>,
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

/// The whole program, with the process's own surroundings.
pub fn main() -> ExitCode {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
    let palette =
        Palette::new(stderr.is_terminal(), variable("NO_COLOR").as_deref(), variable("TERM").as_deref());
    let exit = run(
        std::env::args_os().collect(),
        &mut Surroundings {
            stdin: &mut stdin.lock(),
            stdout: &mut stdout.lock(),
            stderr: &mut stderr.lock(),
            palette,
            vault: variable("COLDCERT_VAULT"),
            passphrase: std::env::var_os(passphrase::PASSPHRASE_VARIABLE),
            now: UnixTime::now(),
        },
    );
    ExitCode::from(exit.code())
}

/// Runs one command line, the program's name first.
pub fn run(arguments: Vec<OsString>, surroundings: &mut Surroundings<'_>) -> Exit {
    let json = arguments
        .iter()
        .skip(1)
        .take_while(|argument| *argument != "--")
        .any(|argument| argument == "--json");
    let parsed = Arguments::command()
        .try_get_matches_from(arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let result = match parsed {
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
    arguments::run(verb, &mut context)?;
    context.flush()
}
