//! Graceful shutdown of everything that runs in the process.

use std::sync::Arc;

use tokio::sync::watch;

/// A shutdown signal, shared by all clones.
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Shutdown {
    /// Creates a signal that is not triggered yet.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Triggers the signal. Triggering it again has no effect.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Whether the signal has been triggered.
    pub fn is_triggered(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the signal is triggered.
    pub async fn triggered(&self) {
        // `wait_for` fails only if the sender is dropped, and `self` keeps it alive.
        let _ = self.0.subscribe().wait_for(|triggered| *triggered).await;
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}
