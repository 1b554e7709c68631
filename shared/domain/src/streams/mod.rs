//! Streams: events grouped by trigger and distinguishing traits, and the pipelines that run over each group.
//!
//! A notification is distilled into an event. The event joins one stream of each trigger that it matches, such as the
//! stream of its instance and day. A pipeline runs over the stream's events when the stream is complete, or when it
//! expires before that.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> active: first event
//!     active --> firing: criteria met and delay over
//!     active --> expiring: expired
//!     firing --> firing: lease expired
//!     firing --> completed
//!     firing --> error: a handler failed
//!     expiring --> expiring: lease expired
//!     expiring --> completed
//!     expiring --> expire_error: a handler failed
//!     error --> retry_fire: reset
//!     expire_error --> retry_expire: reset
//!     retry_fire --> firing
//!     retry_expire --> expiring
//! ```
//!
//! A worker holds a lease on a stream that is `firing` or `expiring`. If the lease expires, another worker runs the
//! pipeline again; the events that it makes have the same ids. Every write of a head is conditional on the version that
//! was read, so concurrent appends, claims and completions cannot overwrite each other.

pub mod administering;
pub mod appending;
pub mod definition_file;
pub mod definitions;
pub mod distil;
pub mod glob;
pub mod listing;
pub mod pipeline;
pub mod published;
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
use crate::storage::key::Collection;
use crate::storage::sequence::Sequences;
use crate::storage::table::Table;
use crate::streams::definitions::Definitions;
use crate::time::Micros;
use crate::work::due::Agenda;
use crate::work::queue::Queue;

/// The variable that names the stream table.
pub const TABLE: &str = "STREAM_TABLE";
/// The variable that holds the URL of the stream queue.
pub const QUEUE: &str = "STREAM_QUEUE_URL";

/// Streams and their events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Streams {
    clock: Clock,
    ids: Ids,
    table: Table,
    sequences: Sequences,
    /// The table of notifications: an event is stored in the row of its notification.
    notifications: Table,
    /// The queue of streams that are due.
    queue: Queue,
    agenda: Agenda,
    query_budget: u64,
    definitions: Arc<Definitions>,
}

impl Streams {
    /// Streams on this platform (`STREAM_TABLE`, `USAGE_TABLE`, `STREAM_QUEUE_URL`), governed by these definitions.
    pub fn new(platform: &Platform, definitions: Arc<Definitions>) -> Result<Self, Error> {
        let (table, queue) = (platform.table(TABLE)?, platform.queue(QUEUE)?);
        let agenda = Agenda::new(table.clone(), queue.clone(), Collection::Stream);
        Ok(Self {
            clock: platform.clock.clone(),
            ids: platform.ids.clone(),
            sequences: Sequences::new(table.clone()),
            table,
            notifications: platform.table(notification::TABLE)?,
            queue,
            agenda,
            query_budget: platform.variables.query_budget()?,
            definitions,
        })
    }

    /// The definitions that govern the streams.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// Returns the current time, which completes the partial dates of a request.
    pub fn utc_now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn now(&self) -> Micros {
        self.clock.micros()
    }
}
