//! Messages of the maintenance queue.
//!
//! Old forms stay readable for as long as a queue keeps messages: 14 days.

use domain::error::Error;
use serde::{Deserialize, Serialize};

/// A message of the maintenance queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum MaintenanceTask {
    /// Looks for operations that are due in one shard.
    Sweep {
        /// The shard.
        shard: u64,
    },
    /// Works on an operation: starts or continues it, or finds out what became of its statement.
    Run {
        /// The id of the operation.
        id: String,
    },
}

impl MaintenanceTask {
    /// Returns the body of the message.
    pub fn body(&self) -> Result<String, Error> {
        serde_json::to_string(self)
            .map_err(|cause| Error::bug("a message could not be written").because(cause))
    }
}
