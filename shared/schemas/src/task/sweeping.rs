//! Finds tasks whose time has come, as the messages of [`domain::schema_changes`] ask for.

use domain::error::Error;
use domain::failure;
use domain::time::Minute;

use crate::record::Task;
use crate::registry::Registry;

impl Registry {
    /// Sends a message for every task that is due in one shard of these minutes.
    pub async fn sweep(&self, from: Minute, to: Minute, shard: u64) -> Result<(), Error> {
        let mut outcomes = Vec::new();
        for minute in (from.0..=to.0).map(Minute) {
            for id in self.due_tasks(minute, shard).await? {
                // One that fails does not hold up the others.
                outcomes.push(self.sweep_one(minute, id).await);
            }
        }
        failure::first(outcomes)
    }

    async fn sweep_one(&self, minute: Minute, id: u64) -> Result<(), Error> {
        match self.find::<Task>(id).await? {
            // The due row stays until the task changes, so that a lost message is sent again.
            Some(task) if task.minute == Some(minute) && task.status.is_active() => {
                if task.look > self.now() { Ok(()) } else { self.send_run(&task).await }
            }
            _ => self.forget_due_task(minute, id).await,
        }
    }
}
