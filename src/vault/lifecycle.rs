//! Looking at certificates, and their life after the merge: attributes, policy, soft deletion.

use serde_json::Value;

use super::{Deletion, Vault, VaultError, events};
use crate::identifier::Identifier;
use crate::ledger::{Act, Event};
use crate::pending::Operation;
use crate::policy::{Document, ObjectName, Policy, Tags};
use crate::record::Record;
use crate::seal::VaultKey;
use crate::store::{self, About, Entry};
use crate::time::UnixTime;

/// A certificate as it is shown: what belongs to its name, and one version of it.
#[derive(Debug)]
pub struct CertificateView {
    /// Its name.
    pub name: ObjectName,
    /// Its policy, which the next version will follow.
    pub policy: Policy,
    /// When the policy was first set.
    pub policy_created: UnixTime,
    /// When the policy was last set.
    pub policy_updated: UnixTime,
    /// The version; none while the first one waits (reference 2.4).
    pub record: Option<Record>,
    /// The id that stands for the version that is not there yet.
    pub shell: Identifier,
    /// Tags of the certificate that waits.
    pub tags: Tags,
    /// When the name was first used.
    pub created: UnixTime,
    /// Its operation, in whatever state.
    pub operation: Option<Operation>,
    /// When it was deleted.
    pub deletion: Option<Deletion>,
}

/// Which certificates to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListOptions {
    /// Also those that have no version yet.
    pub include_pending: bool,
    /// The deleted ones instead of the living.
    pub deleted: bool,
}

/// What can be changed of a version.
#[derive(Debug, Default)]
pub struct Attributes {
    /// `attributes.enabled`.
    pub enabled: Option<bool>,
    /// `tags`, all of them.
    pub tags: Option<Tags>,
}

impl Vault {
    /// A certificate with its newest version, or with a stated one.
    pub fn certificate(
        &self,
        name: &ObjectName,
        version: Option<Identifier>,
    ) -> Result<CertificateView, VaultError> {
        let view = view(self.store.connection(), self.living(name)?, version)?;
        match (&view.record, version) {
            (None, Some(version)) => Err(VaultError::CertificateNotFound {
                name: view.name.to_string(),
                version: Some(version.to_string()),
            }),
            _ => Ok(view),
        }
    }

    /// A deleted certificate with its newest version.
    pub fn deleted_certificate(&self, name: &ObjectName) -> Result<CertificateView, VaultError> {
        let entry = deleted(self.store.connection(), name)?;
        view(self.store.connection(), entry, None)
    }

    /// Certificates by name, after a name, at most so many.
    pub fn list(
        &self,
        options: ListOptions,
        after: &str,
        limit: u32,
    ) -> Result<Vec<CertificateView>, VaultError> {
        let db = self.store.connection();
        let include_pending = options.include_pending || options.deleted;
        store::names(db, after, limit, include_pending, options.deleted)?
            .iter()
            .map(|name| match store::entry(db, name)? {
                Some(entry) => view(self.store.connection(), entry, None),
                None => Err(VaultError::CertificateNotFound { name: name.to_string(), version: None }),
            })
            .collect()
    }

    /// Every version of a certificate, newest first; none for a certificate that waits for its first.
    pub fn versions(&self, name: &ObjectName) -> Result<Vec<Record>, VaultError> {
        let entry = self.living(name)?;
        Ok(store::versions(self.store.connection(), &entry)?)
    }

