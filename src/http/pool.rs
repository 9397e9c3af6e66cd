//! Connections to the vault file, each used by one thread at a time. SQLite blocks, so they are used where that harms
//! nobody.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::vault::{Vault, VaultError};
use crate::wire::{Asked, Base, Refusal};

/// Open connections, and how many more there may be.
#[derive(Debug)]
pub(super) struct Pool {
    idle: std::sync::Arc<Mutex<Vec<Vault>>>,
    permits: Semaphore,
}

impl Pool {
    pub(super) fn new(vault: Vault) -> Self {
        let idle = std::sync::Arc::new(Mutex::new(vec![vault]));
        Self { idle, permits: Semaphore::new(VAULT_CONNECTIONS_MAX) }
    }

    /// Does some work with a connection, on a thread that may block. Work that panics is answered with 500, and its
    /// connection is not used again.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vault) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let _permit = self.permits.acquire().await.map_err(|_| broken())?;
        let idle = std::sync::Arc::clone(&self.idle);
        let done = tokio::task::spawn_blocking(move || {
            let mut vault = taken(&idle)?;
            let done = work(&mut vault);
            put_back(&idle, vault);
            done
        });
        done.await.unwrap_or_else(|_| Err(broken()))
    }
}

/// An idle connection, or a new one beside it. There is always one left to open others beside.
fn taken(idle: &Mutex<Vec<Vault>>) -> Result<Vault, Refusal> {
    let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = match idle.len() {
        0 | 1 => match idle.first() {
            Some(first) => first.beside(),
            None => return Err(broken()),
        },
        _ => return idle.pop().ok_or_else(broken),
    };
    opened.map_err(|error: VaultError| Refusal::of(&error, Asked::ToLook, &Base::of_host("")))
}

fn put_back(idle: &Mutex<Vec<Vault>>, vault: Vault) {
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(vault);
}

/// What went wrong is not the client's business, and not its fault.
pub(super) fn broken() -> Refusal {
    Refusal::new(500, "InternalServerError", "The server failed to do this; nothing was half done.")
}

/// Keys are made on the processors that there are; more connections than this would only wait for each other.
pub const VAULT_CONNECTIONS_MAX: usize = 16;
