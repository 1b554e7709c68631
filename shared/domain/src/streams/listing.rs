//! Finding streams and events: by id, or listed by descending or ascending id with filters.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::notification::event::Event;
use crate::storage::block::{Budget, Start};
use crate::streams::Streams;
use crate::streams::state::State;
use crate::streams::stream::Head;
use crate::streams::trigger::Distinguishing;
use crate::time::Micros;

/// Which streams are wanted: those that meet everything that is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamFilter {
    /// Whose first event is earlier.
    pub older_than: Option<Micros>,
    /// Whose last event is later.
    pub younger_than: Option<Micros>,
    /// Where they are in their lives.
    pub state: Option<State>,
    /// Which trigger opened them.
    pub trigger: Option<String>,
    /// What they are told apart by, as texts.
    pub traits: BTreeMap<String, String>,
}

/// Which events are wanted: those that meet everything that is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventFilter {
    /// That happened later.
    pub from: Option<Micros>,
    /// That happened earlier.
    pub to: Option<Micros>,
    /// Of this type.
    pub event_type: Option<String>,
    /// With these traits, as texts.
    pub traits: BTreeMap<String, String>,
}

impl StreamFilter {
    /// Whether a stream passes.
    pub fn passes(&self, head: &Head) -> bool {
        let has = |(name, text): (&String, &String)| {
            head.traits.get(name).is_some_and(|value| match value {
                Distinguishing::Value(value) => value.is_text(text),
                Distinguishing::Range(_) => false,
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
    /// Whether an event passes.
    pub fn passes(&self, event: &Event) -> bool {
        let has = |(name, text): (&String, &String)| event.get(name).is_some_and(|value| value.is_text(text));
        self.from.is_none_or(|at| event.timestamp > at)
            && self.to.is_none_or(|at| event.timestamp < at)
            && self.event_type.as_ref().is_none_or(|event_type| event.event_type == *event_type)
            && self.traits.iter().all(has)
    }
}

const ADVICE: &str = "give a mark, or a limit that is reached earlier";

impl Streams {
    /// The stream with this id.
    pub async fn get(&self, id: u64) -> Result<Option<Head>, Error> {
        Ok(self.head_read(id).await?.filter(|head| !head.deleted))
    }

    /// At most `limit` streams that pass.
    pub async fn list(&self, filter: &StreamFilter, start: Start, limit: usize) -> Result<Vec<Head>, Error> {
        self.heads_walk(start, limit, self.budget(), |head| filter.passes(head)).await
    }

    /// How many streams pass.
    pub async fn count(&self, filter: &StreamFilter, start: Start) -> Result<u64, Error> {
        Ok(self.list(filter, start, usize::MAX).await?.len() as u64)
    }

    /// The event with this `message_id`, in its own case or else in lower case.
    pub async fn event(&self, message_id: &str) -> Result<Option<Event>, Error> {
        if let Some(event) = self.event_by_message(message_id).await? {
            return Ok(Some(event));
        }
        let lower = message_id.to_lowercase();
        if lower == message_id { Ok(None) } else { self.event_by_message(&lower).await }
    }

    /// At most `limit` events that pass, with the ids of their rows.
    pub async fn events(
        &self,
        filter: &EventFilter,
        start: Start,
        limit: usize,
    ) -> Result<Vec<(u64, Event)>, Error> {
        self.events_walk(start, limit, self.budget(), |event| filter.passes(event)).await
    }

    /// How many events pass.
    pub async fn count_events(&self, filter: &EventFilter, start: Start) -> Result<u64, Error> {
        Ok(self.events(filter, start, usize::MAX).await?.len() as u64)
    }

    fn budget(&self) -> Budget {
        Budget::new(self.query_budget, ADVICE)
    }
}
