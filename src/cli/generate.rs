//! `coldcert completions`, `man`

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::Shell;
use serde_json::json;

use super::context::Context;
use super::error::CliError;
use super::output::Kind;
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
    /// The folder, made if it does not exist; earlier pages in it are replaced, and nothing else
    dir: PathBuf,
}

impl Man {
    pub(super) fn run(self, context: &mut Context<'_, '_>, command: Command) -> Result<(), CliError> {
        context.acts();
        let failed = |cause| CliError::Folder { path: self.dir.clone(), cause };
        // Not its parents: a mistyped path would become a tree of folders.
        if !self.dir.is_dir() {
            fs::create_dir(&self.dir).map_err(failed)?;
        }
        let mut command = command.disable_help_subcommand(true);
        command.build();
        let mut pages = Vec::new();
        each_page(command, &mut pages).map_err(failed)?;
        // All are held before the first is written: one that is in the way leaves every page as it was. Each page is whole;
        // whoever is killed among them leaves pages of this program beside those of another, and the next run replaces them.
        let places = pages.iter().map(|(name, _)| {
            let path = self.dir.join(name);
            context.prepare(&path, Kind::Public, is_page(&path))
        });
        let places = places.collect::<Result<Vec<_>, _>>()?;
        for (place, (_, page)) in places.into_iter().zip(&pages) {
            place.write(page, context.stdout())?;
        }
        if context.json {
            context.write_json(&json!({"folder": self.dir}))?;
        }
        context.say(&format!("wrote the manual pages into {}", shown(&self.dir)));
        Ok(())
    }
}

/// The page of a command, behind those of its verbs.
fn each_page(command: Command, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        each_page(verb.clone(), pages)?;
    }
    let page = clap_mangen::Man::new(command);
    let mut text = Vec::new();
    page.render(&mut text)?;
    pages.push((page.get_filename(), text));
    Ok(())
}

/// Whether a manual page of this program lies there, by its title, which stands in its first lines.
fn is_page(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
    let is_title = |line: &str| line.starts_with(".TH coldcert");
    read.is_ok() && String::from_utf8_lossy(&head).lines().any(is_title)
}

const HEAD_BYTES: u64 = 200;
