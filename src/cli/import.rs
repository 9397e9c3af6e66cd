//! `coldcert import`

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::create::tags;
use super::error::CliError;
use super::policy::read_document;
use crate::pkcs12::Password;
use crate::policy::{Document, ObjectName};
use crate::secret::{Brought, SecretError};
use crate::vault::{NewImport, VaultError};
use crate::verdict::Profile;

/// Take over a key with its certificate that were made elsewhere
///
/// The file is a PFX (PKCS#12), or PEM with one unencrypted PKCS#8 private key and its certificates. The policy is
/// read off the certificate; members of a policy file go over it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  $ coldcert import old old.pfx --password-file old.password")]
pub(super) struct Import {
    /// The certificate's name
    name: String,
    /// The file, - for stdin
    file: PathBuf,
    /// File whose first line is the password of the PFX, - for stdin [default: the empty one, or none]
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
    /// A policy file, - for stdin
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// A tag, NAME=VALUE (may be repeated)
    #[arg(long, value_name = "NAME=VALUE")]
    tag: Vec<String>,
}

impl Import {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let name = ObjectName::new(&self.name).map_err(VaultError::from)?;
        let tags = tags(&self.tag)?;
        let mut vault = context.open()?;
        let files = context.read_all(std::slice::from_ref(&self.file))?;
        let passwords = match &self.password_file {
            Some(path) => vec![Password::new(&context.password(Some(path))?)],
            None => Password::unstated().to_vec(),
        };
        let document = match &self.policy {
            Some(path) => read_document(context, path)?,
            None => Document::default(),
        };
        let brought = Brought::read(&files[0].source(), &passwords).map_err(|error| match error {
            SecretError::Pkcs12(_) | SecretError::Key(_) => CliError::in_file(&self.file, error.into()),
            error => VaultError::from(error).into(),
        })?;
        let vault_key = context.unseal(&mut vault)?;
        let new = NewImport {
            name: &name,
            brought: &brought,
            policy: document,
            tags,
            enabled: None,
            profile: Profile::Rfc5280,
        };
        let (record, findings) = vault.import(&vault_key, new, context.now)?;
        if context.json {
            let view = vault.certificate(&name, None)?;
            context.write_certificate(&view)?;
        }
        if brought.lacks_mac {
            context.say("note    the PFX has no MAC: nobody can tell whether it was changed on its way");
        }
        context.findings(&findings);
        context.say(&format!(
            "imported {}: version {}, {}",
            record.name,
            record.version,
            record.certificate.subject()
        ));
        context.next(&format!("coldcert show {}", record.name));
        Ok(())
    }
}
