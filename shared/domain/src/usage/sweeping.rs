//! The ticker's part: find the minutes that have come and what was left unsent, and send messages for them.

use crate::due;
use crate::error::Error;
use crate::key::SHARDS;
use crate::message::UsageTask;
use crate::usage::Usage;

/// Minutes that one tick goes through at most: after a long stop the next ticks go on from there.
const MOST_MINUTES: i64 = 7 * 24 * 60;
/// Minutes that one message covers at most.
const MESSAGE_MINUTES: i64 = 60;

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
        let current = due::current_minute(self.now());
        let last = self.swept_minute().await?.unwrap_or(current - 1);
        let first = (last + 1).min(current) - due::OVERLAP;
        let end = current.min(first + MOST_MINUTES);
        let mut tasks = Vec::new();
        let mut from = first;
        while from <= end {
            let to = end.min(from + MESSAGE_MINUTES - 1);
            tasks.extend((0..SHARDS).map(|shard| UsageTask::Sweep { from, to, shard, after: None }.body()));
            from = to + 1;
        }
        self.send(tasks.into_iter().collect::<Result<_, _>>()?).await?;
        self.swept_minute_put(end).await
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
