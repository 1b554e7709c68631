//! Checks for drift: schemas on servers that differ from the version that was applied.

pub mod request;

use crate::task::running::{Held, Runner, Stop};

impl Runner {
    /// Compares a schema on a server with its known versions.
    pub(crate) async fn check(&self, held: &mut Held) -> Result<(), Stop> {
        self.update(held, |task| Ok(task.clone()), |_, _| Ok(())).await
    }
}
