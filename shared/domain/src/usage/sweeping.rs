//! The ticker's part: sends messages for what has come due and for what was left unpublished.

use crate::error::Error;
use crate::platform::Platform;
use crate::storage::key::SHARDS;
use crate::usage::task::UsageTask;
use crate::usage::{self, Usage};
use crate::work::queue::Queue;

/// Finds verification work and sends it to the usage queue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sweeper {
    usage: Usage,
    queue: Queue,
}

impl Sweeper {
    /// The sweeper of this platform (`USAGE_TABLE`, `USAGE_QUEUE_URL`).
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self { usage: Usage::new(platform)?, queue: platform.queue(usage::QUEUE)? })
    }

    /// Sends a message for everything that has come due, and releases id blocks whose writers are gone.
    ///
    /// Ticking twice, or late, or by two at once sends more messages and changes nothing else.
    pub async fn tick(&self) -> Result<(), Error> {
        self.usage.due_sweep(&self.queue).await?;
        self.sweep_outbox().await?;
        self.usage.blocks_sweep().await
    }

    async fn sweep_outbox(&self) -> Result<(), Error> {
        let mut tasks = Vec::new();
        for shard in 0..SHARDS {
            if self.usage.outbox_waits(shard).await? {
                tasks.push(UsageTask::Publish { shard }.body()?);
            }
        }
        self.queue.send_all(tasks).await.map_err(|unsent| unsent.error)
    }
}
