//! Requests to compute a tenant's availability again, from their submission to their end.
//!
//! By default any status may follow any other, as in the original. Guarded, a request goes this way, and may be reset
//! to pending from everywhere but `running`:
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> pending: submit
//!     pending --> approved
//!     pending --> rejected
//!     approved --> running
//!     approved --> rejected
//!     running --> done
//!     running --> approved
//!     approved --> pending: reset
//!     rejected --> pending: reset
//!     done --> pending: reset
//! ```
//!
//! Every change is one transaction: the record under the version it was read with, an entry of the audit log, and,
//! where the status changed, an event that is published after it.

pub mod changing;
pub mod document;
pub mod draft;
pub mod expected_version;
pub mod listing;
pub mod publishing;
pub mod record;
pub mod refusal;
pub mod settings;
pub mod status;
mod store;
pub mod submitting;

use crate::access;
use crate::error::Error;
use crate::platform::Platform;
use crate::platform::clock::Clock;
use crate::platform::id::Ids;
use crate::recomputations::settings::Settings;
use crate::storage::table::Table;
use crate::time::Micros;
use crate::work::outbox::Outbox;

/// The recomputation requests of all tenants. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Recomputations {
    clock: Clock,
    ids: Ids,
    table: Table,
    outbox: Outbox,
    settings: Settings,
}

impl Recomputations {
    /// The requests of this platform (`REGISTRY_TABLE`), whose status changes are published (`PUBLISHED_QUEUE_URL`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let table = platform.table(access::TABLE)?;
        Ok(Self {
            clock: platform.clock.clone(),
            ids: platform.ids.clone(),
            outbox: Outbox::new(table.clone(), platform.queue("PUBLISHED_QUEUE_URL")?),
            table,
            settings: Settings::read(&platform.variables)?,
        })
    }

    /// Publishes the events that requests which failed or died left behind.
    pub async fn tick(&self) -> Result<(), Error> {
        self.outbox.publish_overdue(self.now()).await
    }

    fn now(&self) -> Micros {
        self.clock.micros()
    }
}
