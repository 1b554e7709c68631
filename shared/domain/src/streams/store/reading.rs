//! Lists by id, whole blocks at a time; and events, which are rows of notifications.

use crate::error::Error;
use crate::notification::event::Event;
use crate::notification::ownership::Ownership;
use crate::notification::raw::RawRow;
use crate::storage::block::{Budget, Start, walk};
use crate::storage::key::{Collection, Key};
use crate::streams::Streams;
use crate::streams::stream::Head;

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
        let table = self.notifications.eventual();
        walk(table, Collection::Notification, start, limit, budget, keep).await
    }

    /// Events by the ids of their rows, those that are kept, in no order.
    pub(crate) async fn events_get(&self, ids: &[u64]) -> Result<Vec<(u64, Event)>, Error> {
        let keys: Vec<_> = ids.iter().map(|id| Key::row(Collection::Notification, *id)).collect();
        let rows = self.notifications.get_many::<RawRow>(&keys).await?;
        Ok(rows.into_values().filter_map(|row| Some((row.id, row.event()?))).collect())
    }

    /// The event with exactly this `message_id`.
    pub(crate) async fn event_by_message(&self, message_id: &str) -> Result<Option<Event>, Error> {
        let table = self.notifications.eventual();
        let Some(owned) = table.get::<Ownership>(&Key::message(message_id)).await? else { return Ok(None) };
        let row: Option<RawRow> = table.get(&Key::row(Collection::Notification, owned.id)).await?;
        let now = self.now().epoch_seconds();
        Ok(row.filter(|row| row.ttl > now).and_then(RawRow::event))
    }
}
