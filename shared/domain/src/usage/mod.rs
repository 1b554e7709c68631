//! The usage ledger.

pub mod announcement;
pub mod delete;
pub mod exists;
pub mod image;
pub mod launch;
pub mod link;
pub mod reconcile;
pub mod record;
pub mod status;
pub mod verify;

use crate::platform::Platform;

/// The usage ledger: lists, counts, confirmations, repairs and verdicts.
#[derive(Clone, Debug)]
pub struct Usage {
    platform: Platform,
}

impl Usage {
    /// The ledger on this platform.
    pub fn new(platform: Platform) -> Self {
        Self { platform }
    }
}
