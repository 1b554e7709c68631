//! The body of a message on the stream queue.
//!
//! Old forms stay readable for as long as a queue keeps messages: 14 days.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Queue of streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum StreamTask {
    /// Look at what is due in one shard of these minutes.
    Sweep {
        /// The first minute, since the epoch.
        from: i64,
        /// The last minute.
        to: i64,
        /// Which shard.
        shard: u64,
    },
    /// Run what is due of one stream.
    Run {
        /// Which one.
        id: u64,
    },
}

impl StreamTask {
    /// The message's body.
    pub fn body(&self) -> Result<String, Error> {
        serde_json::to_string(self)
            .map_err(|cause| Error::bug("a message could not be written").because(cause))
    }
}
