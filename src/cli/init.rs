//! `coldcert init`

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::error::CliError;
use super::terminal::shown;
use crate::vault::{Vault, VaultError};

/// Make a vault
///
/// The vault is one file. Private keys in it are sealed under a key that the passphrase opens (Argon2id). Whoever
/// loses it has lost them: `coldcert passphrase recovery-key` makes a key on paper for that case, and `coldcert
/// passphrase add` a passphrase for a second person.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  $ coldcert init")]
pub(super) struct Init {
    /// Keep private keys unsealed: whoever reads the file has them
    #[arg(long)]
    no_passphrase: bool,
}

impl Init {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        context.acts();
        let path = context.vault_path().to_owned();
        // Before the passphrase is asked for, and once more when the file is made.
        if path.symlink_metadata().is_ok() {
            return Err(VaultError::VaultExists { path }.into());
        }
        let passphrase = if self.no_passphrase { None } else { Some(context.new_passphrase(None)?) };
        let vault = Vault::init_by(&path, passphrase.as_ref(), context.attribution(), context.now)
            .map_err(|error| CliError::from(error).in_vault(&path))?;
        if context.json {
            context.write_json(&json!({"vault": vault.path(), "sealed": !self.no_passphrase}))?;
        }
        let how = if self.no_passphrase {
            "NOT sealed: whoever reads the file has its keys"
        } else {
            "sealed by your passphrase"
        };
        context.say(&format!("made {}, {how}", shown(vault.path())));
        context.next("coldcert create NAME --subject CN=www.example.com --dns www.example.com -o NAME.csr");
        Ok(())
    }
}
