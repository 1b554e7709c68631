//! Pure. Messages on the notification queue, each of which carries one chunk of notifications.
//!
//! A queue keeps messages for 14 days, so the forms of earlier releases must stay readable for as long.

use serde::Deserialize;
use serde_json::Value;

use crate::notification::elements::{Element, to_ascii};
use crate::notification::event::Event;
use crate::notification::service::Service;
use crate::time::Micros;

/// Notifications that are recorded together, once.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "WireChunk")]
pub struct NotificationChunk {
    /// The chunk's id, which is the same at every redelivery and redrive.
    pub id: String,
    /// What sent the chunk.
    pub producer: Producer,
    /// The service that the producer named. `None` if it named none.
    pub service: Option<Service>,
    /// When the notifications were accepted.
    pub received: Micros,
    /// At most [`CHUNK_NOTIFICATIONS`](crate::notification::packing::CHUNK_NOTIFICATIONS) notifications.
    pub notifications: Vec<Value>,
}

/// What sent a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Producer {
    /// A client, whose notifications are recorded in the ledger and distilled to events.
    Client,
    /// The verifier, whose echoes of its own announcements are counted but become no events.
    Verifier,
    /// A stream's pipeline, whose synthetic events are collected by streams but not counted.
    Pipeline,
}

/// The body of a queue message.
#[derive(Deserialize)]
struct WireChunk {
    chunk: String,
    #[serde(default)]
    service: Option<Service>,
    #[serde(default)]
    echo: bool,
    #[serde(default, alias = "made")]
    synthetic: bool,
    received: Micros,
    notifications: Vec<Value>,
}

impl From<WireChunk> for NotificationChunk {
    fn from(wire: WireChunk) -> Self {
        let producer = match (wire.synthetic, wire.echo) {
            (true, _) => Producer::Pipeline,
            (false, true) => Producer::Verifier,
            (false, false) => Producer::Client,
        };
        let WireChunk { chunk, service, received, notifications, .. } = wire;
        Self { id: chunk, producer, service, received, notifications }
    }
}

/// Encodes a chunk of elements from a client.
pub fn client_chunk(chunk: &str, service: Option<Service>, received: Micros, elements: &[Element]) -> String {
    let service = service.map(|service| format!(r#""service":"{service}","#)).unwrap_or_default();
    let notifications = elements.join(",");
    format!(r#"{{"chunk":"{chunk}",{service}"received":{},"notifications":[{notifications}]}}"#, received.0)
}

/// Encodes the verifier's echo of an announcement, which is given as JSON in ASCII.
pub fn echo_chunk(chunk: &str, service: Service, received: Micros, announcement: &str) -> String {
    format!(
        r#"{{"chunk":"{chunk}","service":"{service}","echo":true,"received":{},"notifications":[{announcement}]}}"#,
        received.0
    )
}

/// Encodes a chunk of events that a stream's pipeline generated, each with the fields that a notification must have.
pub fn synthetic_chunk(chunk: &str, received: Micros, events: &[&Event]) -> String {
    let elements: Vec<_> = events
        .iter()
        .map(|event| {
            serde_json::json!({
                "message_id": event.message_id,
                "event_type": event.event_type,
                "timestamp": event.timestamp.to_string(),
                "publisher_id": "steward",
                "event": event,
            })
        })
        .collect();
    let message = serde_json::json!({
        "chunk": chunk, "synthetic": true, "received": received, "notifications": elements,
    });
    to_ascii(&message.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::notification::elements;
    use crate::notification::packing::{CHUNK_BYTES, pack};

    fn read(message: &str) -> NotificationChunk {
        serde_json::from_str(message).expect("a chunk")
    }

    #[test]
    fn the_producer_of_a_chunk_survives_encoding() {
        let event = Event {
            message_id: "m".to_owned(),
            event_type: "t".to_owned(),
            timestamp: Micros(0),
            traits: BTreeMap::new(),
        };
        for (message, producer) in [
            (client_chunk("c", None, Micros(7), &["{}".to_owned()]), Producer::Client),
            (echo_chunk("c", Service::Nova, Micros(7), "{}"), Producer::Verifier),
            (synthetic_chunk("c", Micros(7), &[&event]), Producer::Pipeline),
            (r#"{"chunk":"c","made":true,"received":7,"notifications":[{}]}"#.to_owned(), Producer::Pipeline),
        ] {
            let chunk = read(&message);
            assert_eq!((chunk.producer, chunk.id.as_str(), chunk.received), (producer, "c", Micros(7)));
            assert_eq!(chunk.notifications.len(), 1, "{message}");
        }
    }

    proptest! {
        #[test]
        fn packed_messages_are_ascii_and_keep_every_notification(
            texts in prop::collection::vec("\\PC{0,40}", 1..60),
        ) {
            let sent: Vec<Value> = texts.iter().map(|text| serde_json::json!({ "text": text })).collect();
            let body = serde_json::to_vec(&sent).expect("valid JSON");
            let mut received = Vec::new();
            for group in pack(elements::parse(&body).expect("a list")) {
                let message = client_chunk("c", Some(Service::Glance), Micros(7), &group);
                prop_assert!(message.is_ascii() && message.len() <= CHUNK_BYTES);
                let chunk = read(&message);
                prop_assert_eq!((chunk.service, chunk.received), (Some(Service::Glance), Micros(7)));
                received.extend(chunk.notifications);
            }
            prop_assert_eq!(received, sent);
        }
    }
}
