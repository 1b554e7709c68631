//! Due rows of streams: which stream to look at in which minute.

use crate::error::Error;
use crate::storage::item::item;
use crate::storage::key::{Collection, Range};
use crate::storage::table::Write;
use crate::streams::Streams;
use crate::time::Minute;
use crate::work::due::{self, Due};

impl Streams {
    pub(crate) fn due_write(minute: Minute, id: u64) -> Result<Write, Error> {
        let due = Due { collection: Collection::Stream, id };
        Ok(Write::Put(item(&due::key(minute, Collection::Stream, id), &due)?))
    }

    /// Schedules a stream for this minute.
    pub(crate) async fn due_put(&self, minute: Minute, id: u64) -> Result<(), Error> {
        self.table().write_all(vec![Self::due_write(minute, id)?]).await
    }

    /// Removes a stream from the schedule of this minute.
    pub(crate) async fn due_remove(&self, minute: Minute, id: u64) -> Result<(), Error> {
        self.table().write_all(vec![Write::Delete(due::key(minute, Collection::Stream, id))]).await
    }

    /// Returns the streams that are scheduled in a shard of this minute. The read is eventually consistent: the next
    /// sweeps find a row that it misses.
    pub(crate) async fn due_list(&self, minute: Minute, shard: u64) -> Result<Vec<u64>, Error> {
        let due: Vec<Due> = self.table().eventual().query_all(&Range::due(minute, shard)).await?;
        Ok(due.into_iter().map(|due| due.id).collect())
    }

    /// Returns the last minute (since the epoch) for which sweeps were enqueued.
    pub async fn swept_minute(&self) -> Result<Option<Minute>, Error> {
        due::swept_minute(self.table()).await
    }

    /// Enqueues a sweep of every minute that has come.
    pub(crate) async fn due_sweep(&self) -> Result<(), Error> {
        due::sweep(self.table(), &self.queue, self.now()).await
    }
}
