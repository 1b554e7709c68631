//! Finds operations whose time has come, as the messages of [`domain::operations`] ask for.

use domain::error::Error;
use domain::failure::{self, Failure};
use domain::time::{Micros, Minute};
use domain::work::due::Due;

use crate::operation::Operations;
use crate::operation::record::Operation;
use crate::operation::status::BadTransition;
use crate::operation::store::{Changed, id_of};
use crate::operation::task::MaintenanceTask;

impl Operations {
    /// Sends a message for every operation that is due in one shard, and removes ended operations from the list of live
    /// ones.
    pub async fn sweep(&self, shard: u64, deadline: Micros) -> Result<(), Failure> {
        let send = async |page: Vec<Due>| {
            let mut outcomes = Vec::new();
            for due in page {
                // One that fails does not hold up the others.
                outcomes.push(self.sweep_one(due.minute, &id_of(due.id)).await);
            }
            Ok(failure::first(outcomes)?)
        };
        self.agenda.sweep(shard, || self.now(), deadline, send).await
    }

    async fn sweep_one(&self, minute: Minute, id: &str) -> Result<(), Error> {
        let Some(operation) = self.read(id).await? else { return self.forget_due(minute, id).await };
        let now = self.now();
        if operation.minute != minute {
            // A row that a lost transaction left behind.
            return self.forget_due(minute, id).await;
        }
        if operation.look > now {
            return Ok(());
        }
        if operation.ended.is_some() {
            return self.unlist(&operation).await;
        }
        let body = MaintenanceTask::Run { id: id.to_owned() }.body()?;
        self.queue.send(body).await?;
        // If this fails, the next sweep sends the message again.
        let queued = |old: &Operation| {
            if old.version != operation.version {
                return Ok(None);
            }
            old.queued().map(Some).map_err(not_alive)
        };
        self.change::<Error>(id, queued, |_| Ok(None)).await.map(|_: Option<Changed>| ())
    }
}

fn not_alive(transition: BadTransition) -> Error {
    Error::bug("an ended operation was found due").because(transition)
}
