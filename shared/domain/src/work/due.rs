//! Work that is due at a time: one row in the partition of its minute, put with what is due and removed with its end.
//!
//! The ticker looks at each minute as it comes, and at the last five again, so that a row which was put late is found.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::storage::item::item;
use crate::storage::key::{Collection, Key, SHARDS};
use crate::storage::sequence;
use crate::storage::table::{Table, Write};
use crate::time::Micros;
use crate::work::queue::Queue;

const MINUTE: i64 = 60_000_000;

/// Minutes that every sweep looks at again.
pub const OVERLAP: i64 = 5;

/// Minutes that one tick goes through at most: after a long stop the next ticks go on from there.
const MOST_MINUTES: i64 = 7 * 24 * 60;
/// Minutes that one message covers at most.
const MESSAGE_MINUTES: i64 = 60;

/// Minutes (since the epoch) that one message asks a worker to look at, in one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first minute.
    pub from: i64,
    /// The last minute.
    pub to: i64,
    /// Which shard.
    pub shard: u64,
}

/// Sends a message to `queue` for every span of minutes that has come, and remembers how far it came.
///
/// Sweeping twice, or late, or by two at once sends more messages and changes nothing else.
pub(crate) async fn sweep(
    table: &Table,
    queue: &Queue,
    now: Micros,
    message: impl Fn(Span) -> Result<String, Error>,
) -> Result<(), Error> {
    let (spans, end) = spans(swept_minute(table).await?, now);
    let messages =
        spans.into_iter().flat_map(|(from, to)| (0..SHARDS).map(move |shard| Span { from, to, shard }));
    let messages = messages.map(message).collect::<Result<_, _>>()?;
    queue.send_all(messages).await.map_err(|unsent| unsent.error)?;
    swept_minute_put(table, end).await
}

/// The first and last minute of each span that is to be looked at now, after the last sweep came as far as `last`; and
/// the last minute of all.
fn spans(last: Option<i64>, now: Micros) -> (Vec<(i64, i64)>, i64) {
    let current = current_minute(now);
    let first = (last.unwrap_or(current - 1) + 1).min(current) - OVERLAP;
    let end = current.min(first + MOST_MINUTES);
    let mut spans = Vec::new();
    let mut from = first;
    while from <= end {
        let to = end.min(from + MESSAGE_MINUTES - 1);
        spans.push((from, to));
        from = to + 1;
    }
    (spans, end)
}

/// How far the sweeps have come.
#[derive(Debug, Serialize, Deserialize)]
struct Swept {
    /// The last minute (since the epoch) that messages were sent for.
    #[serde(rename = "m")]
    minute: i64,
}

/// The last minute that messages were sent for. Before the first tick, the one in which the first record was made: what
/// is due is due later, however late the first tick comes. None where there is no record either.
pub(crate) async fn swept_minute(table: &Table) -> Result<Option<i64>, Error> {
    match table.get::<Swept>(&Key::sweep()).await? {
        Some(swept) => Ok(Some(swept.minute)),
        None => Ok(sequence::since(table).await?.map(current_minute)),
    }
}

/// Remembers the last minute that messages were sent for.
async fn swept_minute_put(table: &Table, minute: i64) -> Result<(), Error> {
    table.write_all(vec![Write::Put(item(&Key::sweep(), &Swept { minute })?)]).await
}

/// One row of due work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// What kind of row is due.
    #[serde(rename = "k")]
    pub collection: Collection,
    /// Which one; of rows that are verified together, the first.
    pub id: u64,
}

/// The minute (since the epoch) in which something that is due at `at` is looked at: never one that has begun.
pub fn minute(at: Micros, now: Micros) -> i64 {
    let next = now.0.div_euclid(MINUTE) + 1;
    let due = at.0.saturating_add(MINUTE - 1).div_euclid(MINUTE);
    due.max(next)
}

/// The minute (since the epoch) that it is.
pub fn current_minute(now: Micros) -> i64 {
    now.0.div_euclid(MINUTE)
}

/// The row that says so.
pub fn key(minute: i64, collection: Collection, id: u64) -> Key {
    Key::due(minute, collection, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_work_is_looked_at_when_its_minute_begins_and_not_before_the_next() {
        let at = |seconds: i64| Micros(seconds * 1_000_000);
        assert_eq!(minute(at(120), at(0)), 2);
        assert_eq!(minute(at(121), at(0)), 3);
        assert_eq!(minute(at(0), at(600)), 11);
        assert_eq!(minute(at(600), at(599)), 10);
        assert_eq!(current_minute(at(659)), 10);
    }

    #[test]
    fn a_sweep_looks_at_the_last_five_minutes_again_and_catches_up_within_a_week_at_a_time() {
        let now = Micros(1_000_000 * MINUTE + 30_000_000);
        let (hour, week) = (MESSAGE_MINUTES, MOST_MINUTES);
        for (last, first, end) in [
            (None, 999_995, 1_000_000),
            (Some(999_999), 999_995, 1_000_000),
            (Some(1_000_000), 999_995, 1_000_000),
            // A clock that was put back.
            (Some(1_000_007), 999_995, 1_000_000),
            (Some(1_000_000 - hour), 1_000_000 - hour - 4, 1_000_000),
            (Some(1_000_000 - 2 * week), 1_000_000 - 2 * week - 4, 1_000_000 - week - 4),
        ] {
            let (spans, last_minute) = spans(last, now);
            assert_eq!((spans[0].0, last_minute), (first, end), "{last:?}");
            let minutes: Vec<i64> = spans.iter().flat_map(|(from, to)| *from..=*to).collect();
            assert_eq!(minutes, (first..=end).collect::<Vec<_>>(), "{last:?}");
            assert!(spans.iter().all(|(from, to)| to - from < hour), "{last:?}");
        }
    }
}
