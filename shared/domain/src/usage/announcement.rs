//! Pure. What is sent downstream of a verified record: the notification as it came, under another event type.

use serde_json::Value;

use crate::notification::envelope::{Rejection, unwrap_element};

/// The announcement of the accepted `element`: its notification with this event type and this `message_id`, and the
/// former one as `original_message_id`, which the receiver confirms.
///
/// A pair of routing key and notification stays one; what came in an oslo.messaging envelope leaves without it. Nothing
/// else changes. An element that was no notification, and so never became a record, is refused.
pub fn announcement(element: &Value, event_type: &str, message_id: &str) -> Result<Value, Rejection> {
    let mut opened = unwrap_element(element)?;
    let original = opened.body.insert("message_id".to_owned(), message_id.into()).unwrap_or_default();
    opened.body.insert("original_message_id".to_owned(), original);
    opened.body.insert("event_type".to_owned(), event_type.into());
    let body = Value::Object(opened.body);
    Ok(match opened.routing_key {
        None => body,
        Some(routing_key) => Value::Array(vec![routing_key, body]),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
    fn each_form_is_announced_with_its_routing_key_and_without_its_envelope() {
        let envelope = json!({"oslo.version": "2.0", "oslo.message": body().to_string()});
        for (element, expected) in [
            (body(), announced()),
            (envelope.clone(), announced()),
            (json!(["notifications.info", body()]), json!(["notifications.info", announced()])),
            (json!(["notifications.info", envelope]), json!(["notifications.info", announced()])),
            (json!([null, body()]), json!([null, announced()])),
        ] {
            let announcement = announcement(&element, "compute.instance.exists.verified", "n-1");
            assert_eq!(announcement, Ok(expected), "{element}");
        }
    }

    #[test]
    fn one_without_message_id_has_no_original() {
        let announcement =
            announcement(&json!({"event_type": "image.exists"}), "image.exists.verified", "n-1");
        let expected =
            json!({"event_type": "image.exists.verified", "message_id": "n-1", "original_message_id": null});
        assert_eq!(announcement, Ok(expected));
    }

    #[test]
    fn what_was_no_notification_is_refused() {
        assert_eq!(announcement(&json!("text"), "x", "n-1"), Err(Rejection::Shape));
    }
}
