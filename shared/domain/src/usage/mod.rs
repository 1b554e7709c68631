//! The usage ledger.

pub mod announcement;
pub mod column;
pub mod confirmation;
pub mod confirming;
pub mod delete;
pub mod exists;
pub mod image;
pub mod launch;
pub mod ledger;
pub mod link;
pub mod listing;
pub mod outbox;
pub mod publishing;
pub mod query;
pub mod reconcile;
pub mod reconciling;
pub mod record;
pub mod recording;
pub mod repair;
pub mod settings;
pub mod stats;
pub mod status;
pub mod store;
pub mod sweeping;
mod tables;
pub mod task;
pub mod verify;
pub mod verifying;
pub mod window;

use std::sync::Arc;

use crate::error::Error;
use crate::platform::Platform;
use crate::platform::clock::Clock;
use crate::storage::table::Table;
use crate::time::Micros;
use crate::usage::settings::Settings;

/// Names the table of notifications and the ledger.
pub const TABLE: &str = "USAGE_TABLE";
/// Names the queue of verification work.
pub const QUEUE: &str = "USAGE_QUEUE_URL";

/// The usage ledger: lists, counts, confirmations and repairs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Usage {
    clock: Clock,
    table: Table,
    settings: Arc<Settings>,
}

impl Usage {
    /// The ledger in the usage table of this platform (`USAGE_TABLE`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            clock: platform.clock.clone(),
            table: platform.table(TABLE)?,
            settings: Arc::new(Settings::read(&platform.variables)?),
        })
    }

    fn now(&self) -> Micros {
        self.clock.micros()
    }
}
