//! `coldcert completions`, `man`

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use serde_json::json;

use super::context::Context;
use super::error::CliError;
use super::terminal::shown;

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  $ coldcert completions bash > coldcert.bash")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, context: &mut Context<'_, '_>, command: &mut Command) -> Result<(), CliError> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, command, "coldcert", &mut text);
        if context.json {
            let script = String::from_utf8_lossy(&text);
            return context.write_json(&json!({"shell": self.shell.to_string(), "script": script}));
        }
        context.artifact(&text)
    }
}

/// Write the manual pages into a folder
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  $ coldcert man man1")]
pub(super) struct Man {
    /// The folder, made if it does not exist; pages in it are replaced
    dir: PathBuf,
}

impl Man {
    pub(super) fn run(self, context: &mut Context<'_, '_>, command: Command) -> Result<(), CliError> {
        let failed = |cause| CliError::Folder { path: self.dir.clone(), cause };
        // Not its parents: a mistyped path would become a tree of folders.
        if !self.dir.is_dir() {
            fs::create_dir(&self.dir).map_err(failed)?;
        }
        clap_mangen::generate_to(command, &self.dir).map_err(failed)?;
        if context.json {
            context.write_json(&json!({"folder": self.dir}))?;
        }
        context.say(&format!("wrote the manual pages into {}", shown(&self.dir)));
        Ok(())
    }
}
