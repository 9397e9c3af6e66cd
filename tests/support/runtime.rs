//! A runtime that goes on with what was spawned on it while nobody waits, as a server's does: one thread of its own, and of
//! tokio no more than the program has, so that a program built beside the tests is the one that is built without them.

use std::future::Future;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

pub(crate) struct Runtime {
    handle: Handle,
    /// The thread ends with it.
    _stop: oneshot::Sender<()>,
}

impl Runtime {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        std::thread::spawn(move || runtime.block_on(stopped));
        Self { handle, _stop: stop }
    }

    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }
}
