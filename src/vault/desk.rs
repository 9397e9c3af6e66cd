//! The issuers' desk: what a named issuer does with the operations that wait for it. On a machine without a network its
//! operator sits here, and carries request and answer.

use super::begin::{not_found, pending_of};
use super::events::of_operation;
use super::merge::Merged;
use super::{Vault, VaultError, events, living};
use crate::bundle::Bundle;
use crate::ledger::Act;
use crate::pending::{Failure, Operation, Pending};
use crate::policy::{ObjectName, Route};
use crate::seal::VaultKey;
use crate::store::{self, About};
use crate::time::UnixTime;
use crate::verdict::Terms;

impl Vault {
    /// The operations that wait for a named issuer, oldest first.
    pub fn at_desk(&self) -> Result<Vec<Pending>, VaultError> {
        let waiting = self.waiting()?.into_iter();
        Ok(waiting.filter_map(|operation| of_named_issuer(operation).ok()).collect())
    }

    /// One of them.
    pub fn at_desk_by_name(&self, name: &ObjectName) -> Result<Pending, VaultError> {
        of_named_issuer(self.pending(name)?)
    }

    /// The issuer has issued: its answer ends the operation as a merge would, judged by stated terms.
    pub fn complete_at_desk(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        bundle: &Bundle,
        terms: &Terms,
        now: UnixTime,
    ) -> Result<Merged, VaultError> {
        let pending = self.at_desk_by_name(name)?;
        self.merge_pending(vault_key, pending, bundle, terms, None, now)
    }

    /// The issuer could not fulfil it. The key is still held, and an answer can be merged by hand (reference 2.5).
    pub fn fail_at_desk(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        failure: &Failure,
        now: UnixTime,
    ) -> Result<Operation, VaultError> {
        self.end_at_desk(vault_key, name, Some(failure), now)
    }

    /// The issuer has cancelled it, whether or not somebody asked for that. The key is still held.
    pub fn cancel_at_desk(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        now: UnixTime,
    ) -> Result<Operation, VaultError> {
        self.end_at_desk(vault_key, name, None, now)
    }

    fn end_at_desk(
        &mut self,
        vault_key: &VaultKey,
        name: &ObjectName,
        failure: Option<&Failure>,
        now: UnixTime,
    ) -> Result<Operation, VaultError> {
        let transaction = self.store.begin(About::Name(name.as_str()))?;
        let entry = living(&transaction, name).map_err(|_| not_found(name))?;
        let operation = store::operation(&transaction, &entry)?.ok_or_else(|| not_found(&entry.name))?;
        let mut event =
            of_operation(Act::DeskEnded, &operation).with("issuer", operation.issuer().name.as_str());
        if let Some(failure) = failure {
            event = event.with("failure", failure.code.as_str());
        }
        of_named_issuer(operation)?;
        match failure {
            Some(failure) => store::fail_operation(&transaction, entry.id, failure)?,
            None => store::cancel_operation(&transaction, entry.id)?,
        }
        let ended = pending_of(&transaction, name)?;
        events::commit(transaction, &self.by, Some(vault_key), [event], now)?;
        Ok(ended)
    }
}

/// Refuses what is of issuer Unknown or Self, or has ended.
fn of_named_issuer(operation: Operation) -> Result<Pending, VaultError> {
    match operation {
        Operation::InProgress(pending) if pending.policy.issuer.route() == Route::Named => Ok(pending),
        Operation::InProgress(pending) => {
            Err(VaultError::NotAtDesk { name: pending.name.to_string(), issuer: pending.policy.issuer.name })
        }
        ended => Err(VaultError::NotInProgress { name: ended.name().to_string() }),
    }
}
