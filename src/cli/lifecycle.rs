//! `coldcert delete`, `recover`, `purge`

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::error::CliError;
use crate::pending::Operation;
use crate::policy::ObjectName;
use crate::vault::VaultError;
use crate::wire;

/// Delete a certificate with all its versions, so that it can be recovered
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  $ coldcert delete www")]
pub(super) struct Delete {
    /// The certificate's name
    name: String,
}

impl Delete {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let name = ObjectName::new(&self.name).map_err(VaultError::from)?;
        let mut vault = context.open()?;
        let name = vault.certificate(&name, None)?.name;
        let vault_key = context.unseal(&mut vault)?;
        let view = vault.delete(&vault_key, &name, context.now)?;
        if context.json {
            let base = context.base();
            context.write_json(&wire::deleted_certificate(&base, &view))?;
        }
        context.say(&format!("deleted {name}; its keys are kept, and its name is taken, until it is purged"));
        if let Some(Operation::InProgress(_)) = view.operation {
            context.say("  an operation in progress went with it, and comes back with it");
        }
        context
            .next(&format!("bring it back: coldcert recover {name}; end it for good: coldcert purge {name}"));
        Ok(())
    }
}

/// Bring a deleted certificate back
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  $ coldcert recover www")]
pub(super) struct Recover {
    /// The certificate's name
    name: String,
}

impl Recover {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let name = ObjectName::new(&self.name).map_err(VaultError::from)?;
        let mut vault = context.open()?;
        let name = vault.deleted_certificate(&name)?.name;
        let vault_key = context.unseal(&mut vault)?;
        let view = vault.recover(&vault_key, &name, context.now)?;
        if context.json {
            context.write_certificate(&view)?;
        }
        context.say(&format!("recovered {name}"));
        Ok(())
    }
}

/// End a deleted certificate, with its keys, for good
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  $ coldcert purge www")]
pub(super) struct Purge {
    /// The certificate's name
    name: String,
}

impl Purge {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let name = ObjectName::new(&self.name).map_err(VaultError::from)?;
        let mut vault = context.open()?;
        let name = vault.deleted_certificate(&name)?.name;
        let vault_key = context.unseal(&mut vault)?;
        vault.purge(&vault_key, &name, context.now)?;
        if context.json {
            // The service answers 204 and nothing; one document it is all the same.
            context.write_json(&json!({}))?;
        }
        context.say(&format!("purged {name}: its keys are gone"));
        Ok(())
    }
}
