//! Pure. What an event has to be like.

use std::collections::BTreeMap;
use std::fmt;

use super::comparison::{Comparison, is_in};
use crate::notification::event::Event;
use crate::streams::glob::Globs;
use crate::streams::timex::Expression;

/// What an event has to be like. Says nothing of what it does not name.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// The event types; all of them where none are named.
    pub(super) event_types: Option<Globs>,
    /// Where the event's time has to lie.
    pub(super) timestamp: Option<Expression>,
    /// What its traits have to be like, by name.
    pub(super) traits: BTreeMap<String, Comparison>,
    /// For a fire criterion: how many events have to be so.
    pub(super) number: u64,
    /// For a match criterion: distinguishing traits, each with the trait of the event that is read in its place.
    pub(super) map_distinguished_by: BTreeMap<String, String>,
}

/// Why an event does not match, in the words of the original's debug counters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mismatch {
    /// Its type is another one.
    EventType,
    /// Its time is another one.
    Timestamp,
    /// It lacks a trait, or has it with another value.
    Trait {
        /// The trait.
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
    /// Whether the event is like that.
    pub fn matches(&self, event: &Event) -> bool {
        self.check(event).is_ok()
    }

    /// The same, with the first thing that does not match.
    pub fn check(&self, event: &Event) -> Result<(), Mismatch> {
        if self.event_types.as_ref().is_some_and(|types| !types.matches(&event.event_type)) {
            return Err(Mismatch::EventType);
        }
        if self.timestamp.as_ref().is_some_and(|timex| !is_in(event.timestamp, timex, event)) {
            return Err(Mismatch::Timestamp);
        }
        match self.traits.iter().find(|(name, comparison)| !comparison.holds(event.get(name).as_ref(), event))
        {
            Some((name, _)) => Err(Mismatch::Trait { name: name.clone() }),
            None => Ok(()),
        }
    }
}
