//! Pure. Announcements of verified records: stored in one transaction with the verdict, published at least once, always
//! as the same message.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::notification::envelope::{Rejection, unwrap_element};
use crate::storage::key::Collection;
use crate::time::Micros;

/// An announcement that has not been published yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// The collection of the verified row.
    #[serde(rename = "k")]
    pub collection: Collection,
    /// The id of the verified row; of an image message, the id of its first row.
    pub id: u64,
    /// The id of the raw notification that is announced.
    pub raw: u64,
    /// The `message_id` of the announcement. Fixed when it is stored, so every publication has the same id.
    #[serde(rename = "mi")]
    pub message_id: String,
    /// When it was stored.
    #[serde(rename = "at")]
    pub since: Micros,
}

impl Announcement {
    /// Builds the message from the accepted notification `element`: the same notification with `event_type` and the
    /// announcement's `message_id`. Its former id becomes `original_message_id`, which the receiver confirms.
    ///
    /// A pair of routing key and notification stays a pair; an oslo.messaging envelope is removed. Fails if `element` is
    /// not a notification.
    pub fn message(&self, element: &Value, event_type: &str) -> Result<Value, Rejection> {
        let mut opened = unwrap_element(element)?;
        let message_id = self.message_id.as_str();
        let original = opened.body.insert("message_id".to_owned(), message_id.into()).unwrap_or_default();
        opened.body.insert("original_message_id".to_owned(), original);
        opened.body.insert("event_type".to_owned(), event_type.into());
        let body = Value::Object(opened.body);
        Ok(match opened.routing_key {
            None => body,
            Some(routing_key) => Value::Array(vec![routing_key, body]),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn announcement() -> Announcement {
        Announcement {
            collection: Collection::InstanceExists,
            id: 1,
            raw: 2,
            message_id: "n-1".to_owned(),
            since: Micros(3),
        }
    }

    fn body() -> Value {
        json!({
            "message_id": "m-1", "event_type": "compute.instance.exists", "publisher_id": "p",
            "timestamp": "2014-01-17 15:35:44", "priority": "INFO", "payload": {"instance_id": "i-1"},
        })
    }

    fn announced() -> Value {
        json!({
            "message_id": "n-1", "original_message_id": "m-1", "event_type": "compute.instance.exists.verified",
            "publisher_id": "p", "timestamp": "2014-01-17 15:35:44", "priority": "INFO",
            "payload": {"instance_id": "i-1"},
        })
    }

    #[test]
    fn message_keeps_the_routing_key_and_drops_the_envelope() {
        let envelope = json!({"oslo.version": "2.0", "oslo.message": body().to_string()});
        for (element, expected) in [
            (body(), announced()),
            (envelope.clone(), announced()),
            (json!(["notifications.info", body()]), json!(["notifications.info", announced()])),
            (json!(["notifications.info", envelope]), json!(["notifications.info", announced()])),
            (json!([null, body()]), json!([null, announced()])),
        ] {
            let message = announcement().message(&element, "compute.instance.exists.verified");
            assert_eq!(message, Ok(expected), "{element}");
        }
    }

    #[test]
    fn original_message_id_is_null_without_a_message_id() {
        let message = announcement().message(&json!({"event_type": "image.exists"}), "image.exists.verified");
        let expected =
            json!({"event_type": "image.exists.verified", "message_id": "n-1", "original_message_id": null});
        assert_eq!(message, Ok(expected));
    }

    #[test]
    fn element_that_is_not_a_notification_is_rejected() {
        assert_eq!(announcement().message(&json!("text"), "x"), Err(Rejection::Shape));
    }
}
