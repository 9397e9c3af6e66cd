//! Merging the CA's answer.

use std::collections::BTreeSet;

use super::events::merged;
use super::{Attributes, Vault, VaultError, events, living};
use crate::bundle::Bundle;
use crate::csr::CertificateRequest;
use crate::fingerprint::Fingerprint;
use crate::identifier::Identifier;
use crate::ledger::Event;
use crate::pending::{Operation, Pending};
use crate::policy::{ObjectName, Route};
use crate::record::{MergeError, Record};
use crate::seal::VaultKey;
use crate::store::{self, About};
use crate::time::UnixTime;
use crate::verdict::{Finding, Holder, Profile, Question, Terms, Verdict};

/// What a merge made, and what was found on the way.
#[derive(Debug)]
pub struct Merged {
    /// The new version.
    pub record: Record,
    /// The warnings and notes of the verdict.
    pub findings: Vec<Finding>,
}

/// What is waited for, as far as a verdict has use for it.
#[derive(Debug)]
pub struct Expectation {
    /// The certificate's name.
    pub name: ObjectName,
    /// What was asked for.
    pub request: CertificateRequest,
    /// For how many months it was asked.
    pub validity_months: u32,
    /// Where the vault holds the keys of the answer's certificates.
    pub holders: Vec<(Fingerprint, Holder)>,
    /// The version that its answer became; none while it waits.
    pub merged: Option<Identifier>,
}

impl Expectation {
    /// Judges an answer to it by stated terms.
    fn judge(&self, bundle: &Bundle, terms: &Terms, at: UnixTime) -> Verdict {
        let terms = Terms {
            request: Some(self.request.clone()),
            validity_months: Some(self.validity_months),
            ..terms.clone()
        };
        let asked = Question::new(self.name.as_str(), self.request.public_key(), bundle, at, &terms);
        Verdict::judge(&Question { holders: &self.holders, ..asked })
    }
}

impl Vault {
    /// Ends an operation with the CA's answer, judged by RFC 5280 on its own: version, key, secret and the
    /// operation's end, together or not at all. A refused answer leaves the operation as it was.
    pub fn merge(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        bundle: &Bundle,
        now: UnixTime,
    ) -> Result<Merged, VaultError> {
        self.merge_by(vault_key, name, bundle, &Terms::of(Profile::Rfc5280), now)
    }

    /// The same, judged by stated terms: a profile, trusted roots. What was asked for is the operation's request.
    pub fn merge_by(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        bundle: &Bundle,
        terms: &Terms,
        now: UnixTime,
    ) -> Result<Merged, VaultError> {
        self.merge_with(vault_key, name, bundle, terms, Attributes::default(), now)
    }

    /// The same, with attributes and tags for the version.
    pub fn merge_with(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        bundle: &Bundle,
        terms: &Terms,
        attributes: Attributes,
        now: UnixTime,
    ) -> Result<Merged, VaultError> {
        let mut pending = self.mergeable(name)?;
        pending.enabled = attributes.enabled.unwrap_or(pending.enabled);
        if let Some(tags) = attributes.tags {
            pending.tags = tags;
        }
        self.merge_pending(vault_key, pending, bundle, terms, None, now)
    }

    /// Ends an operation that may be ended so; the ledger also says what made the answer, where that was here.
    pub(super) fn merge_pending(
        &mut self,
        vault_key: &VaultKey,
        pending: Pending,
        bundle: &Bundle,
        terms: &Terms,
        made: Option<Event>,
        now: UnixTime,
    ) -> Result<Merged, VaultError> {
        let (name, request_id) = (pending.name.clone(), pending.request_id);
        let verdict = self.expectation_of(&pending, bundle)?.judge(bundle, terms, now);
        let findings = verdict.findings().to_vec();
        let record = match Record::merge(pending, verdict, vault_key, now) {
            Err(MergeError::Refused(refused)) => {
                self.record_refusal(vault_key, made, &refused, now)?;
                return Err(VaultError::Refused(refused));
            }
            merged => merged?,
        };

        let transaction = self.store.begin(About::Name(name.as_str()))?;
        let entry = living(&transaction, &name)?;
        match store::operation(&transaction, &entry)? {
            // The same operation, and nobody was faster.
            Some(Operation::InProgress(now) | Operation::Cancelled(now) | Operation::Failed(now, _))
                if now.request_id == request_id => {}
            _ => {
                return Err(VaultError::Changed { name: entry.name.to_string() });
            }
        }
        store::put_version(&transaction, entry.id, &record)?;
        store::complete_operation(&transaction, entry.id)?;
        let merged = merged(&record, Some(request_id)).with("profile", terms.profile.name());
        let events = made.into_iter().chain([merged]);
        events::commit(transaction, &self.by, Some(vault_key), events, now)?;
        Ok(Merged { record, findings })
    }

    /// The operation whose answer may be merged: one of issuer Unknown in progress; one of another issuer
    /// only once it failed or was cancelled (reference 2.5).
    fn mergeable(&self, name: &ObjectName) -> Result<Pending, VaultError> {
        match self.pending(name)? {
            Operation::InProgress(pending) => match pending.policy.issuer.route() {
                Route::Unknown => Ok(pending),
                Route::SelfSigned | Route::Named => {
                    let name = pending.name.to_string();
                    Err(VaultError::WithIssuer { name, issuer: pending.policy.issuer.name })
                }
            },
            Operation::Cancelled(pending) | Operation::Failed(pending, _) => Ok(pending),
            Operation::Completed(completed) => {
                Err(VaultError::AlreadyCompleted { name: completed.name.to_string() })
            }
        }
    }

    /// What the vault knows when it judges an answer: to judge one without merging it, before or after.
    pub fn expectation(&self, name: &ObjectName, bundle: &Bundle) -> Result<Expectation, VaultError> {
        match self.pending(name)? {
            Operation::InProgress(pending)
            | Operation::Cancelled(pending)
            | Operation::Failed(pending, _) => self.expectation_of(&pending, bundle),
            Operation::Completed(completed) => {
                let key = completed.request.public_key().fingerprint();
                let mut holders = self.holders_of(bundle)?;
                // That version is no earlier one: it is the one that came of this request.
                let own = holders.iter().position(|(held, holder)| {
                    *held == key && holder.name == completed.name.as_str() && holder.version.is_some()
                });
                let merged = own.and_then(|own| holders.remove(own).1.version);
                Ok(Expectation {
                    validity_months: self.living(name)?.policy.validity_months,
                    holders,
                    merged,
                    name: completed.name,
                    request: completed.request,
                })
            }
        }
    }

    fn expectation_of(&self, pending: &Pending, bundle: &Bundle) -> Result<Expectation, VaultError> {
        Ok(Expectation {
            name: pending.name.clone(),
            request: pending.request.clone(),
            validity_months: pending.policy.validity_months,
            holders: self.holders_of(bundle)?,
            merged: None,
        })
    }

    /// Where the vault holds the keys of these certificates.
    fn holders_of(&self, bundle: &Bundle) -> Result<Vec<(Fingerprint, Holder)>, VaultError> {
        let mut known = Vec::new();
        let keys: BTreeSet<Fingerprint> =
            bundle.certificates.iter().map(|given| given.certificate.public_key().fingerprint()).collect();
        for key in keys {
            let holders = store::holders(self.store.connection(), key)?;
            known.extend(holders.into_iter().map(|holder| (key, holder)));
        }
        Ok(known)
    }
}
