//! Pure. Messages for the consumers of published events.

use serde_json::{Map, json};

use crate::error::Error;
use crate::notification::event::Event;
use crate::streams::stream::Head;

/// Serializes an event that a pipeline of this stream publishes.
pub fn message(stream: &Head, event: &Event) -> Result<String, Error> {
    let traits: Map<_, _> =
        event.traits.iter().map(|(name, value)| (name.clone(), value.to_json())).collect();
    let message = json!({
        "event": "stream.event",
        "stream_id": stream.id,
        "stream": stream.trigger,
        "message_id": event.message_id,
        "event_type": event.event_type,
        "timestamp": event.timestamp.to_utc().to_rfc3339(),
        "traits": traits,
    });
    serde_json::to_string(&message)
        .map_err(|cause| Error::bug("a published event cannot be serialized").because(cause))
}
