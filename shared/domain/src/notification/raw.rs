//! Pure. The stored row of a notification: the fields that lists, counts and redeliveries need, without its body.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::notification::envelope::Notification;
use crate::notification::event::{self, Event};
use crate::notification::payload::{image_type, text};
use crate::notification::service::Service;
use crate::time::Micros;

/// A row of `RawData` or `GlanceRawData`. Texts are truncated to the width of the original columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RawRow {
    /// The row's id.
    pub id: u64,
    /// The notification's `message_id`, if the producer set one.
    #[serde(rename = "mi", default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// The kind of event.
    #[serde(rename = "et")]
    pub event_type: String,
    /// When the event happened.
    #[serde(rename = "wh")]
    pub when: Micros,
    /// When the notification was accepted.
    #[serde(rename = "rc")]
    pub received: Micros,
    /// The service that sent the notification.
    #[serde(rename = "sv")]
    pub service: Service,
    /// The publisher, for example `compute.host-1`.
    #[serde(rename = "pb")]
    pub publisher: String,
    /// The routing key that the notification was delivered with.
    #[serde(rename = "rk", default, skip_serializing_if = "Option::is_none")]
    pub routing_key: Option<String>,
    /// The id of the request that caused the event; empty if there is none.
    #[serde(rename = "rq", default, skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    /// The tenant of the instance, the owner of the image.
    #[serde(rename = "tn", default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The UUID of the instance.
    #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The UUID of the image.
    #[serde(rename = "uu", default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// `state` of the instance, `status` of the image.
    #[serde(rename = "st", default, skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// `old_state` of the instance.
    #[serde(rename = "so", default, skip_serializing_if = "String::is_empty")]
    pub old_state: String,
    /// `new_task_state` of the instance.
    #[serde(rename = "ta", default, skip_serializing_if = "String::is_empty")]
    pub task: String,
    /// `old_task_state` of the instance.
    #[serde(rename = "to", default, skip_serializing_if = "String::is_empty")]
    pub old_task: String,
    /// The image's type as a bit field. `None` if the payload is not an object.
    #[serde(rename = "it", default, skip_serializing_if = "Option::is_none")]
    pub image_type: Option<u32>,
    /// The chunk that holds the notification's body.
    #[serde(rename = "ck")]
    pub chunk: String,
    /// The notification's position in the chunk.
    #[serde(rename = "ps")]
    pub position: u64,
    /// The traits of the event that the notification was distilled to. `None` if no definition matches it.
    #[serde(rename = "tr", default, skip_serializing_if = "Option::is_none")]
    pub traits: Option<BTreeMap<String, event::Value>>,
    /// Whether a stream's pipeline generated the event, which excludes it from counts.
    #[serde(rename = "md", default, skip_serializing_if = "std::ops::Not::not")]
    pub synthetic: bool,
    /// When the row expires, in seconds since the epoch.
    pub ttl: i64,
}

/// The columns of a [`RawRow`] that counting reads: a projection, which ignores the others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CountedRow {
    /// The event type. Rows without one are not counted.
    #[serde(rename = "et")]
    pub event_type: Option<String>,
    /// When the event happened.
    #[serde(rename = "wh")]
    pub when: Micros,
    /// The service of the notification.
    #[serde(rename = "sv")]
    pub service: Service,
    /// Whether a stream's pipeline created it. Synthetic notifications are not counted.
    #[serde(rename = "md", default)]
    pub synthetic: bool,
}

/// The columns of a row that do not come from the notification itself.
#[derive(Clone, Copy, Debug)]
pub struct RowMetadata<'a> {
    /// The row's id.
    pub id: u64,
    /// The chunk that holds the notification's body.
    pub chunk: &'a str,
    /// The notification's position in the chunk.
    pub position: u64,
    /// When the notification was accepted.
    pub received: Micros,
    /// When the row expires, in seconds since the epoch.
    pub ttl: i64,
}

impl RawRow {
    /// Builds the row of a notification.
    pub fn new(notification: &Notification, metadata: RowMetadata<'_>) -> Self {
        let payload = &notification.payload;
        let column = |name: &str, bytes: usize| truncate(text(payload, name).unwrap_or_default(), bytes);
        let state = match notification.service {
            Service::Nova => "state",
            Service::Glance => "status",
        };
        Self {
            id: metadata.id,
            message_id: notification.message_id.clone(),
            event_type: notification.event_type.clone(),
            when: notification.timestamp,
            received: metadata.received,
            service: notification.service,
            publisher: truncate(notification.publisher_id.clone(), 100),
            routing_key: notification.routing_key.clone().map(|key| truncate(key, 50)),
            request_id: notification.request_id.clone(),
            tenant: notification.tenant().map(|tenant| truncate(tenant, 64)),
            instance: notification.instance(),
            image: notification.image(),
            state: column(state, 30),
            old_state: column("old_state", 20),
            task: column("new_task_state", 30),
            old_task: column("old_task_state", 30),
            image_type: payload.as_object().map(|_| image_type(payload)),
            chunk: metadata.chunk.to_owned(),
            position: metadata.position,
            traits: None,
            synthetic: false,
            ttl: metadata.ttl,
        }
    }

