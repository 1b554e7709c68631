//! Finding the streams that are due: the ticker enqueues sweeps, and a sweep enqueues the runs of due streams.

use crate::error::Error;
use crate::storage::table::Race;
use crate::streams::Streams;
use crate::streams::stream::Head;
use crate::streams::task::StreamTask;
use crate::time::Minute;
use crate::work::due::{self, Span};

impl Streams {
    /// Enqueues a sweep of every minute that has come. Idempotent: repeated, late or concurrent ticks only send more
    /// messages.
    pub async fn tick(&self) -> Result<(), Error> {
        self.due_sweep().await?;
        self.ids_sweep().await
    }

    /// Enqueues a run of every stream that is due in this span.
    pub(crate) async fn sweep(&self, span: Span) -> Result<(), Error> {
        let mut runs = Vec::new();
        for minute in (span.from.0..=span.to.0).map(Minute) {
            for id in self.due_list(minute, span.shard).await? {
                if self.is_due(minute, id).await? {
                    runs.push(StreamTask::Run { id }.body()?);
                }
            }
        }
        self.queue.send_all(runs).await.map_err(|unsent| unsent.error)
    }

    /// Whether a stream that was found in this minute is due. If it is due later, its due row is moved; if it has
    /// nothing more to run, the row is removed.
    async fn is_due(&self, minute: Minute, id: u64) -> Result<bool, Error> {
        let now = self.now();
        let Some(head) = self.head_get(id).await? else {
            self.due_remove(minute, id).await?;
            return Ok(false);
        };
        if head.due_pipeline(now).is_some() {
            return Ok(true);
        }
        // Only the row that the head names must be kept. Others are left over from earlier writes.
        if head.is_scheduled() && head.due_minute == minute {
            let later = due::minute(head.next_due(), now);
            self.due_put(later, id).await?;
            let moved = Head { due_minute: later, version: head.version + 1, ..head.clone() };
            if self.head_replace(&moved, head.version).await? == Race::Lost {
                return Ok(false);
            }
        }
        self.due_remove(minute, id).await?;
        Ok(false)
    }
}
