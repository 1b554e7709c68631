//! The usage ledger: launches, deletes, images and exists records of `OpenStack` instances and images.
//!
//! Exists records are verified against the rest of the ledger; those that pass are announced downstream. The states of
//! an exists record are drawn in [`status`].

pub mod announcement;
pub mod applying;
pub mod audit_report;
pub mod column;
pub mod confirmation;
pub mod confirming;
pub mod counting;
pub mod delete;
pub mod effect;
pub mod exists;
pub mod image;
pub mod launch;
pub mod ledger;
pub mod link;
pub mod listing;
pub mod publishing;
pub mod query;
pub mod reconciling;
pub mod repairing;
pub mod settings;
pub mod status;
pub mod store;
pub mod sweeping;
mod tables;
pub mod task;
pub mod verdict;
pub mod verifying;
pub mod window;

use std::sync::Arc;

use crate::error::Error;
use crate::platform::Platform;
use crate::platform::clock::Clock;
use crate::storage::table::Table;
use crate::time::Micros;
use crate::usage::settings::Settings;

/// The variable that names the table of notifications and the ledger.
pub const TABLE: &str = "USAGE_TABLE";
/// The variable that holds the URL of the queue of verification tasks.
pub const QUEUE: &str = "USAGE_QUEUE_URL";

/// The usage ledger: lists, counts, confirmations and repairs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Usage {
    clock: Clock,
    table: Table,
    settings: Arc<Settings>,
}

impl Usage {
    /// Opens the ledger in the usage table of this platform (`USAGE_TABLE`).
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
