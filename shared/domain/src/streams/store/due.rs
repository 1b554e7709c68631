//! What is due when.

use crate::error::Error;
use crate::storage::item::item;
use crate::storage::key::{Collection, Range};
use crate::storage::table::Write;
use crate::streams::Streams;
use crate::streams::task::StreamTask;
use crate::work::due::{self, Due, Span};

impl Streams {
    pub(crate) fn due_write(minute: i64, id: u64) -> Result<Write, Error> {
        let due = Due { collection: Collection::Stream, id };
        Ok(Write::Put(item(&due::key(minute, Collection::Stream, id), &due)?))
    }

    /// Says that a stream is to be looked at in a minute.
    pub(crate) async fn due_put(&self, minute: i64, id: u64) -> Result<(), Error> {
        self.table().write_all(vec![Self::due_write(minute, id)?]).await
    }

    /// Says that it needs no looking at any more.
    pub(crate) async fn due_remove(&self, minute: i64, id: u64) -> Result<(), Error> {
        self.table().write_all(vec![Write::Delete(due::key(minute, Collection::Stream, id))]).await
    }

    /// The streams that are due in a shard of a minute. A row of the last moment may be missing: the next sweeps look
    /// again.
    pub(crate) async fn due_list(&self, minute: i64, shard: u64) -> Result<Vec<u64>, Error> {
        let due: Vec<Due> = self.table().eventual().query_all(&Range::due(minute, shard)).await?;
        Ok(due.into_iter().map(|due| due.id).collect())
    }

    /// The last minute (since the epoch) that was swept.
    pub async fn swept_minute(&self) -> Result<Option<i64>, Error> {
        due::swept_minute(self.table()).await
    }

    /// Sends the messages of every minute that has come.
    pub(crate) async fn due_sweep(&self) -> Result<(), Error> {
        let task = |Span { from, to, shard }| StreamTask::Sweep { from, to, shard }.body();
        due::sweep(self.table(), &self.queue, self.now(), task).await
    }
}
