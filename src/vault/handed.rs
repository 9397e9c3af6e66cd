//! What the ledger says of requests that were handed out and of answers that never came to a judge.

use super::events::{self, of_operation};
use super::{Vault, VaultError};
use crate::fingerprint::Fingerprint;
use crate::ledger::{Act, Entry};
use crate::pending::Operation;
use crate::seal::VaultKey;
use crate::store::{self, About};
use crate::time::UnixTime;
use crate::verdict::Profile;

impl Vault {
    /// Says in the ledger that a request was handed out, once for each operation and operator: clients ask again and again
    /// while they wait.
    pub fn record_request_handed_out(
        &mut self,
        vault_key: Option<&VaultKey>,
        operation: &Operation,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        if is_handed_out(self.store.connection(), operation, &self.by.operator)? {
            return Ok(());
        }
        let transaction = self.store.begin(About::Nothing)?;
        // Another may have been faster.
        if is_handed_out(&transaction, operation, &self.by.operator)? {
            return Ok(());
        }
        let request = Fingerprint::of(operation.request().as_der());
        let event = of_operation(Act::RequestExported, operation).with("request", request.hex());
        events::commit(transaction, &self.by, vault_key, [event], now)
    }

    /// Says in the ledger that an answer was refused before it was judged, because no certificate in it holds the key.
    pub fn record_another_key(
        &mut self,
        vault_key: &VaultKey,
        operation: &Operation,
        profile: Profile,
        now: UnixTime,
    ) -> Result<(), VaultError> {
        let event = of_operation(Act::Refuse, operation)
            .with("profile", profile.name())
            .with("refused_by", vec![ANOTHER_KEY]);
        self.record_alone(Some(vault_key), event, now)
    }
}

fn is_handed_out(
    db: &rusqlite::Connection,
    operation: &Operation,
    operator: &str,
) -> Result<bool, VaultError> {
    let request_id = operation.request_id().to_string();
    let mut is_handed_out = false;
    store::each_entry(db, operation.name().as_str(), |entry: &Entry| {
        let is_it = entry.act == Act::RequestExported
            && entry.operator == operator
            && entry.detail.get("request_id").is_some_and(|id| *id == request_id);
        is_handed_out |= is_it;
    })?;
    Ok(is_handed_out)
}

/// The judge's rule for the same.
const ANOTHER_KEY: &str = "key-mismatch";
