//! Finds tasks whose time has come, as the messages of [`domain::schema_changes`] ask for.

use domain::error::Error;
use domain::failure::{self, Failure};
use domain::time::Micros;
use domain::work::due::Due;

use crate::record::Task;
use crate::registry::Registry;

impl Registry {
    /// Sends a message for every task that is due in one shard.
    pub async fn sweep(&self, shard: u64, deadline: Micros) -> Result<(), Failure> {
        let send = async |page: Vec<Due>| {
            let mut outcomes = Vec::new();
            for due in page {
                // One that fails does not hold up the others.
                outcomes.push(self.sweep_one(due).await);
            }
            Ok(failure::first(outcomes)?)
        };
        self.agenda.sweep(shard, || self.now(), deadline, send).await
    }

    async fn sweep_one(&self, due: Due) -> Result<(), Error> {
        match self.find::<Task>(due.id).await? {
            // The due row stays until the task changes, so that a lost message is sent again.
            Some(task) if task.minute == Some(due.minute) && task.status.is_active() => {
                if task.look > self.now() { Ok(()) } else { self.send_run(&task).await }
            }
            _ => self.forget_due(due).await,
        }
    }
}
