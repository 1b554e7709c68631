//! Messages of the changeset queue.
//!
//! Old forms stay readable for as long as a queue keeps messages: 14 days.

use domain::error::Error;
use serde::{Deserialize, Serialize};

/// A message of the changeset queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum TaskMessage {
    /// Looks for tasks that are due in one shard.
    Sweep {
        /// The shard.
        shard: u64,
    },
    /// Starts or continues a task.
    Run {
        /// The id of the task's row.
        id: u64,
    },
}

impl TaskMessage {
    /// Returns the body of the message.
    pub fn body(&self) -> Result<String, Error> {
        serde_json::to_string(self)
            .map_err(|cause| Error::bug("a message could not be written").because(cause))
    }
}
