//! What is due, and how far the sweeps have come.

use crate::due::{self, Due};
use crate::error::Error;
use crate::key::{Key, Range};
use crate::table::{Page, Write, item};
use crate::usage::Usage;

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

    /// The last minute that was swept.
    pub(crate) async fn swept_minute(&self) -> Result<Option<i64>, Error> {
        due::swept_minute(self.table()).await
    }

    /// Remembers the last minute that was swept.
    pub(crate) async fn swept_minute_put(&self, minute: i64) -> Result<(), Error> {
        due::swept_minute_put(self.table(), minute).await
    }
}
