//! Lists by id, whole blocks at a time; and events, which are rows of notifications.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::block::Budget;
use crate::error::Error;
use crate::key::{BLOCK, Collection, Key, Range};
use crate::notification::raw::RawRow;
use crate::sequence;
use crate::streams::Streams;
use crate::streams::event::Event;
use crate::streams::listing::Start;
use crate::streams::stream::Head;
use crate::table::Table;

/// Which row a `message_id` has.
#[derive(Deserialize)]
struct Message {
    id: u64,
}

impl Streams {
    /// A stream for whoever asks from outside.
    pub(crate) async fn head_read(&self, id: u64) -> Result<Option<Head>, Error> {
        self.table().eventual().get(&Key::row(Collection::Stream, id)).await
    }

    /// Streams by id, as long as there are some that pass.
    pub(crate) async fn heads_walk(
        &self,
        start: Start,
        limit: usize,
        budget: Budget,
        passes: impl Fn(&Head) -> bool,
    ) -> Result<Vec<Head>, Error> {
        let keep = |head: Head| passes(&head).then_some(head);
        walk(self.table().eventual(), Collection::Stream, start, limit, budget, keep).await
    }

    /// Events by the ids of their rows, as long as there are some that pass.
    pub(crate) async fn events_walk(
        &self,
        start: Start,
        limit: usize,
        budget: Budget,
        passes: impl Fn(&Event) -> bool,
    ) -> Result<Vec<(u64, Event)>, Error> {
        let now = self.now().epoch_seconds();
        let keep = |row: RawRow| {
            let (id, ttl) = (row.id, row.ttl);
            let event = row.event().filter(|event| ttl > now && passes(event))?;
            Some((id, event))
        };
        let table = self.platform.tables.usage.eventual();
        walk(table, Collection::Notification, start, limit, budget, keep).await
    }

    /// Events by the ids of their rows, those that are kept, in no order.
    pub(crate) async fn events_get(&self, ids: &[u64]) -> Result<Vec<(u64, Event)>, Error> {
        let keys: Vec<_> = ids.iter().map(|id| Key::row(Collection::Notification, *id)).collect();
        let rows = self.platform.tables.usage.get_many::<RawRow>(&keys).await?;
        Ok(rows.into_values().filter_map(|row| Some((row.id, row.event()?))).collect())
    }

    /// The event with exactly this `message_id`.
    pub(crate) async fn event_by_message(&self, message_id: &str) -> Result<Option<Event>, Error> {
        let table = self.platform.tables.usage.eventual();
        let Some(Message { id }) = table.get(&Key::message(message_id)).await? else { return Ok(None) };
        let row: Option<RawRow> = table.get(&Key::row(Collection::Notification, id)).await?;
        let now = self.now().epoch_seconds();
        Ok(row.filter(|row| row.ttl > now).and_then(RawRow::event))
    }
}

/// Rows by id from `start` on, kept by `keep`, at most `limit`.
///
/// Upwards it stops where an id may still appear below one that is there already: whoever turns pages that way misses
/// none.
async fn walk<R: DeserializeOwned, T>(
    table: Table,
    collection: Collection,
    start: Start,
    limit: usize,
    mut budget: Budget,
    keep: impl Fn(R) -> Option<T>,
) -> Result<Vec<T>, Error> {
    let bounds = sequence::bounds(&table, collection).await?;
    let mut kept = Vec::new();
    let (mut low, mut high, descending) = match start {
        Start::Newest => (1, bounds.last, true),
        Start::Below(id) => (1, id.saturating_sub(1).min(bounds.last), true),
        Start::Above(id) => (id.saturating_add(1), bounds.settled, false),
    };
    while low <= high && kept.len() < limit {
        let number = if descending { high / BLOCK } else { low / BLOCK };
        let (first, last) = (low.max(number * BLOCK), high.min(number * BLOCK + BLOCK - 1));
        let range = Range::ids(collection, first, last);
        let mut after = None;
        loop {
            // Small pages where few rows are wanted; the whole block where any number may have to be passed over.
            let page = table.query::<R>(&range, descending, after.as_ref(), page_size(limit)).await?;
            budget.spend(page.units)?;
            kept.extend(page.items.into_iter().filter_map(&keep));
            after = page.next;
            if after.is_none() || kept.len() >= limit {
                break;
            }
        }
        if descending {
            high = (number * BLOCK).saturating_sub(1);
        } else {
            low = (number + 1) * BLOCK;
        }
    }
    kept.truncate(limit);
    Ok(kept)
}

fn page_size(limit: usize) -> Option<i32> {
    i32::try_from(limit).ok().filter(|limit| *limit > 0)
}
