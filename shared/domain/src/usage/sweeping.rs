//! The ticker's part: find the minutes that have come and what was left unsent, and send messages for them.

use crate::due;
use crate::error::Error;
use crate::key::SHARDS;
use crate::message::UsageTask;
use crate::usage::Usage;

impl Usage {
    /// Sends a message for everything that has come due, and forgets id blocks that nobody writes any more.
    ///
    /// Ticking twice, or late, or by two at once sends more messages and changes nothing else.
    pub async fn tick(&self) -> Result<(), Error> {
        self.sweep_due().await?;
        self.sweep_outbox().await?;
        self.blocks_sweep().await
    }

    async fn sweep_due(&self) -> Result<(), Error> {
        let sweep = due::sweep(self.swept_minute().await?, self.now());
        let mut tasks = Vec::new();
        for (from, to) in sweep.spans {
            for shard in 0..SHARDS {
                tasks.push(UsageTask::Sweep { from, to, shard, after: None }.body()?);
            }
        }
        self.send(tasks).await?;
        self.swept_minute_put(sweep.end).await
    }

    async fn sweep_outbox(&self) -> Result<(), Error> {
        let mut tasks = Vec::new();
        for shard in 0..SHARDS {
            if self.outbox_waits(shard).await? {
                tasks.push(UsageTask::Publish { shard }.body()?);
            }
        }
        self.send(tasks).await
    }

    async fn send(&self, bodies: Vec<String>) -> Result<(), Error> {
        self.platform.queues.usage.send_all(bodies).await.map_err(|unsent| unsent.error)
    }
}
