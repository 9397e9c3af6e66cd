//! Beginning an operation, and ending one without a certificate.

use super::events::{self, merged, of_operation};
use super::{Vault, VaultError, judged_alone, living};
use crate::authority;
use crate::bundle::{Bundle, Given, Origin};
use crate::csr::{self, CertificateRequest, Concern};
use crate::fingerprint::Fingerprint;
use crate::identifier::Identifier;
use crate::key::{PrivateKey, PublicKey, Signer};
use crate::ledger::{Act, Event};
use crate::pending::{Operation, Pending};
use crate::policy::{Document, KeyKind, ObjectName, Policy, Route, Tags};
use crate::record::Record;
use crate::seal::{SealError, VaultKey};
use crate::store::{self, About, Entry, StoreError};
use crate::time::UnixTime;
use crate::verdict::{Holder, Profile};

/// What `create` asks for.
#[derive(Debug)]
pub struct NewCertificate {
    /// Its name.
    pub name: ObjectName,
    /// How it is to be made.
    pub policy: Policy,
    /// Tags for the version that will come of it.
    pub tags: Tags,
    /// Whether that version will be enabled; as the policy says where none is given.
    pub enabled: Option<bool>,
}

/// Which operation is meant.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The certificate's name.
    pub name: &'a ObjectName,
    /// Only the operation of this request id, and not one that came after it.
    pub request_id: Option<Identifier>,
}

impl<'a> From<&'a ObjectName> for Wanted<'a> {
    fn from(name: &'a ObjectName) -> Self {
        Self { name, request_id: None }
    }
}

/// What `create` began.
#[derive(Debug)]
pub struct Created {
    /// The operation: in progress, or completed where the certificate signs itself.
    pub operation: Operation,
    /// The version that issuer `Self` made at once.
    pub record: Option<Record>,
    /// What a CA will stumble over.
    pub concerns: Vec<Concern>,
}

impl Vault {
    /// The policy that a name has, which a create without a policy takes again (reference 2.3); none for a
    /// new name.
    pub fn stored_policy(&self, name: &ObjectName) -> Result<Option<Document>, VaultError> {
        match store::entry(self.store.connection(), name)? {
            Some(entry) if entry.deleted.is_some() => {
                Err(VaultError::IsDeleted { name: entry.name.to_string() })
            }
            found => Ok(found.map(|entry| entry.policy.to_document())),
        }
    }

    /// Makes key and request and begins an operation; refuses, and changes nothing, while another one of
    /// that name is in progress. Issuer Self answers at once.
    pub fn create(
        &mut self,
        vault_key: &VaultKey,
        new: NewCertificate,
        now: UnixTime,
    ) -> Result<Created, VaultError> {
        self.begin(vault_key, new, true, now)
    }

    /// The same, but that issuer Self takes its time, as the service's does (reference 2.7): its operation waits for
    /// [`Vault::answer_of_self`].
    pub fn request(
        &mut self,
        vault_key: &VaultKey,
        new: NewCertificate,
        now: UnixTime,
    ) -> Result<Created, VaultError> {
        self.begin(vault_key, new, false, now)
    }

    /// Issuer Self answers the operation of this request id: it is cancelled where somebody asked for that, else
    /// completed. One that is not in progress any more, or is another issuer's, is left as it is.
    pub fn answer_of_self(
        &mut self,
        vault_key: &VaultKey,
        request_id: Identifier,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let found = match self.pending_by_request_id(request_id) {
            Err(VaultError::PendingNotFound { .. }) => return Ok(()),
            found => found?,
        };
        let Operation::InProgress(pending) = found else { return Ok(()) };
        if pending.policy.issuer.route() != Route::SelfSigned {
            return Ok(());
        }
        let key = pending.open_key(vault_key)?;
        let version = sign_self(&pending, &key, vault_key, now)?;
        let transaction = self.store.begin(About::Name(pending.name.as_str()))?;
        let entry = living(&transaction, &pending.name)?;
        let was_cancelled = match store::operation(&transaction, &entry)? {
            Some(Operation::InProgress(now)) if now.request_id == request_id => {
                if now.cancellation_requested {
                    store::cancel_operation(&transaction, entry.id)?;
                } else {
                    store::put_version(&transaction, entry.id, &version)?;
                    store::complete_operation(&transaction, entry.id)?;
                }
                now.cancellation_requested
            }
            _ => return Ok(()),
        };
        let event = match was_cancelled {
            true => Event::on(Act::DeskEnded, &pending.name).key(key.public_key().fingerprint()),
            false => merged(&version, Some(request_id)),
        };
        let event = event.with("issuer", "Self");
        events::commit(transaction, &self.by, Some(vault_key), [event], now)
    }