    /// Adds the event that the notification was distilled to.
    #[must_use]
    pub fn with_event(self, event: Option<&Event>, synthetic: bool) -> Self {
        Self { traits: event.map(|event| event.traits.clone()), synthetic, ..self }
    }

    /// Returns the event that the notification was distilled to, or `None` if there is none.
    pub fn event(self) -> Option<Event> {
        let Self { message_id: Some(message_id), event_type, when, traits: Some(traits), .. } = self else {
            return None;
        };
        Some(Event { message_id, event_type, timestamp: when, traits })
    }

    /// Returns the publisher's name up to its first dot.
    pub fn publisher_service(&self) -> &str {
        self.publisher.split_once('.').map_or(&self.publisher, |(service, _)| service)
    }

    /// Returns the publisher's name after its first dot.
    pub fn host(&self) -> Option<&str> {
        self.publisher.split_once('.').map(|(_, host)| host)
    }
}

/// Truncates a text to at most this many bytes, at a character boundary.
fn truncate(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const METADATA: RowMetadata<'_> = RowMetadata {
        id: 1_234_567_890,
        chunk: "00000000-0000-4000-8000-000000000001",
        position: 19,
        received: Micros(1_390_000_000_123_456),
        ttl: 1_391_209_600,
    };

    fn row(event_type: &str, publisher: &str, payload: &Value) -> RawRow {
        let body = json!({
            "message_id": "b48e7e0e-9a0b-4f6c-8c7f-d6a0ba0b5d2f",
            "event_type": event_type,
            "publisher_id": publisher,
            "timestamp": "2014-01-17 15:35:44",
            "_context_request_id": "req-0c5c7fd0-a6a3-4450-a513-270e269e0d37",
            "payload": payload,
        });
        let pair = json!(["notifications.info", body]);
        RawRow::new(&Notification::parse(&pair, None).expect("a valid notification"), METADATA)
    }

    #[test]
    fn a_nova_row_has_the_columns_of_an_instance_and_is_small() {
        let payload = json!({
            "tenant_id": "5853600", "instance_id": "1818e811-892f-402b-923f-0824128b2f33", "state": "active",
            "old_state": "building", "old_task_state": "spawning", "new_task_state": "resize_prep",
            "image_meta": {"image_type": "base", "os_type": "linux", "os_distro": "ubuntu"},
        });
        let row = row("compute.instance.finish_resize.start", "compute.cell-0001.host-787060", &payload);
        insta::assert_json_snapshot!(row, @r#"
        {
          "id": 1234567890,
          "mi": "b48e7e0e-9a0b-4f6c-8c7f-d6a0ba0b5d2f",
          "et": "compute.instance.finish_resize.start",
          "wh": 1389972944000000,
          "rc": 1390000000123456,
          "sv": "nova",
          "pb": "compute.cell-0001.host-787060",
          "rk": "notifications.info",
          "rq": "req-0c5c7fd0-a6a3-4450-a513-270e269e0d37",
          "tn": "5853600",
          "in": "1818e811-892f-402b-923f-0824128b2f33",
          "st": "active",
          "so": "building",
          "ta": "resize_prep",
          "to": "spawning",
          "it": 273,
          "ck": "00000000-0000-4000-8000-000000000001",
          "ps": 19,
          "ttl": 1391209600
        }
        "#);
        let json = serde_json::to_string(&row).expect("valid JSON");
        assert!(json.len() < 700, "{} bytes", json.len());
        assert_eq!(serde_json::from_str::<RawRow>(&json).expect("a row"), row);
        assert_eq!((row.publisher_service(), row.host()), ("compute", Some("cell-0001.host-787060")));
    }

    #[test]
    fn a_glance_row_has_the_columns_of_an_image() {
        let payload =
            json!({"id": "img", "owner": "7", "status": "saving", "properties": {"instance_uuid": "i-9"}});
        let row = row("image.update", "glance-api01", &payload);
        assert_eq!((row.service, row.image.as_deref()), (Service::Glance, Some("img")));
        assert_eq!((row.tenant.as_deref(), row.instance.as_deref()), (Some("7"), Some("i-9")));
        assert_eq!((row.state.as_str(), row.image_type), ("saving", Some(0)));
        assert_eq!((row.publisher_service(), row.host()), ("glance-api01", None));
    }

    #[test]
    fn a_text_payload_leaves_the_payload_columns_empty() {
        let row = row("image.upload", "glance-api01", &json!("No space left on device"));
        assert_eq!((&row.tenant, &row.instance, &row.image, row.image_type), (&None, &None, &None, None));
        let json = serde_json::to_string(&row).expect("valid JSON");
        assert_eq!(serde_json::from_str::<RawRow>(&json).expect("a row"), row);
    }

    #[test]
    fn long_texts_are_truncated_at_a_character_boundary() {
        let payload =
            json!({"state": "ä".repeat(40), "tenant_id": "7".repeat(5_000), "old_state": "x".repeat(5_000)});
        let row = row("compute.instance.update", &"p".repeat(5_000), &payload);
        assert_eq!((row.state, row.old_state.len()), ("ä".repeat(15), 20));
        assert_eq!((row.publisher.len(), row.tenant.map(|tenant| tenant.len())), (100, Some(64)));
    }
}
