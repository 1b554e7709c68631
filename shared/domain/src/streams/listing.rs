//! Reading streams and events: one by id, or lists with filters.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::notification::event::Event;
use crate::storage::block::{Budget, Start};
use crate::streams::Streams;
use crate::streams::state::State;
use crate::streams::stream::Head;
use crate::streams::trigger::DistinguishingValue;
use crate::time::Micros;

/// Conditions on streams. `None` and an empty map accept every stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamFilter {
    /// The first event is earlier than this.
    pub older_than: Option<Micros>,
    /// The last event is later than this.
    pub younger_than: Option<Micros>,
    /// The state.
    pub state: Option<State>,
    /// The name of the trigger.
    pub trigger: Option<String>,
    /// Distinguishing traits and their values as text.
    pub traits: BTreeMap<String, String>,
}

/// Conditions on events. `None` and an empty map accept every event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventFilter {
    /// The event is later than this.
    pub from: Option<Micros>,
    /// The event is earlier than this.
    pub to: Option<Micros>,
    /// The event type.
    pub event_type: Option<String>,
    /// Traits and their values as text.
    pub traits: BTreeMap<String, String>,
}

impl StreamFilter {
    /// Whether a stream meets every condition. A deleted stream does not.
    pub fn accepts(&self, head: &Head) -> bool {
        let has = |(name, text): (&String, &String)| {
            head.traits.get(name).is_some_and(|value| match value {
                DistinguishingValue::Value(value) => value.is_text(text),
                DistinguishingValue::Range(_) => false,
            })
        };
        !head.deleted
            && self.older_than.is_none_or(|at| head.first < at)
            && self.younger_than.is_none_or(|at| head.last > at)
            && self.state.is_none_or(|state| head.state == state)
            && self.trigger.as_ref().is_none_or(|trigger| head.trigger == *trigger)
            && self.traits.iter().all(has)
    }
}

impl EventFilter {
    /// Whether an event meets every condition.
    pub fn accepts(&self, event: &Event) -> bool {
        let has = |(name, text): (&String, &String)| event.get(name).is_some_and(|value| value.is_text(text));
        self.from.is_none_or(|at| event.timestamp > at)
            && self.to.is_none_or(|at| event.timestamp < at)
            && self.event_type.as_ref().is_none_or(|event_type| event.event_type == *event_type)
            && self.traits.iter().all(has)
    }
}

/// Tells a client how to stay within the read budget of a list.
const BUDGET_ADVICE: &str = "start from a mark or lower the limit";

impl Streams {
    /// Returns the stream with this id.
    pub async fn get(&self, id: u64) -> Result<Option<Head>, Error> {
        Ok(self.head_get_eventual(id).await?.filter(|head| !head.deleted))
    }

    /// Returns at most `limit` streams that the filter accepts.
    pub async fn list(&self, filter: &StreamFilter, start: Start, limit: usize) -> Result<Vec<Head>, Error> {
        self.heads_walk(start, limit, self.budget(), |head| filter.accepts(head)).await
    }

    /// Counts the streams that the filter accepts.
    pub async fn count(&self, filter: &StreamFilter, start: Start) -> Result<u64, Error> {
        Ok(self.list(filter, start, usize::MAX).await?.len() as u64)
    }

    /// Returns the event with this `message_id`, or else the one with this id in lower case.
    pub async fn event(&self, message_id: &str) -> Result<Option<Event>, Error> {
        if let Some(event) = self.event_by_message(message_id).await? {
            return Ok(Some(event));
        }
        let lower = message_id.to_lowercase();
        if lower == message_id { Ok(None) } else { self.event_by_message(&lower).await }
    }

    /// Returns at most `limit` events that the filter accepts, with the ids of their rows.
    pub async fn events(
        &self,
        filter: &EventFilter,
        start: Start,
        limit: usize,
    ) -> Result<Vec<(u64, Event)>, Error> {
        self.events_walk(start, limit, self.budget(), |event| filter.accepts(event)).await
    }

    /// Counts the events that the filter accepts.
    pub async fn count_events(&self, filter: &EventFilter, start: Start) -> Result<u64, Error> {
        Ok(self.events(filter, start, usize::MAX).await?.len() as u64)
    }

    /// Returns the events of a stream, ordered by time. Events past their retention are missing.
    pub async fn events_of(&self, head: &Head) -> Result<Vec<Event>, Error> {
        let mut events = self.events_get(&self.members(head).await?).await?;
        events.sort_by(|(id, event), (other_id, other)| {
            (event.timestamp, id).cmp(&(other.timestamp, other_id))
        });
        Ok(events.into_iter().map(|(_, event)| event).collect())
    }

    fn budget(&self) -> Budget {
        Budget::new(self.query_budget, BUDGET_ADVICE)
    }
}
