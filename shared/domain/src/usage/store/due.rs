//! Due rows, by which the sweeps find the records to verify.

use crate::error::Error;
use crate::storage::item::item;
use crate::storage::key::{Key, Range};
use crate::storage::table::{Page, Write};
use crate::time::Minute;
use crate::usage::Usage;
use crate::work::due::{self, Due};
use crate::work::queue::Queue;

/// The maximum number of due rows in a page.
const PAGE: i32 = 50;

impl Usage {
    /// Adds a due row to a minute.
    pub(crate) async fn due_put(&self, minute: Minute, due: Due) -> Result<(), Error> {
        let due = item(&due::key(minute, due.collection, due.id), &due)?;
        self.table().write_all(vec![Write::Put(due)]).await
    }

    /// Returns a page of the due rows in one shard of a minute, after this sort key. Eventually consistent: the next
    /// sweeps find rows that this one misses.
    pub(crate) async fn due_page(
        &self,
        minute: Minute,
        shard: u64,
        after: Option<String>,
    ) -> Result<Page<Due>, Error> {
        let range = Range::due(minute, shard);
        let start = after.map(|sk| Key::read(range.pk(), sk));
        self.table().eventual().query(&range, false, start.as_ref(), Some(PAGE)).await
    }

    /// Removes a due row.
    pub(crate) async fn due_remove(&self, minute: Minute, due: Due) -> Result<(), Error> {
        self.table().write_all(vec![Write::Delete(due::key(minute, due.collection, due.id))]).await
    }

    /// Sends tasks for the minutes that have begun since the last sweep.
    pub(crate) async fn due_sweep(&self, queue: &Queue) -> Result<(), Error> {
        due::sweep(self.table(), queue, self.now()).await
    }
}