    /// The versions of a certificate that come after one, by their ids, which is the order of the service (reference
    /// 1.4), at most so many; none for a name that nobody knows.
    pub fn versions_after(
        &self,
        name: &ObjectName,
        after: Option<Identifier>,
        limit: u32,
    ) -> Result<Vec<Record>, VaultError> {
        match self.living(name) {
            Ok(entry) => Ok(store::versions_by_id(self.store.connection(), &entry, after, limit)?),
            Err(VaultError::CertificateNotFound { .. } | VaultError::IsDeleted { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Changes enabled and tags of a version, or of the newest.
    pub fn set_attributes(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        version: Option<Identifier>,
        attributes: Attributes,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        self.update(vault_key, name, version, attributes, None, now)
    }

    /// The same, and replaces the given members of the policy with it.
    pub fn update(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        version: Option<Identifier>,
        attributes: Attributes,
        policy: Option<Document>,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let mut transaction = self.store.begin(About::Name(name.as_str()))?;
        let mut entry = super::living(&transaction, name)?;
        let mut event = Event::on(Act::Set, &entry.name);
        if let Some(document) = policy {
            replace_policy(&transaction, &mut entry, document, now)?;
            event = event.with("policy", Value::from(entry.policy.to_document()));
        }
        let is_of_the_version =
            version.is_some() || attributes.enabled.is_some() || attributes.tags.is_some();
        let Some(record) = store::version(&transaction, &entry, version)? else {
            // The policy of a certificate that waits for its first version can change.
            if !is_of_the_version {
                return events::commit(transaction, &self.by, Some(vault_key), [event], now);
            }
            let name = entry.name.to_string();
            return Err(match version {
                None => VaultError::NoVersion { name },
                Some(version) => VaultError::CertificateNotFound { name, version: Some(version.to_string()) },
            });
        };
        event = event.version(&record.version).key(record.certificate.public_key().fingerprint());
        if let Some(enabled) = attributes.enabled {
            event = event.with("enabled", enabled);
        }
        if attributes.tags.is_some() {
            event = event.with("tags", true);
        }
        let attributes = store::Attributes { enabled: attributes.enabled, tags: attributes.tags };
        transaction.look_at_versions(&event)?;
        store::set_attributes(&transaction, record.version, &attributes, now)?;
        events::commit(transaction, &self.by, Some(vault_key), [event], now)
    }

    /// Replaces the given members of a policy; the next version follows it (reference 2.7).
    pub fn set_policy(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        document: Document,
        now: UnixTime,
    ) -> Result<Policy, VaultError> {
        let transaction = self.store.begin(About::Name(name.as_str()))?;
        let mut entry = super::living(&transaction, name)?;
        replace_policy(&transaction, &mut entry, document, now)?;
        let event = Event::on(Act::Set, &entry.name).with("policy", Value::from(entry.policy.to_document()));
        events::commit(transaction, &self.by, Some(vault_key), [event], now)?;
        Ok(entry.policy)
    }

    /// Deletes a certificate with all its versions and its operation, so that it can be recovered.
    pub fn delete(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        now: UnixTime,
    ) -> Result<CertificateView, VaultError> {
        let mut transaction = self.store.begin(About::Name(name.as_str()))?;
        let entry = super::living(&transaction, name)?;
        let event = of_all(&transaction, Act::Delete, &entry)?;
        transaction.look_at_versions(&event)?;
        let scheduled_purge = now.plus_seconds(i64::from(RECOVERABLE_DAYS) * 86_400);
        store::set_deletion(&transaction, entry.id, Some(Deletion { deleted: now, scheduled_purge }))?;
        // What was committed is not read back: a disk that fails then would make a failure of what was done.
        let view = view(&transaction, deleted(&transaction, name)?, None)?;
        events::commit(transaction, &self.by, Some(vault_key), [event], now)?;
        Ok(view)
    }

    /// Brings a deleted certificate back as it was.
    pub fn recover(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        now: UnixTime,
    ) -> Result<CertificateView, VaultError> {
        let mut transaction = self.store.begin(About::Name(name.as_str()))?;
        let entry = deleted(&transaction, name)?;
        let event = of_all(&transaction, Act::Recover, &entry)?;
        transaction.look_at_versions(&event)?;
        store::set_deletion(&transaction, entry.id, None)?;
        let view = view(&transaction, super::living(&transaction, name)?, None)?;
        events::commit(transaction, &self.by, Some(vault_key), [event], now)?;
        Ok(view)
    }

    /// Ends a deleted certificate, with its keys, for good.
    pub fn purge(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let mut transaction = self.store.begin(About::Name(name.as_str()))?;
        let entry = deleted(&transaction, name)?;
        let event = of_all(&transaction, Act::Purge, &entry)?;
        transaction.look_at_versions(&event)?;
        store::remove_entry(&transaction, entry.id)?;
        events::commit(transaction, &self.by, Some(vault_key), [event], now)
    }
}

/// What is shown of a certificate: of one version, or of the newest.
fn view(
    db: &rusqlite::Connection,
    entry: Entry,
    version: Option<Identifier>,
) -> Result<CertificateView, VaultError> {
    let record = store::version(db, &entry, version)?;
    let operation = store::operation(db, &entry)?;
    let Entry { name, policy, policy_created, policy_updated, shell, tags, created, deleted, .. } = entry;
    Ok(CertificateView {
        name,
        policy,
        policy_created,
        policy_updated,
        record,
        shell,
        tags,
        created,
        operation,
        deletion: deleted,
    })
}

/// What the ledger says of an act on a name with all that it has.
fn of_all(db: &rusqlite::Connection, act: Act, entry: &Entry) -> Result<Event, VaultError> {
    let (records, operation) = (store::versions(db, entry)?, store::operation(db, entry)?);
    Ok(events::with_keys(Event::on(act, &entry.name), &records, operation.as_ref()))
}

fn replace_policy(
    db: &rusqlite::Connection,
    entry: &mut Entry,
    document: Document,
    now: UnixTime,
) -> Result<(), VaultError> {
    let mut whole = entry.policy.to_document();
    whole.replace_with(document);
    entry.policy = Policy::understand(&whole)?;
    entry.policy_updated = now;
    store::put_entry(db, entry)?;
    Ok(())
}

fn deleted(db: &rusqlite::Connection, name: &ObjectName) -> Result<Entry, VaultError> {
    match store::entry(db, name)? {
        Some(entry) if entry.deleted.is_some() => Ok(entry),
        Some(living) => Err(VaultError::NotDeleted { name: living.name.to_string(), living: true }),
        None => Err(VaultError::NotDeleted { name: name.to_string(), living: false }),
    }
}

/// For how many days a deleted certificate can be recovered: the service's default (reference 1.3). Nothing
/// is purged by itself here; the date is only said.
pub const RECOVERABLE_DAYS: u32 = 90;
