//! The body of a message on the usage queue.
//!
//! Old forms stay readable for as long as a queue keeps messages: 14 days.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Queue of verification work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum UsageTask {
    /// Verify what is due in one shard of these minutes.
    Sweep {
        /// The first minute, since the epoch.
        from: i64,
        /// The last minute.
        to: i64,
        /// Which shard.
        shard: u64,
        /// In the first minute, go on after this sort key: an earlier message did what comes before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// Publish what is left in one shard of the outbox.
    Publish {
        /// Which shard.
        shard: u64,
    },
}

impl UsageTask {
    /// The message's body.
    pub fn body(&self) -> Result<String, Error> {
        serde_json::to_string(self)
            .map_err(|cause| Error::bug("a message could not be written").because(cause))
    }
}
