//! Lists of streams and events by id. Events are read from the rows of their notifications.

use crate::error::Error;
use crate::notification::event::Event;
use crate::notification::ownership::Ownership;
use crate::notification::raw::RawRow;
use crate::storage::block::{Budget, Start, walk};
use crate::storage::key::{Collection, Key};
use crate::streams::Streams;
use crate::streams::stream::Head;

impl Streams {
    /// Returns at most `limit` streams that `accepts` accepts, ordered by id.
    pub(crate) async fn heads_walk(
        &self,
        start: Start,
        limit: usize,
        budget: Budget,
        accepts: impl Fn(&Head) -> bool,
    ) -> Result<Vec<Head>, Error> {
        let keep = |head: Head| accepts(&head).then_some(head);
        walk(self.table().eventual(), Collection::Stream, start, limit, budget, keep).await
    }

    /// Returns at most `limit` events that `accepts` accepts, ordered by the ids of their rows.
    pub(crate) async fn events_walk(
        &self,
        start: Start,
        limit: usize,
        budget: Budget,
        accepts: impl Fn(&Event) -> bool,
    ) -> Result<Vec<(u64, Event)>, Error> {
        let now = self.now().epoch_seconds();
        let keep = |row: RawRow| {
            let (id, ttl) = (row.id, row.ttl);
            let event = row.event().filter(|event| ttl > now && accepts(event))?;
            Some((id, event))
        };
        let table = self.notifications.eventual();
        walk(table, Collection::Notification, start, limit, budget, keep).await
    }

    /// Returns events by the ids of their rows, in no order. Events past their retention are missing.
    pub(crate) async fn events_get(&self, ids: &[u64]) -> Result<Vec<(u64, Event)>, Error> {
        let keys: Vec<_> = ids.iter().map(|id| Key::row(Collection::Notification, *id)).collect();
        let rows = self.notifications.get_many::<RawRow>(&keys).await?;
        Ok(rows.into_values().filter_map(|row| Some((row.id, row.event()?))).collect())
    }

    /// Returns the event with exactly this `message_id`.
    pub(crate) async fn event_by_message(&self, message_id: &str) -> Result<Option<Event>, Error> {
        let table = self.notifications.eventual();
        let Some(ownership) = table.get::<Ownership>(&Key::message(message_id)).await? else {
            return Ok(None);
        };
        let row: Option<RawRow> = table.get(&Key::row(Collection::Notification, ownership.id)).await?;
        let now = self.now().epoch_seconds();
        Ok(row.filter(|row| row.ttl > now).and_then(RawRow::event))
    }
}
