//! What the server holds while it runs: the vault and its key, the tokens, the clock.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::clock::Clock;
use super::file::Owner;
use super::host::Names;
use super::journal::Journal;
use super::kept::Answers;
use super::pool::Pool;
use super::token::Tokens;
use crate::identifier::Identifier;
use crate::pending::Operation;
use crate::policy::Route;
use crate::seal::VaultKey;
use crate::time::UnixTime;
use crate::vault::{StoreError, Vault, VaultError};
use crate::verdict::Profile;
use crate::wire::{Asked, Base, Refusal};

/// How a server answers.
#[derive(Debug)]
pub struct Settings {
    /// For which hosts.
    pub names: Names,
    /// To whom.
    pub tokens: Tokens,
    /// By which profile a merge and an import are judged.
    pub profile: Profile,
    /// What the time is.
    pub clock: Clock,
    /// Whether the clock can be moved by a request.
    pub admin: bool,
    /// Where every exchange is noted.
    pub journal: Journal,
    /// How long issuer Self takes. The service takes 5 to 15 seconds (reference 2.7).
    pub delay_of_self: Duration,
}

/// An open vault and its settings.
#[derive(Debug)]
pub struct Service {
    settings: Settings,
    vault_key: VaultKey,
    pool: Pool,
    owner: Owner,
    /// After the connections, whose file it watches. None where every exchange is to be seen.
    answers: Option<Answers>,
    /// The operations whose requests are in the ledger as handed out, as far as this server knows without asking it.
    handed_out: Mutex<HashSet<Identifier>>,
}

impl Service {
    /// Takes an open vault and its key.
    pub fn new(mut vault: Vault, vault_key: VaultKey, settings: Settings) -> Result<Self, VaultError> {
        let answers = match settings.journal.records() {
            true => None,
            false => Some(Answers::new(vault.watch()?)),
        };
        let owner = Owner::of(vault.path());
        Ok(Self { settings, vault_key, pool: Pool::new(vault), owner, answers, handed_out: Mutex::default() })
    }

    /// The hosts it answers for.
    pub fn names(&self) -> &Names {
        &self.settings.names
    }

    /// The time, as the server's clock has it.
    pub fn now(&self) -> UnixTime {
        self.settings.clock.now()
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.settings.tokens
    }

    pub(super) fn clock(&self) -> Option<&Clock> {
        self.settings.admin.then_some(&self.settings.clock)
    }

    pub(super) fn journal(&self) -> &Journal {
        &self.settings.journal
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(super) fn owner(&self) -> Owner {
        self.owner
    }

    pub(super) fn answers(&self) -> Option<&Answers> {
        self.answers.as_ref()
    }

    pub(super) fn vault_key(&self) -> &VaultKey {
        &self.vault_key
    }

    pub(super) fn profile(&self) -> Profile {
        self.settings.profile
    }

    /// Says in the ledger that a request goes out. Of a vault that cannot be written the log has it.
    pub(super) fn hands_out(&self, vault: &mut Vault, operation: &Operation) -> Result<(), VaultError> {
        let id = operation.request_id();
        if self.handed_out.lock().unwrap_or_else(PoisonError::into_inner).contains(&id) {
            return Ok(());
        }
        match vault.record_request_handed_out(Some(&self.vault_key), operation, self.now()) {
            Err(VaultError::Store(error @ (StoreError::ReadOnly | StoreError::Linked { .. }))) => {
                let text = format!(
                    "the request of {} is handed out, and not in the ledger: {error}",
                    operation.name()
                );
                self.journal().say(self.now(), &text);
            }
            done => done?,
        }
        let mut known = self.handed_out.lock().unwrap_or_else(PoisonError::into_inner);
        // What is forgotten is asked of the ledger.
        if known.len() >= HANDED_OUT_MAX {
            known.clear();
        }
        known.insert(id);
        Ok(())
    }

    /// Lets issuer Self answer an operation after its while.
    pub(super) fn answer_of_self_later(self: &Arc<Self>, request_id: Identifier) {
        let service = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(service.settings.delay_of_self).await;
            service.answer_of_self(request_id).await;
        });
    }

    /// Lets issuer Self answer what waited for it when an earlier server ended.
    pub async fn answer_what_waits_for_self(self: &Arc<Self>) {
        let waiting = self.pool.with(|vault| vault.waiting().map_err(|error| in_words(&error))).await;
        for operation in waiting.unwrap_or_default() {
            let is_own = operation.issuer().route() == Route::SelfSigned;
            if is_own && matches!(operation, Operation::InProgress(_)) {
                self.answer_of_self(operation.request_id()).await;
            }
        }
    }

    async fn answer_of_self(self: &Arc<Self>, request_id: Identifier) {
        let service = Arc::clone(self);
        let now = self.now();
        let done = self.pool.with_writer(move |vault| {
            vault.answer_of_self(&service.vault_key, request_id, now).map_err(|error| in_words(&error))
        });
        if let Err(refusal) = done.await {
            self.journal()
                .say(self.now(), &format!("issuer Self did not answer {request_id}: {}", refusal.message));
        }
    }
}

fn in_words(error: &VaultError) -> Refusal {
    Refusal::of(error, Asked::ToLook, &Base::of_host(""))
}

/// Some hundred kilobytes of them.
const HANDED_OUT_MAX: usize = 10_000;
