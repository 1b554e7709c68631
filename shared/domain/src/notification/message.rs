//! The body of a message on the notification queue.
//!
//! Old forms stay readable for as long as a queue keeps messages: 14 days.

use serde::Deserialize;
use serde_json::Value;

use crate::notification::service::Service;
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
    #[serde(default, alias = "made")]
    pub synthetic: bool,
    /// When they were accepted.
    pub received: Micros,
    /// At most [`crate::notification::packing::CHUNK_NOTIFICATIONS`] of them.
    pub notifications: Vec<Value>,
}
