//! The scheduled part of schema changes on MySQL and MariaDB servers. It sends messages and connects to no server.
//!
//! Schema changes themselves are a crate of their own, because they bring a driver.

use crate::error::Error;
use crate::platform::Platform;
use crate::platform::clock::Clock;
use crate::storage::table::Table;
use crate::work::due;
use crate::work::queue::Queue;

/// The variable with the name of the table of changesets, servers and tasks.
pub const TABLE: &str = "REGISTRY_TABLE";
/// The variable with the URL of the queue of reviews, applications and checks that are due.
pub const QUEUE: &str = "CHANGESET_QUEUE_URL";
/// The variable with the URL of the queue on which events are published.
pub const PUBLISHED_QUEUE: &str = "PUBLISHED_QUEUE_URL";

/// The schedule of the tasks of the schemas API. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TaskSchedule {
    clock: Clock,
    table: Table,
    queue: Queue,
}

impl TaskSchedule {
    /// Returns the schedule of this platform (`REGISTRY_TABLE`, `CHANGESET_QUEUE_URL`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            clock: platform.clock.clone(),
            table: platform.table(TABLE)?,
            queue: platform.queue(QUEUE)?,
        })
    }

    /// Sends a message for every minute that has come. Events that were left behind are in the outbox of the table, which
    /// the schedule of recomputation requests publishes.
    ///
    /// Repeated, late and concurrent ticks send more messages and have no other effect.
    pub async fn tick(&self) -> Result<(), Error> {
        due::sweep(&self.table, &self.queue, self.clock.micros()).await
    }
}
