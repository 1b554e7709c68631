//! The messages of the usage queue.
//!
//! Old forms stay readable for as long as the queue retains messages: 14 days.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A task of the usage worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum UsageTask {
    /// Verifies the records that are due in one shard.
    Sweep {
        /// The shard.
        shard: u64,
    },
    /// Publishes the overdue announcements in one shard of the outbox.
    Publish {
        /// The shard.
        shard: u64,
    },
}

impl UsageTask {
    /// Serializes the task as the body of a message.
    pub fn body(&self) -> Result<String, Error> {
        serde_json::to_string(self)
            .map_err(|cause| Error::bug("cannot serialize a usage task").because(cause))
    }
}
