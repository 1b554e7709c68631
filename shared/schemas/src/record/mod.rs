//! Pure. The stored rows of the resources.
//!
//! An attribute has the name of the field that clients see. A link to another row is stored as its id, a time in
//! microseconds. Attributes that are not fields of the resource are described where they are declared.

mod changeset;
mod detail;
mod log;
mod name;
mod outcome;
mod place;
mod task;
mod user;
mod version;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use changeset::{Changeset, Classification, Kind, ReviewStatus};
pub use detail::{ChangesetDetail, Impact};
pub use log::{ChangesetAction, Event};
pub use name::Name;
pub use outcome::{ChangesetDetailApply, ChangesetTest, ChangesetValidation, ServerData};
pub use place::{Environment, Policy, Server};
pub use task::{ApplyOptions, Message, MessageType, OnFailure, Step, StepState, Task, TaskKind, TaskStatus};
pub use user::User;
pub use version::{DatabaseSchema, SchemaVersion};

/// A row of a resource.
pub trait Record: Clone + Serialize + DeserializeOwned + Send + Sync {
    /// The resource.
    const RESOURCE: Name;

    /// Returns the id, from 1.
    fn id(&self) -> u64;

    /// Returns the version, which counts the changes of the row from 1.
    fn version(&self) -> u64;

    /// Returns the rows of other resources under which this one is indexed: the field and the id. They never change.
    fn references(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// Returns the name that no other row of the resource may have.
    fn unique_name(&self) -> Option<&str> {
        None
    }
}
