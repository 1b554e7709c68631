//! Finding the streams that are due, and running their pipelines.

use futures::StreamExt;

use crate::error::Error;
use crate::failure::{self, Failure};
use crate::storage::table::Race;
use crate::streams::Streams;
use crate::streams::running::Runner;
use crate::streams::state::State;
use crate::streams::stream::Head;
use crate::time::Micros;
use crate::work::due::{self, Due};

/// Streams that are looked at concurrently.
const AT_ONCE: usize = 16;

/// What to do with a stream that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Its pipeline is due.
    Due,
    /// Its pipeline is due again, after the worker that ran it died.
    DueAgain,
    /// Nothing is due.
    NotDue,
}

impl Streams {
    /// Has the streams looked for that are due. Idempotent: repeated, late or concurrent ticks only send more messages.
    pub async fn tick(&self) -> Result<(), Error> {
        let (due, ids) = futures::join!(self.agenda.tick(self.now()), self.ids_sweep());
        failure::first([due, ids])
    }

    /// Looks at a stream that was found by this row. If it is due later, its row is moved; if it has nothing more to run, the
    /// row is removed.
    async fn look_at(&self, row: Due) -> Result<Found, Error> {
        let now = self.now();
        let Some(head) = self.head_get(row.id).await? else {
            self.due_remove(row.minute, row.id).await?;
            return Ok(Found::NotDue);
        };
        if head.due_pipeline(now).is_some() {
            let was_run = matches!(head.state, State::Firing | State::Expiring);
            return Ok(if was_run { Found::DueAgain } else { Found::Due });
        }
        // Only the row that the head names must be kept. Others are left over from earlier writes.
        if head.is_scheduled() && head.due_minute == row.minute {
            let later = due::minute(head.next_due(), now);
            self.due_put(later, row.id).await?;
            let moved = Head { due_minute: later, version: head.version + 1, ..head.clone() };
            if self.head_replace(&moved, head.version).await? == Race::Lost {
                // The next sweep looks at what the other worker made of it.
                return Ok(Found::NotDue);
            }
        }
        self.due_remove(row.minute, row.id).await?;
        Ok(Found::NotDue)
    }
}

impl Runner {
    /// Runs the streams that are due in one shard.
    pub(crate) async fn sweep(&self, shard: u64, deadline: Micros) -> Result<(), Failure> {
        let run = async |page: Vec<Due>| {
            let runs = futures::stream::iter(page).map(|row| Box::pin(self.run_due(row, deadline)));
            let outcomes: Vec<_> = runs.buffer_unordered(AT_ONCE).collect().await;
            Ok(failure::first(outcomes)?)
        };
        self.streams.agenda.sweep(shard, || self.streams.now(), deadline, run).await
    }

    async fn run_due(&self, row: Due, deadline: Micros) -> Result<(), Error> {
        match self.streams.look_at(row).await? {
            Found::NotDue => Ok(()),
            Found::Due => self.run(row.id, deadline).await,
            // In an invocation of its own, so that a pipeline that kills its worker does not stop the others.
            Found::DueAgain => {
                self.streams.enqueue_run(row.id).await;
                Ok(())
            }
        }
    }
}
