//! Applications of changesets to servers, and their reverts.

pub mod control;
pub mod request;

use crate::task::running::{Held, Runner, Stop};

impl Runner {
    /// Applies a changeset to a server.
    pub(crate) async fn apply(&self, held: &mut Held) -> Result<(), Stop> {
        self.update(held, |task| Ok(task.clone()), |_, _| Ok(())).await
    }

    /// Reverts a changeset on a server.
    pub(crate) async fn revert(&self, held: &mut Held) -> Result<(), Stop> {
        self.update(held, |task| Ok(task.clone()), |_, _| Ok(())).await
    }
}
