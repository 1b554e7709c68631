//! Work that is due at a time: one row in the partition of its minute, written with the record and deleted with its end.
//!
//! The ticker sweeps each minute when it comes, and the last five minutes again, so that rows that were written late are
//! found.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::storage::item::item;
use crate::storage::key::{Collection, Key, SHARDS};
use crate::storage::sequence;
use crate::storage::table::{Table, Write};
use crate::time::{Micros, Minute};
use crate::work::queue::Queue;

const MINUTE_MICROS: i64 = 60_000_000;

/// Past minutes that every sweep covers again.
pub const OVERLAP: i64 = 5;

/// The most minutes that one tick covers. After a long stop, the next ticks continue from there.
const MOST_MINUTES: i64 = 7 * 24 * 60;
/// The most minutes that one message covers.
const MESSAGE_MINUTES: i64 = 60;

/// The part of a sweep that one message covers. Its message is `{"task": "sweep", …}` in every group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "task", rename = "sweep")]
pub struct Span {
    /// The first minute.
    pub from: Minute,
    /// The last minute.
    pub to: Minute,
    /// The shard.
    pub shard: u64,
}

impl Span {
    /// Returns the body of the message.
    fn body(self) -> Result<String, Error> {
        serde_json::to_string(&self)
            .map_err(|cause| Error::bug("the message of a sweep could not be written").because(cause))
    }
}

/// Sends a message to `queue` for every span of minutes that has come, and stores how far it got.
///
/// Repeated, late and concurrent sweeps send more messages and have no other effect.
pub async fn sweep(table: &Table, queue: &Queue, now: Micros) -> Result<(), Error> {
    let (spans, end) = spans(swept_minute(table).await?, now);
    let messages =
        spans.into_iter().flat_map(|(from, to)| (0..SHARDS).map(move |shard| Span { from, to, shard }));
    let messages = messages.map(Span::body).collect::<Result<_, _>>()?;
    queue.send_all(messages).await.map_err(|unsent| unsent.error)?;
    swept_minute_put(table, end).await
}

/// Returns the first and last minute of each span to sweep now, and the last minute of all. `last` is the last minute
/// of the previous sweep.
fn spans(last: Option<Minute>, now: Micros) -> (Vec<(Minute, Minute)>, Minute) {
    let current = now.minute();
    let first = last.unwrap_or(current.plus(-1)).plus(1).min(current).plus(-OVERLAP);
    let end = current.min(first.plus(MOST_MINUTES));
    let mut spans = Vec::new();
    let mut from = first;
    while from <= end {
        let to = end.min(from.plus(MESSAGE_MINUTES - 1));
        spans.push((from, to));
        from = to.plus(1);
    }
    (spans, end)
}

/// The progress of the sweeps.
#[derive(Debug, Serialize, Deserialize)]
struct Swept {
    /// The last minute (since the epoch) that messages were sent for.
    #[serde(rename = "m")]
    minute: Minute,
}

/// Returns the last minute that messages were sent for. Before the first tick, that is the minute of the first record,
/// so that everything due since then is found however late the first tick comes. `None` if there is no record.
pub(crate) async fn swept_minute(table: &Table) -> Result<Option<Minute>, Error> {
    match table.get::<Swept>(&Key::sweep()).await? {
        Some(swept) => Ok(Some(swept.minute)),
        None => Ok(sequence::since(table).await?.map(Micros::minute)),
    }
}

/// Stores the last minute that messages were sent for.
async fn swept_minute_put(table: &Table, minute: Minute) -> Result<(), Error> {
    table.write_all(vec![Write::Put(item(&Key::sweep(), &Swept { minute })?)]).await
}

/// A row of due work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The collection of the record that is due.
    #[serde(rename = "k")]
    pub collection: Collection,
    /// The id of the record; of records that are verified together, the first.
    pub id: u64,
}

/// Returns the minute in which work that is due at `at` is found: never one that has begun.
pub fn minute(at: Micros, now: Micros) -> Minute {
    let due = Micros(at.0.saturating_add(MINUTE_MICROS - 1)).minute();
    due.max(now.minute().plus(1))
}

/// Returns the key of a due row.
pub fn key(minute: Minute, collection: Collection, id: u64) -> Key {
    Key::due(minute, collection, id)
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
    fn sweep_covers_the_last_five_minutes_again_and_catches_up_a_week_at_a_time() {
        let now = Micros(1_000_000 * MINUTE_MICROS + 30_000_000);
        let (hour, week) = (MESSAGE_MINUTES, MOST_MINUTES);
        for (last, first, end) in [
            (None, 999_995, 1_000_000),
            (Some(999_999), 999_995, 1_000_000),
            (Some(1_000_000), 999_995, 1_000_000),
            // The clock was set back.
            (Some(1_000_007), 999_995, 1_000_000),
            (Some(1_000_000 - hour), 1_000_000 - hour - 4, 1_000_000),
            (Some(1_000_000 - 2 * week), 1_000_000 - 2 * week - 4, 1_000_000 - week - 4),
        ] {
            let (spans, last_minute) = spans(last.map(Minute), now);
            assert_eq!((spans[0].0, last_minute), (Minute(first), Minute(end)), "{last:?}");
            let minutes: Vec<i64> = spans.iter().flat_map(|(from, to)| from.0..=to.0).collect();
            assert_eq!(minutes, (first..=end).collect::<Vec<_>>(), "{last:?}");
            assert!(spans.iter().all(|(from, to)| to.0 - from.0 < hour), "{last:?}");
        }
    }
}
