//! The scheduled part of operations on PostgreSQL servers. It sends messages and connects to no server.
//!
//! Operations themselves are a crate of their own, because they bring a driver.

use crate::error::Error;
use crate::failure;
use crate::platform::Platform;
use crate::platform::clock::Clock;
use crate::storage::table::Table;
use crate::work::due;
use crate::work::outbox::Outbox;
use crate::work::queue::Queue;

/// The variable with the name of the table of operations.
pub const TABLE: &str = "OPS_TABLE";
/// The variable with the URL of the queue of operations that are due.
pub const QUEUE: &str = "MAINTENANCE_QUEUE_URL";
/// The variable with the URL of the queue on which ended operations are announced.
pub const PUBLISHED_QUEUE: &str = "PUBLISHED_QUEUE_URL";

/// The schedule of operations. Cheap to clone.
#[derive(Clone, Debug)]
pub struct OperationSchedule {
    clock: Clock,
    table: Table,
    queue: Queue,
    outbox: Outbox,
}

impl OperationSchedule {
    /// Returns the schedule of this platform (`OPS_TABLE`, `MAINTENANCE_QUEUE_URL`, `PUBLISHED_QUEUE_URL`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let table = platform.table(TABLE)?;
        Ok(Self {
            clock: platform.clock.clone(),
            queue: platform.queue(QUEUE)?,
            outbox: Outbox::new(table.clone(), platform.queue(PUBLISHED_QUEUE)?),
            table,
        })
    }

    /// Sends a message for every minute that has come, and publishes events that were left behind.
    ///
    /// Repeated, late and concurrent ticks send more messages and have no other effect.
    pub async fn tick(&self) -> Result<(), Error> {
        let now = self.clock.micros();
        let (due, events) =
            futures::join!(due::sweep(&self.table, &self.queue, now), self.outbox.publish_overdue(now));
        failure::first([due, events])
    }
}
