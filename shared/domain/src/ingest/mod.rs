//! Ingestion: accepting notifications, and recording each of them exactly once.

pub mod accepting;
pub mod dedup;
pub mod plan;
pub mod recording;
pub mod rejected;
mod store;

use std::sync::Arc;

use crate::error::Error;
use crate::notification;
use crate::platform::Platform;
use crate::platform::clock::Clock;
use crate::platform::id::Ids;
use crate::storage::sequence::Sequences;
use crate::storage::table::Table;
use crate::streams::Streams;
use crate::streams::definitions::Definitions;
use crate::usage::Usage;
use crate::work::queue::Queue;

/// Accepts notifications, and lists rejected elements. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Intake {
    clock: Clock,
    ids: Ids,
    table: Table,
    queue: Queue,
}

/// Records queued notifications in the ledger and in streams. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Recorder {
    clock: Clock,
    ids: Ids,
    table: Table,
    sequences: Sequences,
    /// Receives the parts of messages that are too large for one chunk.
    queue: Queue,
    usage: Usage,
    streams: Streams,
    retention_seconds: i64,
}

impl Intake {
    /// Uses the tables and queues of this platform (`USAGE_TABLE`, `NOTIFICATION_QUEUE_URL`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            clock: platform.clock.clone(),
            ids: platform.ids.clone(),
            table: platform.table(notification::TABLE)?,
            queue: platform.queue(notification::QUEUE)?,
        })
    }
}

impl Recorder {
    /// The queue of notifications.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Uses the tables and queues of this platform (`USAGE_TABLE`, `STREAM_TABLE`, `NOTIFICATION_QUEUE_URL`,
    /// `STREAM_QUEUE_URL`), and these definitions for streams.
    pub fn new(platform: &Platform, definitions: Arc<Definitions>) -> Result<Self, Error> {
        let table = platform.table(notification::TABLE)?;
        Ok(Self {
            clock: platform.clock.clone(),
            ids: platform.ids.clone(),
            sequences: Sequences::new(table.clone()),
            table,
            queue: platform.queue(notification::QUEUE)?,
            usage: Usage::new(platform)?,
            streams: Streams::new(platform, definitions)?,
            retention_seconds: platform.variables.retention_seconds()?,
        })
    }
}
