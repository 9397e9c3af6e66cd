//! `coldcert passphrase`

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;
use zeroize::Zeroizing;

use super::context::Context;
use super::error::CliError;
use super::output::{Kind, is_stdout};
use super::passphrase::PassphraseSource;
use super::terminal::{escape, shown};
use crate::seal::{RecoveryKey, SealKind};
use crate::vault::{SealView, Vault, VaultError};

/// Change the vault's passphrase; add one for a second person, or a recovery key
///
/// Only the vault key is sealed anew; no private key is touched. Copies of the vault, and backups, made before
/// still open with the passphrase of their time.
///
/// Where there are several passphrases, the one that was given is changed. A recovery key in place of a passphrase
/// puts the new one in the place of all, and --no-passphrase takes all away, recovery keys too.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  $ coldcert passphrase --new-passphrase-file new.passphrase\n  $ coldcert --recovery-key recovery.key passphrase --new-passphrase-file new.passphrase\n  $ coldcert passphrase list"
)]
pub(super) struct ChangePassphrase {
    #[command(subcommand)]
    verb: Option<PassphraseVerb>,
    #[command(flatten)]
    change: Change,
}

#[derive(Debug, Args)]
struct Change {
    /// File whose first line is the new passphrase, - for stdin [default: asked for on the terminal]
    #[arg(long, value_name = "FILE", conflicts_with = "no_passphrase")]
    new_passphrase_file: Option<PathBuf>,
    /// Keep private keys unsealed from now on: whoever reads the file has them
    #[arg(long)]
    no_passphrase: bool,
}

#[derive(Debug, Subcommand)]
enum PassphraseVerb {
    /// Show by what the vault is sealed
    #[command(after_help = "Example:\n  $ coldcert passphrase list")]
    List,
    /// Add a passphrase for another person: either opens the vault
    #[command(
        after_help = "Example:\n  $ coldcert passphrase add --label bob --new-passphrase-file bob.passphrase"
    )]
    Add {
        /// Whose it is
        #[arg(long, value_name = "NAME", value_parser = label)]
        label: String,
        /// File whose first line is the new passphrase, - for stdin [default: asked for on the terminal]
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Make a key on paper that opens the vault when no passphrase is known any more
    ///
    /// It goes into a new file, whose mode is 0600, before the vault takes it: no file is replaced.
    #[command(after_help = "Example:\n  $ coldcert passphrase recovery-key -o recovery.key")]
    RecoveryKey {
        /// Where it is kept
        #[arg(long, value_name = "NAME", value_parser = label, default_value = "paper")]
        label: String,
        /// Where it goes, - for stdout
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Take a passphrase or a recovery key away
    #[command(after_help = "Example:\n  $ coldcert passphrase remove paper --recovery")]
    Remove {
        /// Whose it is; the one that the vault was made with is called first
        #[arg(value_name = "LABEL", value_parser = label)]
        label: String,
        /// A recovery key, and not a passphrase
        #[arg(long)]
        recovery: bool,
    },
}

impl ChangePassphrase {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        match self.verb {
            None => self.change.run(context),
            Some(PassphraseVerb::List) => list(context),
            Some(PassphraseVerb::Add { label, new_passphrase_file }) => {
                add(context, &label, new_passphrase_file)
            }
            Some(PassphraseVerb::RecoveryKey { label, output }) => recovery_key(context, &label, &output),
            Some(PassphraseVerb::Remove { label, recovery }) => remove(context, &label, recovery),
        }
    }
}

impl Change {
    fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let mut vault = context.open()?;
        let opened = context.open_key(&mut vault)?;
        let new = match self.no_passphrase {
            true => None,
            false => Some(context.new_passphrase(Some(&source(self.new_passphrase_file)))?),
        };
        let removed = vault.change_passphrase(&opened, new.as_ref(), context.now)?;
        if context.json {
            let removed: Vec<_> = removed.iter().map(seal_json).collect();
            context
                .write_json(&json!({"vault": vault.path(), "sealed": new.is_some(), "removed": removed}))?;
        }
        let of_whom = opened.seal.filter(|seal| seal.kind == SealKind::Passphrase);
        let how = match (&new, of_whom) {
            (None, _) => "NOT sealed: whoever reads the file has its keys".to_owned(),
            (Some(_), Some(seal)) if !seal.label.is_empty() => {
                format!("sealed by the new passphrase of {}", escape(&seal.label))
            }
            (Some(_), _) => "sealed by the new passphrase".to_owned(),
        };
        context.say(&format!("{} is now {how}", shown(vault.path())));
        for seal in removed {
            context.say(&format!("the {} opens it no longer", escape(&seal.to_string())));
        }
        Ok(())
    }
}

fn seal_json(seal: &SealView) -> serde_json::Value {
    json!({"kind": seal.kind.name(), "label": seal.name(), "created": seal.created.to_string()})
}

