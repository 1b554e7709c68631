//! Requests of applications and reverts.

use domain::error::Error;

use crate::people::Person;
use crate::record::{ApplyOptions, Task};
use crate::refusal::Refusal;
use crate::registry::Registry;

/// A request to apply a changeset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyRequest {
    /// The id of the changeset.
    pub changeset: u64,
    /// The servers.
    pub targets: Targets,
    /// The options.
    pub options: ApplyOptions,
}

/// The servers that a changeset is applied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// The server with this id.
    Server(u64),
    /// The servers with these ids, in this order; the first is the canary.
    Servers(Vec<u64>),
    /// All servers of the environment with this id, by id.
    Environment(u64),
}

impl Registry {
    /// Requests the application of a changeset. Returns the task; for several servers the parent of their tasks.
    ///
    /// Fails if a row does not exist, the person may not apply the changeset, the policy of the environment forbids it,
    /// the changeset is not approved, or it is applied to the server already.
    pub async fn request_apply(&self, request: &ApplyRequest, person: &Person) -> Result<Task, Refusal> {
        let _ = (request, person);
        Err(Refusal::Failed(Error::unavailable("Applications are not available.")))
    }

    /// Requests the revert of a changeset on a server, by the `revert_sql` of its details. Fails unless it is applied
    /// there.
    pub async fn request_revert(
        &self,
        changeset: u64,
        server: u64,
        options: &ApplyOptions,
        person: &Person,
    ) -> Result<Task, Refusal> {
        let _ = (changeset, server, options, person);
        Err(Refusal::Failed(Error::unavailable("Reverts are not available.")))
    }
}
