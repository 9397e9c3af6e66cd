//! `coldcert policy`

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;
use crate::policy::{Document, ObjectName, Policy};
use crate::vault::VaultError;
use crate::wire;

/// Show and change policies: how a certificate is to be made
#[derive(Debug, Subcommand)]
pub(super) enum PolicyVerb {
    /// Print a policy with the service's defaults, to start from
    #[command(after_help = "Example:\n  $ coldcert policy default > policy.json")]
    Default,
    /// Print the policy of a certificate
    #[command(after_help = "Example:\n  $ coldcert policy show www")]
    Show {
        /// The certificate's name
        name: String,
    },
    /// Replace members of a policy; the next version follows it
    ///
    /// The file is a policy as Key Vault's REST API or `az keyvault certificate` writes it. Members that it
    /// gives (key_props, x509_props, ...) are replaced whole, the others stay.
    #[command(after_help = "Example:\n  $ coldcert policy set www policy.json")]
    Set {
        /// The certificate's name
        name: String,
        /// The policy file, - for stdin
        file: PathBuf,
    },
}

impl PolicyVerb {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        match self {
            Self::Default => {
                let mut document = Document::default();
                document.set("x509_props.subject", "CN=www.example.com".into());
                let policy = Policy::understand(&document).map_err(VaultError::from)?;
                context.write_json(&wire::policy_document(&policy))
            }
            Self::Show { name } => {
                let name = ObjectName::new(&name).map_err(VaultError::from)?;
                let view = context.open()?.certificate(&name, None)?;
                let base = context.base();
                context.write_json(&wire::policy(&base, &view))
            }
            Self::Set { name, file } => {
                let name = ObjectName::new(&name).map_err(VaultError::from)?;
                let document = read_document(context, &file)?;
                let mut vault = context.open()?;
                vault.stored_policy(&name)?;
                let vault_key = context.unseal(&mut vault)?;
                vault.set_policy(&vault_key, &name, document, context.now)?;
                let view = vault.certificate(&name, None)?;
                if context.json {
                    let base = context.base();
                    context.write_json(&wire::policy(&base, &view))?;
                }
                context.say(&format!("changed the policy of {}; the next version follows it", view.name));
                Ok(())
            }
        }
    }
}

/// Reads a policy file, and tells of the members that nobody knows.
pub(super) fn read_document(context: &mut Context<'_, '_>, path: &Path) -> Result<Document, CliError> {
    let bytes = context.read(path)?;
    let (document, unknown) =
        Document::from_json(&bytes).map_err(|error| CliError::PolicyFile { path: path.to_owned(), error })?;
    for member in unknown {
        context.say(&format!("note    the policy's member {member:?} is not known and was ignored"));
    }
    Ok(document)
}