fn list(context: &mut Context<'_, '_>) -> Result<(), CliError> {
    let seals = context.open()?.seals()?;
    if context.json {
        let seals: Vec<_> = seals.iter().map(seal_json).collect();
        return context.write_json(&json!({"seals": seals}));
    }
    if seals.is_empty() {
        context.say("the vault is NOT sealed: whoever reads the file has its keys");
    }
    for seal in seals {
        let line = format!("{:<14} {:<20} since {}\n", seal.kind.name(), escape(seal.name()), seal.created);
        context.artifact(line.as_bytes())?;
    }
    Ok(())
}

fn add(context: &mut Context<'_, '_>, label: &str, file: Option<PathBuf>) -> Result<(), CliError> {
    let mut vault = context.open()?;
    let vault_key = context.unseal(&mut vault)?;
    let new = context.new_passphrase(Some(&source(file)))?;
    vault.add_passphrase(&vault_key, label, &new, context.now)?;
    if context.json {
        context.write_json(&json!({"vault": vault.path(), "added": label}))?;
    }
    context.say(&format!("added a passphrase for {label}: either opens {}", shown(vault.path())));
    Ok(())
}

fn recovery_key(context: &mut Context<'_, '_>, label: &str, output: &Path) -> Result<(), CliError> {
    if context.json && is_stdout(output) {
        return Err(CliError::StdoutTwice { what: "the recovery key" });
    }
    let mut vault = context.open()?;
    context.check_output(output, Kind::RecoveryKey, false)?;
    let vault_key = context.unseal(&mut vault)?;
    let place = context.prepare(output, Kind::RecoveryKey, false)?;
    let (now, vault_file) = (context.now, shown(context.vault_path()));
    let mut lines = Zeroizing::new(String::new());
    // Flushed to the disk before the vault knows the key. Whoever is killed in between is left with a file that opens
    // nothing, and never with a seal whose key nobody has.
    let added = vault.add_recovery_key_written(&vault_key, label, now, |recovery_key| {
        lines = Zeroizing::new(format!(
            "# recovery key of {vault_file}, made {now}: it opens the vault without a passphrase\n{}\n",
            recovery_key.secret_text().as_str()
        ));
        Ok::<_, CliError>(place.write(lines.as_bytes(), context.stdout())?)
    });
    if let Err(error) = added {
        if !lines.is_empty() {
            settle(context, &vault, output, &lines);
        }
        return Err(error);
    }
    if context.json {
        context.write_json(&json!({"file": output, "label": label}))?;
    }
    context.say(&format!(
        "wrote {}: print it, keep it where the vault is not, and delete the file",
        shown(output)
    ));
    context.next("when the passphrase is lost: coldcert --recovery-key FILE passphrase");
    Ok(())
}

/// Says what became of a recovery key that was written down, after an error: the disk may have failed when the vault had
/// taken it already. It is removed only where it opens nothing.
fn settle(context: &mut Context<'_, '_>, vault: &Vault, output: &Path, lines: &str) {
    let key = RecoveryKey::from_text(lines.lines().last().unwrap_or_default()).map_err(VaultError::from);
    match key.and_then(|key| vault.recover_key(&key)) {
        Ok(_) => context.say(&format!(
            "note    the vault has taken the recovery key in {} all the same: it opens it",
            place_of(output)
        )),
        Err(VaultError::WrongRecoveryKey) => take_back(context, output, lines.as_bytes()),
        Err(_) => context.say(&format!(
            "note    whether the recovery key in {} opens the vault is not known: try it with --recovery-key before you throw it away",
            place_of(output)
        )),
    }
}

fn place_of(output: &Path) -> String {
    if is_stdout(output) { "standard output".to_owned() } else { shown(output) }
}

/// Removes the file of a recovery key that the vault did not take; of what went elsewhere it is said that it opens nothing.
fn take_back(context: &mut Context<'_, '_>, output: &Path, written: &[u8]) {
    let is_ours = fs::symlink_metadata(output).is_ok_and(|found| found.is_file())
        && fs::read(output).is_ok_and(|found| Zeroizing::new(found).as_slice() == written);
    if !is_ours || fs::remove_file(output).is_err() {
        context.say(&format!("note    a recovery key that went to {} opens nothing", place_of(output)));
    }
}

fn remove(context: &mut Context<'_, '_>, label: &str, recovery: bool) -> Result<(), CliError> {
    let kind = if recovery { SealKind::RecoveryKey } else { SealKind::Passphrase };
    let mut vault = context.open()?;
    let vault_key = context.unseal(&mut vault)?;
    vault.remove_seal(&vault_key, kind, label, context.now)?;
    if context.json {
        context.write_json(&json!({"vault": vault.path(), "removed": label}))?;
    }
    context.say(&format!(
        "took the {} {label} away; copies of the vault made before still open with it",
        kind.name()
    ));
    Ok(())
}

fn source(file: Option<PathBuf>) -> PassphraseSource {
    file.map_or(PassphraseSource::Terminal, PassphraseSource::File)
}

fn label(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > LABEL_CHARACTERS_MAX || text.chars().any(char::is_control) {
        return Err(format!("allowed: 1 to {LABEL_CHARACTERS_MAX} characters, no control characters"));
    }
    Ok(text.trim().to_owned())
}

/// A name, or where a sheet of paper lies.
const LABEL_CHARACTERS_MAX: usize = 60;
