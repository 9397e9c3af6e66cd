//! `coldcert backup`, `restore`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::error::CliError;
use super::input::named;
use super::output::{Kind, is_stdout};
use super::passphrase::PassphraseSource;
use super::terminal::shown;
use crate::policy::ObjectName;
use crate::vault::{Opening, VaultError};

/// Write one certificate, with all its versions and keys, as a file that another vault can restore
///
/// The backup is sealed as the vault is: to restore it elsewhere, the passphrase of this vault at this time is
/// needed.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  $ coldcert backup www -o www.backup")]
pub(super) struct Backup {
    /// The certificate's name
    name: String,
    /// Where the backup goes, - for stdout
    #[arg(short, long, value_name = "F")]
    output: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

impl Backup {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        if context.json && is_stdout(&self.output) {
            return Err(CliError::StdoutTwice { what: "the backup" });
        }
        let name = ObjectName::new(&self.name).map_err(VaultError::from)?;
        let mut vault = context.open()?;
        let view = vault.certificate(&name, None)?;
        let name = view.name;
        // Whatever can be refused without the passphrase is refused before it is asked for.
        if view.record.is_none() {
            return Err(VaultError::NoVersion { name: name.to_string() }.into());
        }
        context.check_output(&self.output, Kind::Secret, self.force)?;
        let vault_key = context.unseal(&mut vault)?;
        let place = context.prepare(&self.output, Kind::Secret, self.force)?;
        let is_sealed = vault.is_sealed()?;
        let backup = vault.backup(&vault_key, &name, context.now)?;
        place.write(&backup, context.stdout())?;
        if context.json {
            context.write_json(&json!({"file": self.output, "name": name.as_str()}))?;
        }
        context.say(&format!("wrote {}: every version of {name}, with its key", shown(&self.output)));
        if is_sealed {
            context.say("  another vault restores it with this vault's passphrase as it is today");
        } else {
            context.say("  it is NOT sealed, as this vault is not: whoever reads the file has its keys");
        }
        Ok(())
    }
}

/// Restore a certificate from a backup
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  $ coldcert --vault other.coldcert restore www.backup --backup-passphrase-file vault.passphrase"
)]
pub(super) struct Restore {
    /// The backup, - for stdin
    file: PathBuf,
    /// File whose first line is the passphrase of the vault that wrote it [default: that of this vault, else asked for]
    #[arg(long, value_name = "FILE")]
    backup_passphrase_file: Option<PathBuf>,
}

impl Restore {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let mut vault = context.open()?;
        let backup = context.read(&self.file)?;
        let vault_key = context.unseal(&mut vault)?;
        let opening = vault
            .backup_opening(&vault_key, &backup)
            .map_err(|error| CliError::in_file(&self.file, error))?;
        let passphrase = match (opening, self.backup_passphrase_file) {
            (Opening::ThisVault, _) | (Opening::NotSealed, None) => None,
            // Of one that is not sealed, it is refused that there is a passphrase for it.
            (Opening::Passphrase | Opening::NotSealed, Some(path)) => {
                Some(context.passphrase_from(&PassphraseSource::File(path), "")?)
            }
            (Opening::Passphrase, None) => {
                Some(context.passphrase("passphrase of the vault that wrote the backup: ")?)
            }
        };
        let name = vault
            .restore(&vault_key, &backup, passphrase.as_ref(), context.now)
            .map_err(|error| CliError::in_file(&self.file, error))?;
        if context.json {
            let view = vault.certificate(&name, None)?;
            context.write_certificate(&view)?;
        }
        if opening == Opening::NotSealed && vault.is_sealed()? {
            let label = context.palette().yellow("warn");
            context.say(&format!(
                "{label}    {} was not sealed: whoever has read it has its keys, and anybody can have made it",
                named(&self.file)
            ));
        }
        context.say(&format!("restored {name}"));
        context.next(&format!("coldcert show {name}"));
        Ok(())
    }
}
