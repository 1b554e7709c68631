//! The scheduled part of operations on PostgreSQL servers. It sends messages and connects to no server.
//!
//! Operations themselves are a crate of their own, because they bring a driver.

use crate::error::Error;
use crate::failure;
use crate::platform::Platform;
use crate::platform::clock::Clock;
use crate::storage::key::Collection;
use crate::work::due::Agenda;
use crate::work::outbox::Outbox;

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
    agenda: Agenda,
    outbox: Outbox,
}

impl OperationSchedule {
    /// Returns the schedule of this platform (`OPS_TABLE`, `MAINTENANCE_QUEUE_URL`, `PUBLISHED_QUEUE_URL`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            clock: platform.clock.clone(),
            agenda: agenda(platform)?,
            outbox: Outbox::new(platform.table(TABLE)?, platform.queue(PUBLISHED_QUEUE)?),
        })
    }

    /// Has the operations looked for that are due, and publishes events that were left behind.
    ///
    /// Repeated, late and concurrent ticks send more messages and have no other effect.
    pub async fn tick(&self) -> Result<(), Error> {
        let now = self.clock.micros();
        let (due, events) = futures::join!(self.agenda.tick(now), self.outbox.publish_overdue(now));
        failure::first([due, events])
    }
}

/// Returns the due rows of operations on this platform (`OPS_TABLE`, `MAINTENANCE_QUEUE_URL`).
pub fn agenda(platform: &Platform) -> Result<Agenda, Error> {
    let (table, queue) = (platform.table(TABLE)?, platform.queue(QUEUE)?);
    Ok(Agenda::new(table, queue, Collection::Operation))
}
