//! Checks for drift: schemas on servers that differ from the version that was left there.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> known: applied, or checked for the first time
//!     [*] --> drifted: the structure is no known version
//!     known --> drifted: a check finds another structure
//!     drifted --> known: a check finds the expected structure again
//!     drifted --> known: the new structure was stored as a version from that server, and a check finds it
//!     drifted --> known: a changeset is applied by force
//! ```
//!
//! Every end of a check or of an application schedules the next check of the schema on that server, unless one is
//! scheduled. While a schema has drifted, changesets are applied to it by force only.

pub(crate) mod checking;
pub mod finding;
mod noting;
pub mod request;
