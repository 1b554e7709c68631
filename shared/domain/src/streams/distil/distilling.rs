//! Pure. A notification becomes an event.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value as Json};

use super::definition::EventDefinitions;
use super::when;
use crate::notification::event::Event;
use crate::time::Micros;

/// What became of a notification.
#[derive(Clone, Debug, PartialEq)]
pub enum Distilled {
    /// An event, with what was left out of it.
    Event {
        /// The event.
        event: Event,
        /// Values that could not be read, for the log.
        warnings: Vec<Warning>,
    },
    /// Nothing, and why.
    Dropped(Reason),
}

/// Why a notification became no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It says no event type.
    #[error("the notification has no event_type")]
    NoEventType,
    /// It says no message id.
    #[error("the notification has no message_id")]
    NoMessageId,
    /// Its event type has no definition.
    #[error("no definition matches the event type")]
    NoDefinition,
    /// Not one of the traits that its definition names is there.
    #[error("the notification has none of the traits that its definition names")]
    NoTraits,
}

/// A value that could not be read. The event stands without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The trait, or `timestamp`.
    pub name: String,
    /// What is wrong with the value.
    pub reason: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)
    }
}

impl EventDefinitions {
    /// Distils a notification, as its producer sent it. `now` is the event's time where the notification says none.
    pub fn distil(&self, notification: &Map<String, Json>, now: Micros) -> Distilled {
        self.event(notification, now).unwrap_or_else(Distilled::Dropped)
    }

    fn event(&self, notification: &Map<String, Json>, now: Micros) -> Result<Distilled, Reason> {
        let event_type = identifier(notification, "event_type").ok_or(Reason::NoEventType)?;
        let message_id = identifier(notification, "message_id").ok_or(Reason::NoMessageId)?;
        let definition = self.of(&event_type).ok_or(Reason::NoDefinition)?;

        let mut warnings = Vec::new();
        let mut warn = |name: &str, reason| warnings.push(Warning { name: name.to_owned(), reason });
        let timestamp = timestamp(notification).unwrap_or_else(|reason| {
            warn("timestamp", reason);
            None
        });
        let mut traits = BTreeMap::new();
        for (name, definition) in definition.traits() {
            match definition.value(notification) {
                Ok(Some(value)) => drop(traits.insert(name.to_owned(), value)),
                Ok(None) => {}
                Err(reason) => warn(name, reason),
            }
        }
        if traits.is_empty() {
            return Err(Reason::NoTraits);
        }
        let event = Event { message_id, event_type, timestamp: timestamp.unwrap_or(now), traits };
        Ok(Distilled::Event { event, warnings })
    }
}

/// A text that names something: blanks name nothing, and a number may stand for its digits.
fn identifier(notification: &Map<String, Json>, name: &str) -> Option<String> {
    match notification.get(name)? {
        Json::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// When it happened, if the notification says so. A `timestamp` that is there and blank does not give way to
/// `_context_timestamp`, as in the original.
fn timestamp(notification: &Map<String, Json>) -> Result<Option<Micros>, String> {
    let written = notification.get("timestamp").or_else(|| notification.get("_context_timestamp"));
    match written {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) if text.is_empty() => Ok(None),
        Some(Json::String(text)) => {
            when::read(text).map(Some).ok_or_else(|| format!("{text:?} is no datetime"))
        }
        Some(other) => Err(format!("{other} is no datetime")),
    }
}
