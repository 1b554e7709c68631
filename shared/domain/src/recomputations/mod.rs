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
pub mod listing;
pub mod publishing;
pub mod record;
pub mod refusal;
pub mod status;
mod store;
pub mod submitting;
pub mod tag;

use crate::platform::Platform;
use crate::time::Micros;

/// The recomputation requests of all tenants. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Recomputations {
    platform: Platform,
}

impl Recomputations {
    /// The requests on this platform.
    pub fn new(platform: Platform) -> Self {
        Self { platform }
    }

    fn now(&self) -> Micros {
        Micros::from(self.platform.clock.now())
    }
}
