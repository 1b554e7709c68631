//! Work that is due at a time: one row in the partition of its hour, written with the record and deleted with its end.
//!
//! Each shard of the rows has a cursor: the lowest hour that may still have rows, and the lease of the one worker that goes
//! through them. The ticker sends a message for a shard that has something due and no such worker. The worker goes through
//! the rows in pages, and sends the message again before its own time is over. The cursor moves on only when an hour is
//! empty and so long ago that no row can still be written into it. So a row is found however late it is written, and no
//! hour is read again after it was worked off.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> idle
//!     idle --> swept: the ticker finds a due row and sends a message
//!     swept --> swept: a page is worked off, the lease is renewed
//!     swept --> idle: no row is left that can be worked off
//!     swept --> idle: the worker died, its lease expired
//! ```

use serde::{Deserialize, Serialize};

use futures::future::try_join_all;

use crate::error::Error;
use crate::failure::{self, Failure};
use crate::storage::change::Change;
use crate::storage::item::item;
use crate::storage::key::{Collection, Key, Range};
use crate::storage::sequence;
use crate::storage::table::{Outcome, Table, Write};
use crate::time::{Hour, Micros, Minute};
use crate::work::queue::Queue;

const MINUTE_MICROS: i64 = 60_000_000;

/// Seconds after an hour within which a row may still be written into it: the longest run of a function.
const GRACE_SECONDS: i64 = 900;
/// Seconds of the lease on a cursor, which is renewed for each page.
const LEASE_SECONDS: i64 = 60;
/// Seconds before its deadline at which a worker starts no other page.
const MARGIN_SECONDS: i64 = 20;
/// Seconds for which the table keeps a row that is never worked off.
const KEPT_SECONDS: i64 = 30 * 86_400;
/// Rows of a page.
const PAGE: i32 = 64;

/// A row of due work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The minute in which it is due.
    #[serde(rename = "m")]
    pub minute: Minute,
    /// The collection of the record that is due.
    #[serde(rename = "k")]
    pub collection: Collection,
    /// The id of the record; of records that are verified together, the first.
    pub id: u64,
    /// When the table may remove the row, in seconds since the epoch.
    ttl: i64,
}

impl Due {
    /// Returns the row of a record that is due in a minute.
    pub fn new(minute: Minute, collection: Collection, id: u64) -> Self {
        let ttl = minute.start().plus_seconds(KEPT_SECONDS).epoch_seconds();
        Self { minute, collection, id, ttl }
    }

    /// Returns the write that stores the row.
    pub fn put(&self) -> Result<Write, Error> {
        Ok(Write::Put(item(&self.key(), self)?))
    }

    /// Returns the write that deletes the row.
    pub fn delete(&self) -> Write {
        Write::Delete(self.key())
    }

    /// Returns the row moved to a later minute. It is kept no longer for that.
    #[must_use]
    pub fn postponed(&self, minute: Minute) -> Self {
        Self { minute, ..*self }
    }

    fn key(&self) -> Key {
        Key::due(self.minute, self.collection, self.id)
    }
}

/// Returns the minute in which work that is due at `at` is found: never one that has begun.
pub fn minute(at: Micros, now: Micros) -> Minute {
    let due = Micros(at.0.saturating_add(MINUTE_MICROS - 1)).minute();
    due.max(now.minute().plus(1))
}

/// The message that asks for a sweep of a shard. It is `{"task": "sweep", …}` in every group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "task", rename = "sweep")]
struct Message {
    shard: u64,
}

impl Message {
    fn body(self) -> Result<String, Error> {
        serde_json::to_string(&self)
            .map_err(|cause| Error::bug("the message of a sweep could not be written").because(cause))
    }
}

/// The cursor of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    #[serde(rename = "s")]
    shard: u64,
    /// The lowest hour that may have rows.
    #[serde(rename = "l")]
    low: Hour,
    /// The number of sweeps so far. Only the latest one changes the cursor.
    #[serde(rename = "tk")]
    token: u64,
    /// The end of the lease. In the past if no worker goes through the shard.
    #[serde(rename = "le")]
    lease: Micros,
    /// The latest time at which a sweep ended.
    #[serde(rename = "at")]
    swept: Micros,
}

