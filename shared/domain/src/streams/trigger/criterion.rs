//! Pure. Criteria that events match or not.

use std::collections::BTreeMap;
use std::fmt;

use super::comparison::{Comparison, is_in};
use crate::notification::event::Event;
use crate::streams::glob::Globs;
use crate::streams::timex::Expression;

/// Conditions on an event. An empty criterion matches every event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Criterion {
    /// The event types. `None` accepts every type.
    pub(super) event_types: Option<Globs>,
    /// The time or range that contains the event's time. `None` accepts every time.
    pub(super) timestamp: Option<Expression>,
    /// Conditions on traits, by name.
    pub(super) traits: BTreeMap<String, Comparison>,
    /// For a fire criterion: how many events of a stream must match.
    pub(super) number: u64,
    /// For a match criterion: distinguishing traits, each with the trait that is read in its place.
    pub(super) map_distinguished_by: BTreeMap<String, String>,
}

/// A mismatch between an event and a criterion. The `Display` form is the name of the original's debug counter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mismatch {
    /// The criterion does not accept its type.
    EventType,
    /// The criterion does not accept its time.
    Timestamp,
    /// A trait is missing or has another value.
    Trait {
        /// The name of the trait.
        name: String,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EventType => f.write_str("Wrong event type"),
            Self::Timestamp => f.write_str("Not in timerange"),
            Self::Trait { name } => write!(f, "not '{name}'"),
        }
    }
}

impl Criterion {
    /// Whether an event matches.
    pub(super) fn matches(&self, event: &Event) -> bool {
        self.check(event).is_ok()
    }

    /// Fails with the first condition that an event does not meet.
    pub(super) fn check(&self, event: &Event) -> Result<(), Mismatch> {
        if self.event_types.as_ref().is_some_and(|types| !types.matches(&event.event_type)) {
            return Err(Mismatch::EventType);
        }
        if self.timestamp.as_ref().is_some_and(|expression| !is_in(event.timestamp, expression, event)) {
            return Err(Mismatch::Timestamp);
        }
        match self.traits.iter().find(|(name, comparison)| !comparison.holds(event.get(name).as_ref(), event))
        {
            Some((name, _)) => Err(Mismatch::Trait { name: name.clone() }),
            None => Ok(()),
        }
    }
}
