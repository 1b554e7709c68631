//! The ticker's part, and what its messages ask for: streams whose minute has come are sent to be run, or moved on to
//! the minute in which they are due by now.

use crate::error::Error;
use crate::streams::Streams;
use crate::streams::stream::Head;
use crate::streams::task::StreamTask;
use crate::work::due;

impl Streams {
    /// Sends a message for every minute that has come. Ticking twice, or late, or by two at once sends more messages
    /// and changes nothing else.
    pub async fn tick(&self) -> Result<(), Error> {
        self.due_sweep().await?;
        self.numbers_sweep().await
    }

    /// Looks at what is due in one shard of these minutes.
    pub(crate) async fn sweep(&self, from: i64, to: i64, shard: u64) -> Result<(), Error> {
        let mut runs = Vec::new();
        for minute in from..=to {
            for id in self.due_list(minute, shard).await? {
                if self.is_due(minute, id).await? {
                    runs.push(StreamTask::Run { id }.body()?);
                }
            }
        }
        self.queue.send_all(runs).await.map_err(|unsent| unsent.error)
    }

    /// Whether a stream is due. One that will be later is moved to that minute, one that never will be is left alone
    /// from now on.
    async fn is_due(&self, minute: i64, id: u64) -> Result<bool, Error> {
        let now = self.now();
        let Some(head) = self.head_get(id).await? else {
            self.due_remove(minute, id).await?;
            return Ok(false);
        };
        if head.turn(now).is_some() {
            return Ok(true);
        }
        // Only the row that the head names is what it is found by; any other is left over.
        if head.waits() && head.due == minute {
            let later = due::minute(head.next_due(), now);
            self.due_put(later, id).await?;
            let moved = Head { due: later, version: head.version + 1, ..head.clone() };
            if self.head_replace(&moved, head.version).await?.is_some() {
                return Ok(false);
            }
        }
        self.due_remove(minute, id).await?;
        Ok(false)
    }
}
