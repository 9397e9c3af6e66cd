//! `coldcert issuer`

use clap::Subcommand;

use super::context::Context;
use super::desk::DeskVerb;
use super::error::CliError;
use super::table::Table;
use super::terminal::escape;
use crate::issuer::Issuer;
use crate::policy::ObjectName;
use crate::vault::{OFFLINE_CA, VaultError};
use crate::wire;

/// Issuers that policies name
#[derive(Debug, Subcommand)]
pub(super) enum IssuerVerb {
    /// Add an issuer, or replace the one of that name
    #[command(after_help = "Example:\n  $ coldcert issuer set corp --provider OfflineCA")]
    Set {
        /// The issuer's name
        name: String,
        /// Its provider: OfflineCA, DigiCert, GlobalSign, ...
        #[arg(long, value_name = "PROVIDER")]
        provider: String,
        /// The account at the provider
        #[arg(long, value_name = "ID")]
        account_id: Option<String>,
        /// The organization at the provider
        #[arg(long, value_name = "ID")]
        organization_id: Option<String>,
    },
    /// Show an issuer
    #[command(after_help = "Example:\n  $ coldcert issuer show corp")]
    Show {
        /// The issuer's name
        name: String,
    },
    /// List the issuers
    #[command(after_help = "Example:\n  $ coldcert issuer list")]
    List,
    #[command(flatten)]
    Desk(DeskVerb),
    /// Take an issuer away
    #[command(after_help = "Example:\n  $ coldcert issuer delete corp")]
    Delete {
        /// The issuer's name
        name: String,
    },
}

impl IssuerVerb {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let mut vault = context.open()?;
        let base = context.base();
        match self {
            Self::Desk(verb) => return verb.run(context),
            Self::Set { name, provider, account_id, organization_id } => {
                let name = ObjectName::new(&name).map_err(VaultError::from)?;
                let now = context.now;
                let issuer = Issuer {
                    name,
                    provider,
                    account_id,
                    organization_id,
                    administrators: Vec::new(),
                    enabled: true,
                    created: now,
                    updated: now,
                };
                let vault_key = context.unseal(&mut vault)?;
                vault.put_issuer(&vault_key, &issuer)?;
                let issuer = vault.issuer(&issuer.name)?;
                if context.json {
                    context.write_json(&wire::issuer(&base, &issuer))?;
                }
                context.say(&format!("set issuer {}", issuer.name));
                context.next(&format!("coldcert create NAME --issuer {} --subject CN=...", issuer.name));
            }
            Self::Show { name } => {
                let issuer = vault.issuer(&ObjectName::new(&name).map_err(VaultError::from)?)?;
                if context.json {
                    return context.write_json(&wire::issuer(&base, &issuer));
                }
                let mut table = Table::new(HEADINGS);
                table.row(context, cells(&issuer))?;
                table.end(context)?;
            }
            Self::List => {
                let issuers = vault.issuers()?;
                if context.json {
                    let items: Vec<_> = issuers.iter().map(|issuer| wire::issuer(&base, issuer)).collect();
                    return context.write_json(&wire::page(&items));
                }
                let mut table = Table::new(HEADINGS);
                for issuer in &issuers {
                    table.row(context, cells(issuer))?;
                }
                table.end(context)?;
                if issuers.is_empty() {
                    context.say("no issuers");
                }
            }
            Self::Delete { name } => {
                let name = ObjectName::new(&name).map_err(VaultError::from)?;
                let name = vault.issuer(&name)?.name;
                let vault_key = context.unseal(&mut vault)?;
                let issuer = vault.delete_issuer(&vault_key, &name, context.now)?;
                if context.json {
                    context.write_json(&wire::issuer(&base, &issuer))?;
                }
                context.say(&format!("deleted issuer {name}"));
                if vault.authority(&name).is_ok() {
                    context.say(&format!(
                        "  its CA stays in the vault, with its key: see it with: coldcert ca show {name}; it signs again once the issuer is set: coldcert issuer set {name} --provider {OFFLINE_CA}"
                    ));
                }
            }
        }
        Ok(())
    }
}

const HEADINGS: [&str; 3] = ["NAME", "PROVIDER", "ACCOUNT"];

fn cells(issuer: &Issuer) -> [String; 3] {
    let account = escape(issuer.account_id.as_deref().unwrap_or("-"));
    [issuer.name.to_string(), escape(&issuer.provider).into_owned(), account.into_owned()]
}
