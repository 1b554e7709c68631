//! Requests to recompute a tenant's availability.
//!
//! By default a status may be followed by any status, as in the original. With guarded transitions, only these are
//! allowed, and any request that is not running may be reset to pending:
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
//! Every change is one transaction: the record, conditional on its version; an audit entry; and, if the status changes,
//! an event, which is published after the transaction.

pub mod calendar_date;
pub mod change_error;
pub mod changing;
pub mod document;
pub mod draft;
pub mod expected_version;
pub mod fields;
pub mod listing;
pub mod publishing;
pub mod record;
pub mod settings;
pub mod status;
mod store;
pub mod submitting;
pub mod w3c_time;

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
    /// Uses the table and queue of this platform (`REGISTRY_TABLE`, `PUBLISHED_QUEUE_URL`).
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

    /// Publishes overdue events, whose own requests failed or crashed before publishing them.
    pub async fn tick(&self) -> Result<(), Error> {
        self.outbox.publish_overdue(self.now()).await
    }

    fn now(&self) -> Micros {
        self.clock.micros()
    }
}
