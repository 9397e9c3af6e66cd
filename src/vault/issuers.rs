//! Who issues, and who is told: issuers and contacts.

use serde_json::Value;

use super::{Vault, VaultError, events};
use crate::issuer::{Contact, Issuer};
use crate::ledger::{Act, Event};
use crate::policy::ObjectName;
use crate::seal::VaultKey;
use crate::store::{self, About};
use crate::time::UnixTime;

impl Vault {
    /// Adds an issuer, or replaces the one of that name.
    pub fn put_issuer(&mut self, vault_key: &VaultKey, issuer: &Issuer) -> Result<(), VaultError> {
        let transaction = self.store.begin(About::Name(issuer.name.as_str()))?;
        store::put_issuer(&transaction, issuer)?;
        let event = Event::on(Act::Desk, &issuer.name).with("issuer", issuer.provider.as_str());
        events::commit(transaction, &self.by, Some(vault_key), [event], issuer.updated)
    }

    /// The issuer of a name.
    pub fn issuer(&self, name: &ObjectName) -> Result<Issuer, VaultError> {
        issuer(self.store.connection(), name)
    }

    /// Every issuer, by name.
    pub fn issuers(&self) -> Result<Vec<Issuer>, VaultError> {
        Ok(store::issuers(self.store.connection(), None)?)
    }

    /// Takes an issuer away; what it was is returned.
    pub fn delete_issuer(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        now: UnixTime,
    ) -> Result<Issuer, VaultError> {
        let transaction = self.store.begin(About::Name(name.as_str()))?;
        let issuer = issuer(&transaction, name)?;
        store::remove_issuer(&transaction, name)?;
        let event = Event::on(Act::Desk, &issuer.name).with("issuer", Value::Null);
        events::commit(transaction, &self.by, Some(vault_key), [event], now)?;
        Ok(issuer)
    }

    /// Every contact, in the order in which they were set.
    pub fn contacts(&self) -> Result<Vec<Contact>, VaultError> {
        Ok(store::contacts(self.store.connection())?)
    }

    /// Replaces all contacts.
    pub fn set_contacts(
        &mut self,
        vault_key: &VaultKey,
        contacts: &[Contact],
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let transaction = self.store.begin(About::Vault)?;
        store::replace_contacts(&transaction, contacts)?;
        events::commit(transaction, &self.by, Some(vault_key), [of_contacts(contacts)], now)
    }

    /// Adds a contact, or replaces the one of that address (in any case); all of them are returned.
    pub fn add_contact(
        &mut self,
        vault_key: &VaultKey,
        contact: Contact,
        now: UnixTime,
    ) -> Result<Vec<Contact>, VaultError> {
        let transaction = self.store.begin(About::Vault)?;
        let mut contacts = store::contacts(&transaction)?;
        contacts.retain(|one| !one.email.eq_ignore_ascii_case(&contact.email));
        contacts.push(contact);
        store::replace_contacts(&transaction, &contacts)?;
        events::commit(transaction, &self.by, Some(vault_key), [of_contacts(&contacts)], now)?;
        Ok(contacts)
    }

    /// Takes the contact of an address away; the others are returned.
    pub fn remove_contact(
        &mut self,
        vault_key: &VaultKey,
        email: &str,
        now: UnixTime,
    ) -> Result<Vec<Contact>, VaultError> {
        let transaction = self.store.begin(About::Vault)?;
        let mut contacts = store::contacts(&transaction)?;
        let before = contacts.len();
        contacts.retain(|one| !one.email.eq_ignore_ascii_case(email));
        if contacts.len() == before {
            return Err(VaultError::ContactNotFound { email: email.to_owned() });
        }
        store::replace_contacts(&transaction, &contacts)?;
        events::commit(transaction, &self.by, Some(vault_key), [of_contacts(&contacts)], now)?;
        Ok(contacts)
    }
}

/// What the ledger says of contacts: how many there are. Their names are their own.
fn of_contacts(contacts: &[Contact]) -> Event {
    Event::of(Act::Desk).with("contacts", contacts.len())
}

fn issuer(db: &rusqlite::Connection, name: &ObjectName) -> Result<Issuer, VaultError> {
    let found = store::issuers(db, Some(name))?;
    found.into_iter().next().ok_or_else(|| VaultError::IssuerNotFound { name: name.to_string() })
}
