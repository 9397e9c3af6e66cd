//! `coldcert passphrase`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::error::CliError;
use super::passphrase::PassphraseSource;
use super::terminal::shown;

/// Change the vault's passphrase
///
/// Only the vault key is sealed anew; no private key is touched. Copies of the vault, and backups, made before
/// still open with the passphrase of their time.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  $ coldcert passphrase --new-passphrase-file new.passphrase")]
pub(super) struct ChangePassphrase {
    /// File whose first line is the new passphrase, - for stdin [default: asked for on the terminal]
    #[arg(long, value_name = "FILE", conflicts_with = "no_passphrase")]
    new_passphrase_file: Option<PathBuf>,
    /// Keep private keys unsealed from now on: whoever reads the file has them
    #[arg(long)]
    no_passphrase: bool,
}

impl ChangePassphrase {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let mut vault = context.open()?;
        let vault_key = context.unseal(&mut vault)?;
        let new = match self.no_passphrase {
            true => None,
            false => {
                let source =
                    self.new_passphrase_file.map_or(PassphraseSource::Terminal, PassphraseSource::File);
                Some(context.new_passphrase(Some(&source))?)
            }
        };
        vault.change_passphrase(&vault_key, new.as_ref(), context.now)?;
        if context.json {
            context.write_json(&json!({"vault": vault.path(), "sealed": new.is_some()}))?;
        }
        let how = if new.is_some() {
            "sealed by the new passphrase"
        } else {
            "NOT sealed: whoever reads the file has its keys"
        };
        context.say(&format!("{} is now {how}", shown(vault.path())));
        Ok(())
    }
}
