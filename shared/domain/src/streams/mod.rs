//! Streams: notifications distilled to events, events collected per thing and day, pipelines that run when a day is
//! complete.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> active: first event
//!     active --> firing: criteria met and delay over
//!     active --> expiring: time over
//!     firing --> completed
//!     firing --> error: a handler failed
//!     expiring --> completed
//!     expiring --> expire_error: a handler failed
//!     error --> retry_fire: reset
//!     expire_error --> retry_expire: reset
//!     retry_fire --> firing
//!     retry_expire --> expiring
//! ```
//!
//! A stream that is `firing` or `expiring` is so under a lease: when its worker dies, another runs the pipeline again,
//! whose events have the same ids. Every change of a head is made under the version that it was read with, so that
//! one append, one pick-up and one end wins.

pub mod appending;
pub mod definition_file;
pub mod definitions;
pub mod distil;
pub mod glob;
pub mod listing;
pub mod pipeline;
pub mod resetting;
pub mod running;
pub mod settings;
pub mod state;
mod store;
pub mod stream;
pub mod sweeping;
pub mod task;
pub mod timex;
pub mod trigger;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::error::Error;
use crate::notification;
use crate::platform::Platform;
use crate::platform::clock::Clock;
use crate::platform::id::Ids;
use crate::storage::table::Table;
use crate::streams::definitions::Definitions;
use crate::time::Micros;
use crate::work::queue::Queue;

/// Names the table of streams.
pub const TABLE: &str = "STREAM_TABLE";
/// Names the queue of streams that are due.
pub const QUEUE: &str = "STREAM_QUEUE_URL";

/// Streams and their events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Streams {
    clock: Clock,
    ids: Ids,
    table: Table,
    /// The table of notifications: an event is stored in its notification's row.
    notifications: Table,
    /// Where streams that are due are sent.
    queue: Queue,
    query_budget: u64,
    rules: Arc<Definitions>,
}

impl Streams {
    /// The streams of this platform (`STREAM_TABLE`, `USAGE_TABLE`, `STREAM_QUEUE_URL`), by these rules.
    pub fn new(platform: &Platform, rules: Arc<Definitions>) -> Result<Self, Error> {
        Ok(Self {
            clock: platform.clock.clone(),
            ids: platform.ids.clone(),
            table: platform.table(TABLE)?,
            notifications: platform.table(notification::TABLE)?,
            queue: platform.queue(QUEUE)?,
            query_budget: platform.variables.query_budget()?,
            rules,
        })
    }

    /// What they go by.
    pub fn rules(&self) -> &Definitions {
        &self.rules
    }

    /// The time at which a request is asked.
    pub fn asked_at(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn now(&self) -> Micros {
        self.clock.micros()
    }
}
