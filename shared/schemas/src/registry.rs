//! The registry: changesets, servers, versions and tasks in their table.

use std::sync::Arc;

use domain::error::Error;
use domain::platform::Platform;
use domain::platform::clock::Clock;
use domain::platform::id::Ids;
use domain::schema_changes::{PUBLISHED_QUEUE, QUEUE, TABLE, agenda};
use domain::storage::table::Table;
use domain::time::Micros;
use domain::work::due::Agenda;
use domain::work::outbox::Outbox;
use domain::work::queue::Queue;
use tokio::sync::OnceCell;

use crate::settings::Settings;

/// The registry. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Registry {
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) table: Table,
    pub(crate) queue: Queue,
    pub(crate) agenda: Agenda,
    pub(crate) outbox: Outbox,
    pub(crate) settings: Settings,
    /// When the first data was made, once this process knows it.
    pub(crate) first: Arc<OnceCell<Micros>>,
}

impl Registry {
    /// Returns the registry of this platform (`REGISTRY_TABLE`, `CHANGESET_QUEUE_URL`, `PUBLISHED_QUEUE_URL`).
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
            first: Arc::default(),
        })
    }

    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the current time.
    pub fn now(&self) -> Micros {
        self.clock.micros()
    }
}
