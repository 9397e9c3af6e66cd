//! `coldcert set`

use clap::{ArgGroup, Args};

use super::context::Context;
use super::create::tags;
use super::error::CliError;
use super::show::version_id;
use crate::policy::ObjectName;
use crate::vault::{Attributes, VaultError};

/// Change whether a version is enabled, and its tags
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("change").args(["enabled", "tag", "no_tags"]).required(true).multiple(true),
    after_help = "Examples:\n  $ coldcert set www --enabled false\n  $ coldcert set www --tag team=web --tag ticket=4711"
)]
pub(super) struct Set {
    /// The certificate's name
    name: String,
    /// A version's id [default: the newest]
    #[arg(long, value_name = "V")]
    version: Option<String>,
    /// Whether it may be exported
    #[arg(long, value_name = "BOOL")]
    enabled: Option<bool>,
    /// A tag, NAME=VALUE (may be repeated); all tags are replaced by those given
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "no_tags")]
    tag: Vec<String>,
    /// Take all tags away
    #[arg(long)]
    no_tags: bool,
}

impl Set {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let name = ObjectName::new(&self.name).map_err(VaultError::from)?;
        let version = self.version.as_deref().map(version_id).transpose()?;
        let tags = if self.tag.is_empty() && !self.no_tags { None } else { Some(tags(&self.tag)?) };
        let mut vault = context.open()?;
        let view = vault.certificate(&name, version)?;
        let name = view.name;
        if view.record.is_none() {
            return Err(VaultError::NoVersion { name: name.to_string() }.into());
        }
        let vault_key = context.unseal(&mut vault)?;
        vault.set_attributes(
            &vault_key,
            &name,
            version,
            Attributes { enabled: self.enabled, tags },
            context.now,
        )?;
        if context.json {
            let view = vault.certificate(&name, version)?;
            context.write_certificate(&view)?;
        }
        context.say(&format!("changed {name}"));
        Ok(())
    }
}
