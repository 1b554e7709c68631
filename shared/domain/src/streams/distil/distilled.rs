//! Pure. The result of distilling a notification.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value as Json};

use super::datetime;
use super::definition::EventDefinitions;
use crate::notification::event::Event;
use crate::time::Micros;

/// The result of distilling a notification.
#[derive(Clone, Debug, PartialEq)]
pub enum Distilled {
    /// The notification became an event.
    Event {
        /// The event.
        event: Event,
        /// Malformed values, which the event lacks.
        warnings: Vec<ValueWarning>,
    },
    /// The notification was dropped.
    Dropped(DropReason),
}

/// The reason for dropping a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DropReason {
    /// The notification has no event type.
    #[error("the notification has no event_type")]
    NoEventType,
    /// The notification has no message id.
    #[error("the notification has no message_id")]
    NoMessageId,
    /// No definition matches the event type.
    #[error("no definition matches the event type")]
    NoDefinition,
    /// The notification has a value for none of the defined traits.
    #[error("the notification has none of the traits of its definition")]
    NoTraits,
}

/// A warning about a malformed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueWarning {
    /// The name of the trait, or `timestamp`.
    pub name: String,
    /// The reason.
    pub reason: String,
}

impl fmt::Display for ValueWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.reason)
    }
}

impl EventDefinitions {
    /// Distils a notification in the form that its producer sent. `now` is the time of an event without a timestamp.
    pub fn distil(&self, notification: &Map<String, Json>, now: Micros) -> Distilled {
        self.event(notification, now).unwrap_or_else(Distilled::Dropped)
    }

    fn event(&self, notification: &Map<String, Json>, now: Micros) -> Result<Distilled, DropReason> {
        let event_type = identifier(notification, "event_type").ok_or(DropReason::NoEventType)?;
        let message_id = identifier(notification, "message_id").ok_or(DropReason::NoMessageId)?;
        let definition = self.find(&event_type).ok_or(DropReason::NoDefinition)?;

        let mut warnings = Vec::new();
        let mut warn = |name: &str, reason| warnings.push(ValueWarning { name: name.to_owned(), reason });
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
            return Err(DropReason::NoTraits);
        }
        let event = Event { message_id, event_type, timestamp: timestamp.unwrap_or(now), traits };
        Ok(Distilled::Event { event, warnings })
    }
}

/// Returns an identifying member as text. `None` if it is blank or neither a string nor a number.
fn identifier(notification: &Map<String, Json>, name: &str) -> Option<String> {
    match notification.get(name)? {
        Json::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Returns the timestamp of a notification. Like the original, falls back to `_context_timestamp` only if `timestamp` is
/// absent, not if it is empty.
fn timestamp(notification: &Map<String, Json>) -> Result<Option<Micros>, String> {
    let value = notification.get("timestamp").or_else(|| notification.get("_context_timestamp"));
    match value {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) if text.is_empty() => Ok(None),
        Some(Json::String(text)) => {
            datetime::parse(text).map(Some).ok_or_else(|| format!("invalid datetime {text:?}"))
        }
        Some(other) => Err(format!("invalid datetime {other}")),
    }
}
