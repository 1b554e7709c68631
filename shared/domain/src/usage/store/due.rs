//! What is due, and how far the sweeps have come.

use crate::error::Error;
use crate::storage::item::item;
use crate::storage::key::{Key, Range};
use crate::storage::table::{Page, Write};
use crate::usage::Usage;
use crate::usage::task::UsageTask;
use crate::work::due::{self, Due, Span};
use crate::work::queue::Queue;

/// Due rows that one page has at most.
const PAGE: i32 = 50;

impl Usage {
    /// Says that something is due in a minute.
    pub(crate) async fn due_put(&self, minute: i64, due: Due) -> Result<(), Error> {
        let due = item(&due::key(minute, due.collection, due.id), &due)?;
        self.table().write_all(vec![Write::Put(due)]).await
    }

    /// What is due in one shard of a minute, a page of it, after this sort key. A row of the last moment may be missing:
    /// the next sweeps look again.
    pub(crate) async fn due_page(
        &self,
        minute: i64,
        shard: u64,
        after: Option<String>,
    ) -> Result<Page<Due>, Error> {
        let range = Range::due(minute, shard);
        let start = after.map(|sk| Key::read(range.pk(), sk));
        self.table().eventual().query(&range, false, start.as_ref(), Some(PAGE)).await
    }

    /// Says that it is due no more.
    pub(crate) async fn due_remove(&self, minute: i64, due: Due) -> Result<(), Error> {
        self.table().write_all(vec![Write::Delete(due::key(minute, due.collection, due.id))]).await
    }

    /// Sends the messages of every minute that has come.
    pub(crate) async fn due_sweep(&self, queue: &Queue) -> Result<(), Error> {
        let task = |Span { from, to, shard }| UsageTask::Sweep { from, to, shard, after: None }.body();
        due::sweep(self.table(), queue, self.now(), task).await
    }
}
