//! Every message of every queue: one type per queue. Old forms stay readable as long as one may still be queued.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::service::Service;
use crate::time::Micros;

/// Queue of notifications: some notifications that are recorded together, once.
#[derive(Clone, Debug, Deserialize)]
pub struct NotificationChunk {
    /// Identifies the chunk through every redelivery and redrive.
    pub chunk: String,
    /// The service that the producer named, where it did.
    #[serde(default)]
    pub service: Option<Service>,
    /// Whether this is the verifier's echo of what it announced: counted, and nothing that happened.
    #[serde(default)]
    pub echo: bool,
    /// Whether these are events that a stream's pipeline made: they belong to streams, and no ledger counts them.
    #[serde(default)]
    pub made: bool,
    /// When they were accepted.
    pub received: Micros,
    /// At most [`crate::notification::packing::CHUNK_NOTIFICATIONS`] of them.
    pub notifications: Vec<Value>,
}

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

impl UsageTask {
    /// The message's body.
    pub fn body(&self) -> Result<String, Error> {
        serde_json::to_string(self)
            .map_err(|cause| Error::bug("a message could not be written").because(cause))
    }
}