    fn begin(
        &mut self,
        vault_key: &VaultKey,
        new: NewCertificate,
        self_at_once: bool,
        now: UnixTime,
    ) -> Result<Created, VaultError> {
        let NewCertificate { name, policy, tags, enabled } = new;
        // Looked at before the key is made, which may take seconds, and again inside the transaction.
        let name = free_for_create(self.store.connection(), &name)?.map_or(name, |entry| entry.name);
        let mut concerns = csr::concerns(&policy);
        let key = match self.key_to_reuse(vault_key, &name, &policy)? {
            Some(key) if key.kind() == policy.key.kind => {
                concerns.push(reused(&name));
                key
            }
            Some(key) => {
                concerns.push(not_reused(&name, key.kind(), policy.key.kind));
                PrivateKey::generate(policy.key.kind)?
            }
            None => PrivateKey::generate(policy.key.kind)?,
        };
        let mut pending = Pending::begin(name, policy, tags, &key, vault_key, now)?;
        pending.enabled = enabled.unwrap_or(pending.enabled);
        let record = match pending.policy.issuer.route() {
            Route::SelfSigned if self_at_once => Some(sign_self(&pending, &key, vault_key, now)?),
            Route::SelfSigned | Route::Unknown | Route::Named => None,
        };
        let operation = self.write_operation(vault_key, &pending, record.as_ref())?;
        Ok(Created { operation, record, concerns })
    }

    /// The operation of a name, in whatever state it is.
    pub fn pending(&self, name: &ObjectName) -> Result<Operation, VaultError> {
        pending_of(self.store.connection(), name)
    }

    /// Every operation that is not completed, oldest first.
    pub fn waiting(&self) -> Result<Vec<Operation>, VaultError> {
        let names = store::waiting(self.store.connection())?;
        names.iter().map(|name| self.pending(name)).collect()
    }

    /// The operation that has this request id.
    pub fn pending_by_request_id(&self, id: Identifier) -> Result<Operation, VaultError> {
        match store::name_by_request_id(self.store.connection(), id)? {
            Some(name) => self.pending(&name),
            None => Err(VaultError::PendingNotFound { name: format!("the request id {id}") }),
        }
    }

    /// The operation whose request was made with this key.
    pub fn pending_by_public_key(&self, key: &PublicKey) -> Result<Operation, VaultError> {
        let fingerprint = key.fingerprint();
        match store::name_by_public_key(self.store.connection(), fingerprint)? {
            Some(name) => self.pending(&name),
            None => Err(VaultError::PendingNotFound { name: format!("the public key {fingerprint}") }),
        }
    }

    /// The operation that made this request.
    pub fn pending_by_request(&self, request: &CertificateRequest) -> Result<Operation, VaultError> {
        self.pending_by_public_key(request.public_key())
    }

    /// Marks an operation as to be cancelled, or takes that back. One of issuer Unknown stays in progress and can
    /// still be merged: there is nobody to cancel it (reference 0, row 5).
    pub fn cancel(
        &mut self,
        vault_key: &VaultKey,
        which: &Wanted<'_>,
        requested: bool,
        now: UnixTime,
    ) -> Result<Operation, VaultError> {
        let transaction = self.store.begin(About::Name(which.name.as_str()))?;
        let (entry, operation) = wanted(&transaction, which)?;
        match operation {
            Operation::InProgress(_) => {}
            _ => {
                return Err(VaultError::NotInProgress { name: entry.name.to_string() });
            }
        }
        store::request_cancellation(&transaction, entry.id, requested)?;
        let event = of_operation(Act::Cancel, &operation).with("requested", requested);
        // What was committed is not read back: a disk that fails then would make a failure of what was done.
        let cancelled = pending_of(&transaction, which.name)?;
        events::commit(transaction, &self.by, Some(vault_key), [event], now)?;
        Ok(cancelled)
    }

    /// Gives an operation up, in whatever state it is, with the key that it holds; what it was is returned.
    pub fn delete_pending(
        &mut self,
        vault_key: &VaultKey,
        which: &Wanted<'_>,
        now: UnixTime,
    ) -> Result<Operation, VaultError> {
        let transaction = self.store.begin(About::Name(which.name.as_str()))?;
        let (entry, operation) = wanted(&transaction, which)?;
        store::remove_operation(&transaction, entry.id)?;
        let event = of_operation(Act::PendingDeleted, &operation);
        events::commit(transaction, &self.by, Some(vault_key), [event], now)?;
        Ok(operation)
    }

    /// Where a public key is held: by an operation that waits, by versions.
    pub fn holders(&self, key: &PublicKey) -> Result<Vec<Holder>, VaultError> {
        Ok(store::holders(self.store.connection(), key.fingerprint())?)
    }

    /// The key of the newest version, of whatever kind, where the policy says to take it again.
    fn key_to_reuse(
        &self,
        vault_key: &VaultKey,
        name: &ObjectName,
        policy: &Policy,
    ) -> Result<Option<PrivateKey>, VaultError> {
        if !policy.key.reuse_key {
            return Ok(None);
        }
        let Some(entry) = store::entry(self.store.connection(), name)? else {
            return Ok(None);
        };
        let Some(record) = store::version(self.store.connection(), &entry, None)? else {
            return Ok(None);
        };
        Ok(Some(record.open_key(vault_key)?))
    }