/// The due rows of a table, and the queue of the workers that work them off. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Agenda {
    table: Table,
    queue: Queue,
    shards: u64,
}

impl Agenda {
    /// Returns the due rows of these collections, which have the same number of shards.
    pub fn new(table: Table, queue: Queue, collection: Collection) -> Self {
        Self { table, queue, shards: collection.due_shards() }
    }

    /// The queue of the workers.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Sends a message for every shard with due rows. Repeated, late and concurrent ticks send more messages and have no
    /// other effect.
    pub async fn tick(&self, now: Micros) -> Result<(), Error> {
        let cursors = self.cursors(now).await?;
        let looks = cursors.iter().map(|cursor| self.needs_sweep(cursor, now));
        let needed = try_join_all(looks.collect::<Vec<_>>()).await?;
        let shards = cursors.iter().zip(needed).filter(|(_, needed)| *needed);
        let messages = shards.map(|(cursor, _)| Message { shard: cursor.shard }.body());
        let messages = messages.collect::<Result<Vec<_>, _>>()?;
        self.queue.send_all(messages).await.map_err(|unsent| unsent.error)
    }

    /// Goes through the due rows of a shard until `deadline`, by this clock. `work` works off a page of them, and deletes those that are done; it passes over
    /// rows that another worker holds. Does nothing while another worker goes through the shard.
    ///
    /// Fails with the first failure of `work`, after everything else is done.
    pub async fn sweep<F>(
        &self,
        shard: u64,
        clock: impl Fn() -> Micros,
        deadline: Micros,
        work: impl Fn(Vec<Due>) -> F,
    ) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), Failure>>,
    {
        let now = clock();
        let Some(mut cursor) = self.acquire(shard, now).await? else { return Ok(()) };
        let mut outcomes = Vec::new();
        let (mut low, mut is_first) = (cursor.low, true);
        for hour in (cursor.low.0..=now.hour().0).map(Hour) {
            let (mut after, mut is_empty) = (None, true);
            loop {
                let range = Range::due(hour, shard, now.minute());
                let page =
                    self.table.consistent().query::<Due>(&range, false, after.as_ref(), Some(PAGE)).await?;
                after = page.next;
                if !page.items.is_empty() {
                    is_empty = false;
                    if !std::mem::take(&mut is_first) {
                        if deadline <= clock().plus_seconds(MARGIN_SECONDS) {
                            self.hand_on(&cursor, low, clock()).await?;
                            return failure::first(outcomes);
                        }
                        match self.renewed(&cursor, clock()).await? {
                            Some(renewed) => cursor = renewed,
                            None => return failure::first(outcomes),
                        }
                    }
                    outcomes.push(work(page.items).await);
                }
                if after.is_none() {
                    break;
                }
            }
            if is_empty && low == hour && hour.end().plus_seconds(GRACE_SECONDS) < now {
                low = Hour(hour.0 + 1);
            }
        }
        self.release(&cursor, low, clock()).await?;
        failure::first(outcomes)
    }

    /// Returns the latest time at which a shard was swept; `None` before the first sweep.
    pub async fn last_sweep(&self) -> Result<Option<Micros>, Error> {
        let cursors = self.table.query_all::<Cursor>(&Range::cursors()).await?;
        Ok(cursors.iter().map(|cursor| cursor.swept).max())
    }

    /// Returns the cursor of every shard.
    async fn cursors(&self, now: Micros) -> Result<Vec<Cursor>, Error> {
        let stored = self.table.eventual().query_all::<Cursor>(&Range::cursors()).await?;
        let mut cursors = Vec::new();
        for shard in 0..self.shards {
            cursors.push(match stored.iter().find(|cursor| cursor.shard == shard) {
                Some(cursor) => *cursor,
                None => self.first_cursor(shard, now).await?,
            });
        }
        Ok(cursors)
    }

    /// Returns the cursor of a shard that was never swept. It begins at the first record, so that everything due since then
    /// is found however late the first tick comes.
    async fn first_cursor(&self, shard: u64, now: Micros) -> Result<Cursor, Error> {
        let since = sequence::since(&self.table).await?.unwrap_or(now);
        let low = Hour(since.min(now).hour().0 - 1);
        Ok(Cursor { shard, low, token: 0, lease: Micros(0), swept: Micros(0) })
    }

    /// Whether a shard has a due row, or its cursor can move on, and no worker goes through it.
    async fn needs_sweep(&self, cursor: &Cursor, now: Micros) -> Result<bool, Error> {
        if now <= cursor.lease {
            return Ok(false);
        }
        if cursor.low.end().plus_seconds(GRACE_SECONDS) < now {
            return Ok(true);
        }
        let table = self.table.eventual();
        let hours =
            (cursor.low.0..=now.hour().0).map(|hour| Range::due(Hour(hour), cursor.shard, now.minute()));
        let hours: Vec<_> = hours.collect();
        let pages = hours.iter().map(|range| table.query::<Due>(range, false, None, Some(1)));
        Ok(try_join_all(pages).await?.iter().any(|page| !page.items.is_empty()))
    }

    /// Acquires the cursor of a shard. `None` while another worker holds it.
    async fn acquire(&self, shard: u64, now: Micros) -> Result<Option<Cursor>, Error> {
        let key = Key::cursor(shard);
        let old = match self.table.get::<Cursor>(&key).await? {
            Some(cursor) => cursor,
            None => self.first_cursor(shard, now).await?,
        };
        if now <= old.lease {
            return Ok(None);
        }
        let change = Change::of(key)
            .set("s", shard)
            .set("l", old.low)
            .set("tk", old.token + 1)
            .set("le", now.plus_seconds(LEASE_SECONDS))
            .set("at", old.swept)
            .when_equal("tk", old.token)
            .or_absent();
        self.changed(&change).await
    }

    /// Renews the lease. `None` if another worker took the cursor.
    async fn renewed(&self, cursor: &Cursor, now: Micros) -> Result<Option<Cursor>, Error> {
        let lease = now.plus_seconds(LEASE_SECONDS);
        let change = Change::of(Key::cursor(cursor.shard)).set("le", lease).when_equal("tk", cursor.token);
        self.changed(&change).await
    }

    /// Ends the sweep, unless another worker took the cursor.
    async fn release(&self, cursor: &Cursor, low: Hour, now: Micros) -> Result<(), Error> {
        let change = Change::of(Key::cursor(cursor.shard))
            .set("l", low)
            .set("le", Micros(0))
            .set("at", now)
            .when_equal("tk", cursor.token);
        self.changed(&change).await.map(drop)
    }

    /// Lets another worker go on.
    async fn hand_on(&self, cursor: &Cursor, low: Hour, now: Micros) -> Result<(), Error> {
        self.release(cursor, low, now).await?;
        self.queue.send(Message { shard: cursor.shard }.body()?).await
    }

    async fn changed(&self, change: &Change) -> Result<Option<Cursor>, Error> {
        match self.table.change(change).await? {
            Outcome::Written(cursor) => Ok(Some(cursor)),
            Outcome::Refused(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_work_is_found_when_its_minute_begins_and_never_in_the_current_one() {
        let at = |seconds: i64| Micros(seconds * 1_000_000);
        assert_eq!(minute(at(120), at(0)), Minute(2));
        assert_eq!(minute(at(121), at(0)), Minute(3));
        assert_eq!(minute(at(0), at(600)), Minute(11));
        assert_eq!(minute(at(600), at(599)), Minute(10));
        assert_eq!(at(659).minute(), Minute(10));
    }

    #[test]
    fn a_postponed_row_is_kept_no_longer() {
        let row = Due::new(Minute(10), Collection::InstanceExists, 7);
        assert_eq!(row.ttl, 600 + KEPT_SECONDS);
        assert_eq!(row.postponed(Minute(99)), Due { minute: Minute(99), ..row });
    }
}
