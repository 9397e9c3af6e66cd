//! The server's clock: the machine's, or one that was set, and that goes on from there.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::time::UnixTime;

/// A clock that may be off the machine's by some seconds.
#[derive(Debug, Default)]
pub struct Clock {
    seconds_ahead: AtomicI64,
}

impl Clock {
    /// One that shows this time now.
    pub fn showing(at: UnixTime) -> Self {
        let clock = Self::default();
        clock.set(at);
        clock
    }

    /// What it shows.
    pub fn now(&self) -> UnixTime {
        UnixTime::now().plus_seconds(self.seconds_ahead.load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, at: UnixTime) {
        let ahead = at.unix_seconds().saturating_sub(UnixTime::now().unix_seconds());
        self.seconds_ahead.store(ahead, Ordering::Relaxed);
    }
}
