//! Sweeping, the ticker's part: finds due records and overdue announcements, and sends tasks for them.

use crate::error::Error;
use crate::failure;
use crate::platform::Platform;
use crate::storage::key::{Collection, SHARDS};
use crate::usage::task::UsageTask;
use crate::usage::{self, Usage};
use crate::work::due::Agenda;
use crate::work::queue::Queue;

/// Sends verification tasks to the usage queue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sweeper {
    usage: Usage,
    queue: Queue,
    agenda: Agenda,
}

impl Sweeper {
    /// Creates the sweeper of this platform (`USAGE_TABLE`, `USAGE_QUEUE_URL`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            usage: Usage::new(platform)?,
            queue: platform.queue(usage::QUEUE)?,
            agenda: agenda(platform)?,
        })
    }

    /// Sends tasks for everything that is due, and releases the id blocks of workers that died.
    ///
    /// Idempotent: a late, repeated or concurrent tick only sends additional tasks. A step that fails does not stop the
    /// others.
    pub async fn tick(&self) -> Result<(), Error> {
        let (due, outbox, blocks) =
            futures::join!(self.agenda.tick(self.usage.now()), self.sweep_outbox(), self.usage.blocks_sweep());
        failure::first([due, outbox, blocks])
    }

    async fn sweep_outbox(&self) -> Result<(), Error> {
        let mut tasks = Vec::new();
        for shard in 0..SHARDS {
            if !self.usage.outbox_is_empty(shard).await? {
                tasks.push(UsageTask::Publish { shard }.body()?);
            }
        }
        self.queue.send_all(tasks).await.map_err(|unsent| unsent.error)
    }
}

/// Returns the due rows of exists records on this platform (`USAGE_TABLE`, `USAGE_QUEUE_URL`).
pub(super) fn agenda(platform: &Platform) -> Result<Agenda, Error> {
    let (table, queue) = (platform.table(usage::TABLE)?, platform.queue(usage::QUEUE)?);
    Ok(Agenda::new(table, queue, Collection::InstanceExists))
}
