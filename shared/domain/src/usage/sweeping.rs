//! The ticker's part: find the minutes that have come and what was left unsent, and send messages for them.

use serde::{Deserialize, Serialize};

use crate::due;
use crate::error::Error;
use crate::key::{Key, Range, SHARDS};
use crate::message::UsageTask;
use crate::outbox::Announcement;
use crate::sequence;
use crate::table::{Write, item};
use crate::usage::Usage;

/// Minutes that one tick goes through at most: after a long stop the next ticks go on from there.
const MOST_MINUTES: i64 = 7 * 24 * 60;
/// Minutes that one message covers at most.
const MESSAGE_MINUTES: i64 = 60;

/// How far the sweeps have come.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    /// The last minute (since the epoch) that messages were sent for.
    #[serde(rename = "m")]
    minute: i64,
}

impl Usage {
    /// Sends a message for everything that has come due, and forgets id blocks that nobody writes any more.
    ///
    /// Ticking twice, or late, or by two at once sends more messages and changes nothing else.
    pub async fn tick(&self) -> Result<(), Error> {
        self.sweep_due().await?;
        self.sweep_outbox().await?;
        sequence::sweep(self.table(), self.now()).await
    }

    async fn sweep_due(&self) -> Result<(), Error> {
        let current = due::current_minute(self.now());
        let last = self.table().get::<Progress>(&Key::sweep()).await?.map_or(current - 1, |progress| progress.minute);
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
        let progress = item(&Key::sweep(), &Progress { minute: end })?;
        self.table().write_all(vec![Write::Put(progress)]).await
    }

    async fn sweep_outbox(&self) -> Result<(), Error> {
        let mut tasks = Vec::new();
        for shard in 0..SHARDS {
            let page = self.table().query::<Announcement>(&Range::outbox(shard), false, None, Some(1)).await?;
            if !page.items.is_empty() {
                tasks.push(UsageTask::Publish { shard }.body()?);
            }
        }
        self.send(tasks).await
    }

    async fn send(&self, bodies: Vec<String>) -> Result<(), Error> {
        self.platform.queues.usage.send_all(bodies).await.map_err(|unsent| unsent.error)
    }
}
