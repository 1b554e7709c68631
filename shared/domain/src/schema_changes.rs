//! The scheduled part of schema changes on MySQL and MariaDB servers. It sends messages and connects to no server.
//!
//! Schema changes themselves are a crate of their own, because they bring a driver.

use crate::error::Error;
use crate::platform::Platform;
use crate::platform::clock::Clock;
use crate::storage::key::Collection;
use crate::work::due::Agenda;

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
    agenda: Agenda,
}

impl TaskSchedule {
    /// Returns the schedule of this platform (`REGISTRY_TABLE`, `CHANGESET_QUEUE_URL`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self { clock: platform.clock.clone(), agenda: agenda(platform)? })
    }

    /// Has the tasks looked for that are due. Events that were left behind are in the outbox of the table, which the schedule
    /// of recomputation requests publishes.
    ///
    /// Repeated, late and concurrent ticks send more messages and have no other effect.
    pub async fn tick(&self) -> Result<(), Error> {
        self.agenda.tick(self.clock.micros()).await
    }
}

/// Returns the due rows of tasks on this platform (`REGISTRY_TABLE`, `CHANGESET_QUEUE_URL`).
pub fn agenda(platform: &Platform) -> Result<Agenda, Error> {
    let (table, queue) = (platform.table(TABLE)?, platform.queue(QUEUE)?);
    Ok(Agenda::new(table, queue, Collection::SchemaTask))
}
