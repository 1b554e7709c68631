//! Reviews of changesets on a scratch server.

mod request;

use crate::task::running::{Held, Runner, Stop};

impl Runner {
    /// Reviews a changeset.
    pub(crate) async fn review(&self, held: &mut Held) -> Result<(), Stop> {
        self.update(held, |task| Ok(task.clone()), |_, _| Ok(())).await
    }
}
