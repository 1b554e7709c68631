//! The usage ledger.

pub mod announcement;
pub mod column;
pub mod confirm;
pub mod confirmation;
pub mod delete;
pub mod exists;
pub mod image;
pub mod launch;
pub mod ledger;
pub mod link;
pub mod listing;
pub mod publishing;
pub mod query;
pub mod reconcile;
pub mod reconciling;
pub mod record;
pub mod recording;
pub mod repair;
pub mod stats;
pub mod status;
pub mod store;
pub mod sweeping;
pub mod verify;
pub mod verifying;
pub mod window;

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
