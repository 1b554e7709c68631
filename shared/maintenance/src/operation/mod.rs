//! Operations: VACUUM, ANALYZE and REINDEX, from their request to their end.
//!
//! An operation is one record with a version. Every change reads the record, decides, and replaces the version that it
//! read; a change that loses the race reads again. So a claim, a cancel and an end never overlap. Each change writes the
//! due row of the minute in which the operation must be looked at next, in the same transaction: an operation whose
//! worker or message is lost is found there.
//!
//! - [`kind`], [`target`], [`mode`], [`options`], [`datetime`]: the parts of a request
//! - [`id`]: documented ids
//! - [`status`], [`record`]: states and their transitions
//! - [`schedule`], [`window`]: the times at which operations may start
//! - [`recurrence`], [`recurring`]: recurring operations, and the use cases of the API for them
//! - [`evidence`]: decides whether a statement had its effect
//! - [`statement`]: SQL and the locks that it takes
//! - [`command`]: the command and the effect of one step
//! - [`requesting`], [`listing`], [`cancelling`]: use cases of the API
//! - [`objects`]: finds the object of a request on its server
//! - [`sweeping`]: finds operations that are due
//! - [`running`]: the worker
//! - [`progress`]: what a running statement does
//! - [`task`]: messages of the maintenance queue

mod backend;
pub mod cancelling;
pub(crate) mod catalog;
pub mod command;
pub mod datetime;
pub mod event;
pub mod evidence;
pub mod id;
mod judging;
pub mod kind;
pub mod listing;
pub mod mode;
pub mod objects;
pub mod options;
pub mod progress;
pub mod record;
pub mod recurrence;
pub mod recurring;
pub mod requesting;
pub mod running;
pub mod schedule;
pub mod settings;
pub mod statement;
pub mod status;
mod stepping;
mod store;
pub mod sweeping;
pub mod target;
pub mod task;
pub mod window;

use domain::error::Error;
use domain::operations::{PUBLISHED_QUEUE, QUEUE, TABLE, agenda};
use domain::platform::Platform;
use domain::platform::clock::Clock;
use domain::platform::id::Ids;
use domain::storage::table::Table;
use domain::time::Micros;
use domain::work::due::Agenda;
use domain::work::outbox::Outbox;
use domain::work::queue::Queue;

use crate::operation::settings::Settings;

/// The operations of all servers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Operations {
    clock: Clock,
    ids: Ids,
    table: Table,
    queue: Queue,
    agenda: Agenda,
    outbox: Outbox,
    settings: Settings,
}

impl Operations {
    /// Returns the operations of this platform (`OPS_TABLE`, `MAINTENANCE_QUEUE_URL`, `PUBLISHED_QUEUE_URL`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let table = platform.table(TABLE)?;
        Ok(Self {
            clock: platform.clock.clone(),
            ids: platform.ids.clone(),
            queue: platform.queue(QUEUE)?,
            agenda: agenda(platform)?,
            outbox: Outbox::new(table.clone(), platform.queue(PUBLISHED_QUEUE)?),
            table,
            settings: Settings::read(&platform.variables)?,
        })
    }

    /// Returns the current time.
    pub fn now(&self) -> Micros {
        self.clock.micros()
    }

    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}
