//! Pure. The row of a notification: what lists, counts and redeliveries need to know of it without its body.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::notification::envelope::Notification;
use crate::notification::event::{self, Event};
use crate::notification::payload::{image_type, text};
use crate::notification::service::Service;
use crate::time::Micros;

/// A row of `RawData` or `GlanceRawData`. Texts are cut to the width that their columns had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RawRow {
    /// The row's id.
    pub id: u64,
    /// The notification's own id; none where the producer gave none.
    #[serde(rename = "mi", default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// What happened.
    #[serde(rename = "et")]
    pub event_type: String,
    /// When it happened.
    #[serde(rename = "wh")]
    pub when: Micros,
    /// When it was accepted here.
    #[serde(rename = "rc")]
    pub received: Micros,
    /// Which service it comes from.
    #[serde(rename = "sv")]
    pub service: Service,
    /// Who said so.
    #[serde(rename = "pb")]
    pub publisher: String,
    /// The routing key of its delivery.
    #[serde(rename = "rk", default, skip_serializing_if = "Option::is_none")]
    pub routing_key: Option<String>,
    /// The request that it belongs to; empty where it belongs to none.
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
    /// The image's type as a bit field; none where the payload is no object.
    #[serde(rename = "it", default, skip_serializing_if = "Option::is_none")]
    pub image_type: Option<u32>,
    /// The chunk that holds its body.
    #[serde(rename = "ck")]
    pub chunk: String,
    /// Where in the chunk.
    #[serde(rename = "ps")]
    pub position: u64,
    /// The traits of the event that it was distilled to; none where no definition wants it.
    #[serde(rename = "tr", default, skip_serializing_if = "Option::is_none")]
    pub traits: Option<BTreeMap<String, event::Value>>,
    /// Whether a stream's pipeline made it, so that no ledger counts it.
    #[serde(rename = "md", default, skip_serializing_if = "std::ops::Not::not")]
    pub synthetic: bool,
    /// When the row may be forgotten, in seconds since the epoch.
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

/// Where a notification stands among what was accepted.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The id of its row.
    pub id: u64,
    /// The chunk that it came in.
    pub chunk: &'a str,
    /// Where in the chunk.
    pub position: u64,
    /// When it was accepted.
    pub received: Micros,
    /// When its row may be forgotten, in seconds since the epoch.
    pub ttl: i64,
}

impl RawRow {
    /// The row of a notification.
    pub fn of(notification: &Notification, place: Place<'_>) -> Self {
        let payload = &notification.payload;
        let column = |name: &str, bytes: usize| cut(text(payload, name).unwrap_or_default(), bytes);
        let state = match notification.service {
            Service::Nova => "state",
            Service::Glance => "status",
        };
        Self {
            id: place.id,
            message_id: notification.message_id.clone(),
            event_type: notification.event_type.clone(),
            when: notification.timestamp,
            received: place.received,
            service: notification.service,
            publisher: cut(notification.publisher_id.clone(), 100),
            routing_key: notification.routing_key.clone().map(|key| cut(key, 50)),
            request_id: notification.request_id.clone(),
            tenant: notification.tenant().map(|tenant| cut(tenant, 64)),
            instance: notification.instance(),
            image: notification.image(),
            state: column(state, 30),
            old_state: column("old_state", 20),
            task: column("new_task_state", 30),
            old_task: column("old_task_state", 30),
            image_type: payload.as_object().map(|_| image_type(payload)),
            chunk: place.chunk.to_owned(),
            position: place.position,
            traits: None,
            synthetic: false,
            ttl: place.ttl,
        }
    }

    /// The same with the event that the notification was distilled to, under whose time it is listed.
    #[must_use]
    pub fn with_event(self, event: Option<&Event>, synthetic: bool) -> Self {
        Self { traits: event.map(|event| event.traits.clone()), synthetic, ..self }
    }

    /// The event; none where the notification is none.
    pub fn event(self) -> Option<Event> {
        let Self { message_id: Some(message_id), event_type, when, traits: Some(traits), .. } = self else {
            return None;
        };
        Some(Event { message_id, event_type, timestamp: when, traits })
    }

    /// The publisher's name up to its first dot.
    pub fn publisher_service(&self) -> &str {
        self.publisher.split_once('.').map_or(&self.publisher, |(service, _)| service)
    }

    /// The publisher's name after its first dot.
    pub fn host(&self) -> Option<&str> {
        self.publisher.split_once('.').map(|(_, host)| host)
    }
}

/// At most this many bytes of a text, whole characters.
fn cut(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const PLACE: Place<'_> = Place {
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
        RawRow::of(&Notification::parse(&pair, None).expect("it is usable"), PLACE)
    }

    #[test]
    fn the_columns_of_an_instance_are_filled_and_the_row_is_small() {
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
        let json = serde_json::to_string(&row).expect("JSON");
        assert!(json.len() < 700, "{} bytes", json.len());
        assert_eq!(serde_json::from_str::<RawRow>(&json).expect("a row"), row);
        assert_eq!((row.publisher_service(), row.host()), ("compute", Some("cell-0001.host-787060")));
    }

    #[test]
    fn the_columns_of_an_image_are_filled() {
        let payload =
            json!({"id": "img", "owner": "7", "status": "saving", "properties": {"instance_uuid": "i-9"}});
        let row = row("image.update", "glance-api01", &payload);
        assert_eq!((row.service, row.image.as_deref()), (Service::Glance, Some("img")));
        assert_eq!((row.tenant.as_deref(), row.instance.as_deref()), (Some("7"), Some("i-9")));
        assert_eq!((row.state.as_str(), row.image_type), ("saving", Some(0)));
        assert_eq!((row.publisher_service(), row.host()), ("glance-api01", None));
    }

    #[test]
    fn a_payload_of_text_leaves_its_columns_empty() {
        let row = row("image.upload", "glance-api01", &json!("No space left on device"));
        assert_eq!((&row.tenant, &row.instance, &row.image, row.image_type), (&None, &None, &None, None));
        let json = serde_json::to_string(&row).expect("JSON");
        assert_eq!(serde_json::from_str::<RawRow>(&json).expect("a row"), row);
    }

    #[test]
    fn long_texts_are_cut_at_a_whole_character() {
        let payload =
            json!({"state": "ä".repeat(40), "tenant_id": "7".repeat(5_000), "old_state": "x".repeat(5_000)});
        let row = row("compute.instance.update", &"p".repeat(5_000), &payload);
        assert_eq!((row.state, row.old_state.len()), ("ä".repeat(15), 20));
        assert_eq!((row.publisher.len(), row.tenant.map(|tenant| tenant.len())), (100, Some(64)));
    }
}
