//! `coldcert contact`

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;
use super::terminal::escape;
use crate::issuer::Contact;
use crate::vault::VaultError;
use crate::wire;

/// People to be told about certificates
#[derive(Debug, Subcommand)]
pub(super) enum ContactVerb {
    /// Add a contact, or replace the one of that address
    #[command(after_help = "Example:\n  $ coldcert contact add pki@example.com --name 'PKI desk'")]
    Add {
        /// The e-mail address
        email: String,
        /// The name
        #[arg(long)]
        name: Option<String>,
        /// The telephone number
        #[arg(long)]
        phone: Option<String>,
    },
    /// List the contacts
    #[command(after_help = "Example:\n  $ coldcert contact list")]
    List,
    /// Take a contact away
    #[command(after_help = "Example:\n  $ coldcert contact delete pki@example.com")]
    Delete {
        /// The e-mail address
        email: String,
    },
}

impl ContactVerb {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let mut vault = context.open()?;
        let contacts = match self {
            Self::List => {
                let contacts = vault.contacts()?;
                if !context.json {
                    for contact in &contacts {
                        context.artifact(line(contact).as_bytes())?;
                    }
                    if contacts.is_empty() {
                        context.say("no contacts");
                    }
                    return Ok(());
                }
                contacts
            }
            Self::Add { email, name, phone } => {
                if let Some(fault) = crate::name::email_fault(&email) {
                    let allowed = format!("an e-mail address ({fault})");
                    return Err(CliError::Option { option: "EMAIL", value: email, allowed });
                }
                let vault_key = context.unseal(&mut vault)?;
                let contact = Contact { email: email.clone(), name, phone };
                let contacts = vault.add_contact(&vault_key, contact, context.now)?;
                context.say(&format!("added {email}"));
                contacts
            }
            Self::Delete { email } => {
                // Refused before the passphrase is asked for; the vault looks again.
                if !vault.contacts()?.iter().any(|contact| contact.email.eq_ignore_ascii_case(&email)) {
                    return Err(VaultError::ContactNotFound { email }.into());
                }
                let vault_key = context.unseal(&mut vault)?;
                let contacts = vault.remove_contact(&vault_key, &email, context.now)?;
                context.say(&format!("deleted {email}"));
                contacts
            }
        };
        if context.json {
            let base = context.base();
            context.write_json(&wire::contacts(&base, &contacts))?;
        }
        Ok(())
    }
}

fn line(contact: &Contact) -> String {
    let text =
        |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), |text| escape(text).into());
    format!("{}\t{}\t{}\n", escape(&contact.email), text(&contact.name), text(&contact.phone))
}
