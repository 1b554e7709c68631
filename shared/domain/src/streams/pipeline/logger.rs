//! Pure. The handler `logger`.

use crate::notification::event::Event;

/// Formats a log line with the type and message id of every event.
pub fn line(events: &[Event]) -> String {
    let names: Vec<String> =
        events.iter().map(|event| format!("{}: {}", event.event_type, event.message_id)).collect();
    format!("received {} events: {}", events.len(), names.join(", "))
}
