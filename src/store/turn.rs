//! Whose turn it is to write, among the connections of one process to the same file; and how long it is waited for.
//!
//! SQLite's own lock is looked at again and again, and whoever looks at the right moment has it. Within a process whoever
//! waits is woken, and waits no longer than one deadline for both.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Turn {
    is_taken: Mutex<bool>,
    is_free: Condvar,
}

/// The turn, until it goes away.
pub(super) struct Taken<'a>(&'a Turn);

impl Turn {
    /// Waits for the turn; none where it does not come in time.
    pub(super) fn take(&self, until: Instant) -> Option<Taken<'_>> {
        let mut is_taken = self.is_taken();
        while *is_taken {
            let left = until.checked_duration_since(Instant::now())?;
            let waited = self.is_free.wait_timeout(is_taken, left);
            is_taken = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *is_taken = true;
        Some(Taken(self))
    }

    fn is_taken(&self) -> MutexGuard<'_, bool> {
        self.is_taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.0.is_taken() = false;
        self.0.is_free.notify_one();
    }
}

/// Does something in which SQLite waits for a lock no longer than that. Its busy handler is a plain function, and is called
/// by the thread that waits.
pub(super) fn until<T>(deadline: Instant, work: impl FnOnce() -> T) -> T {
    DEADLINE.set(Some(deadline));
    let done = work();
    DEADLINE.set(None);
    done
}

/// Whether what this thread waits for has come too late.
pub(super) fn is_over() -> bool {
    DEADLINE.get().is_some_and(|deadline| Instant::now() >= deadline)
}

thread_local! {
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}
