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
    /// Of the permits, those for work that may wait until another process has written.
    writers: Semaphore,
}

impl Pool {
    pub(super) fn new(vault: Vault) -> Self {
        let idle = std::sync::Arc::new(Mutex::new(vec![vault]));
        let writers = Semaphore::new(VAULT_WRITERS_MAX);
        Self { idle, permits: Semaphore::new(VAULT_CONNECTIONS_MAX), writers }
    }

    /// Does some work that may write. However much of it waits for its turn, connections are left for work that reads.
    pub(super) async fn with_writer<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vault) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let _permit = self.writers.acquire().await.map_err(|_| broken())?;
        self.with(work).await
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
/// A quarter is left for those who only look: what they read is in SQLite's cache, and takes less than a millisecond.
const VAULT_WRITERS_MAX: usize = VAULT_CONNECTIONS_MAX / 4 * 3;

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc;

    use super::*;
    use crate::time::UnixTime;

    #[test]
    fn whoever_looks_finds_a_connection_while_all_who_write_wait() {
        let folder = tempfile::tempdir().unwrap();
        let now = UnixTime::from_unix_seconds(1_700_000_000).unwrap();
        let vault = Vault::init(&folder.path().join("vault"), None, now).unwrap();
        let pool = Arc::new(Pool::new(vault));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut waiting = Vec::new();
            let mut ends = Vec::new();
            for _ in 0..2 * VAULT_CONNECTIONS_MAX {
                let (end, ended) = mpsc::channel::<()>();
                let pool = Arc::clone(&pool);
                // Until its other end is gone.
                let wait = move |_: &mut Vault| Ok(ended.recv().is_err());
                waiting.push(tokio::spawn(async move { pool.with_writer(wait).await }));
                ends.push(end);
            }
            tokio::task::yield_now().await;
            let looked = pool.with(|vault| Ok(vault.waiting().unwrap().len()));
            let looked = tokio::time::timeout(std::time::Duration::from_secs(30), looked).await;
            drop(ends);
            for one in waiting {
                assert!(one.await.unwrap().is_ok_and(|is_gone| is_gone));
            }
            assert!(matches!(looked, Ok(Ok(0))));
        });
    }
}
