//! Pure. The handler `logger`: says which events a stream has.

use crate::notification::event::Event;

/// A line for the log: every event's type and message id.
pub fn line(events: &[Event]) -> String {
    let named: Vec<String> =
        events.iter().map(|event| format!("{}: {}", event.event_type, event.message_id)).collect();
    format!("received {} events: {}", events.len(), named.join(", "))
}