    /// Entry, operation, and the version of issuer Self: one transaction.
    fn write_operation(
        &mut self,
        vault_key: &VaultKey,
        pending: &Pending,
        record: Option<&Record>,
    ) -> Result<Operation, VaultError> {
        let (name, now) = (&pending.name, pending.created);
        let transaction = self.store.begin(About::Name(name.as_str()))?;
        let before = free_for_create(&transaction, name)?;
        let entry = Entry {
            id: 0,
            name: before.as_ref().map_or_else(|| name.clone(), |entry| entry.name.clone()),
            policy: pending.policy.clone(),
            policy_created: now,
            policy_updated: now,
            shell: Identifier::random().ok_or(SealError::Random)?,
            tags: pending.tags.clone(),
            created: now,
            deleted: None,
        };
        let id = store::put_entry(&transaction, &entry)?;
        store::put_pending(&transaction, id, pending)?;
        if let Some(record) = record {
            store::put_version(&transaction, id, record)?;
            store::complete_operation(&transaction, id)?;
        }
        let event = Event::on(Act::Create, &entry.name)
            .key(pending.request.public_key().fingerprint())
            .with("issuer", pending.policy.issuer.name.as_str())
            .with("request_id", pending.request_id.to_string())
            .with("request", Fingerprint::of(pending.request.as_der()).hex());
        let version = record.map(|version| merged(version, Some(pending.request_id)));
        let operation = pending_of(&transaction, name)?;
        events::commit(transaction, &self.by, Some(vault_key), [event].into_iter().chain(version), now)?;
        Ok(operation)
    }
}

/// The operation of a name, in whatever state, where the certificate is not deleted.
pub(super) fn pending_of(db: &rusqlite::Connection, name: &ObjectName) -> Result<Operation, VaultError> {
    match store::entry(db, name)? {
        Some(entry) if entry.deleted.is_none() => {
            let operation = store::operation(db, &entry)?.ok_or_else(|| not_found(&entry.name))?;
            // What goes to a CA from here is checked again; lists are not.
            operation.request().verify().map_err(|_| StoreError::Content { what: "a request" })?;
            Ok(operation)
        }
        _ => Err(not_found(name)),
    }
}

/// The operation of a name, unless another request id was asked for.
fn wanted(db: &rusqlite::Connection, which: &Wanted<'_>) -> Result<(Entry, Operation), VaultError> {
    let entry = living(db, which.name).map_err(|_| not_found(which.name))?;
    match store::operation(db, &entry)? {
        Some(operation) if which.request_id.is_none_or(|id| id == operation.request_id()) => {
            Ok((entry, operation))
        }
        _ => Err(not_found(&entry.name)),
    }
}

/// Refuses where an operation is in progress or the name is that of a deleted certificate.
pub(super) fn free_for_create(
    db: &rusqlite::Connection,
    name: &ObjectName,
) -> Result<Option<Entry>, VaultError> {
    let Some(entry) = store::entry(db, name)? else {
        return Ok(None);
    };
    if entry.deleted.is_some() {
        return Err(VaultError::IsDeleted { name: entry.name.to_string() });
    }
    match store::operation(db, &entry)? {
        Some(Operation::InProgress(pending)) => {
            let issuer = pending.policy.issuer;
            Err(VaultError::InProgress {
                name: entry.name.to_string(),
                since: pending.created.to_string(),
                issuer: (issuer.route() != Route::Unknown).then_some(issuer.name),
            })
        }
        _ => Ok(Some(entry)),
    }
}

/// Issuer Self goes the same way as an answer from outside: judged, then merged.
fn sign_self(
    pending: &Pending,
    key: &PrivateKey,
    vault_key: &VaultKey,
    now: UnixTime,
) -> Result<Record, VaultError> {
    let certificate = authority::self_signed(&pending.policy, &pending.request, key, now)?;
    let place = Origin::of_file("the self-signed certificate");
    let bundle = Bundle::of(vec![Given { certificate, place }]);
    let accepted = judged_alone(&pending.name, key.public_key(), &bundle, Profile::Rfc5280, now)
        .map_err(|verdict| VaultError::import_refused(&pending.name, &verdict))?;
    let (name, tags) = (pending.name.clone(), pending.tags.clone());
    let record = Record::import(name, &pending.policy, tags, key, accepted, vault_key, now)?;
    Ok(Record { enabled: pending.enabled, ..record })
}

fn reused(name: &ObjectName) -> Concern {
    Concern {
        message: format!(
            "the key is that of an earlier version of {name}, as reuse_key says: many CAs refuse a key that they certified before"
        ),
        help: "make a new key with --new-key; the policy remembers either".to_owned(),
    }
}

fn not_reused(name: &ObjectName, earlier: KeyKind, wanted: KeyKind) -> Concern {
    Concern {
        message: format!(
            "reuse_key says to take the key of {name} again, but that is {earlier} and the policy asks for {wanted}: a new key is made"
        ),
        help: format!(
            "to keep the key, leave the policy's key at {earlier}; to make a new one each time, say --new-key"
        ),
    }
}

pub(super) fn not_found(name: &ObjectName) -> VaultError {
    VaultError::PendingNotFound { name: name.to_string() }
}
