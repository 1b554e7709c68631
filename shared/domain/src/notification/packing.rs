//! Pure. Cutting a request body into notifications, and packing those into queue messages.

use std::fmt::Write as _;

use serde_json::value::RawValue;

use crate::error::{Error, Kind};
use crate::notification::event::Event;
use crate::notification::service::Service;
use crate::time::Micros;

/// Notifications that one queue message holds at most: its counters then fit one transaction.
pub const CHUNK_NOTIFICATIONS: usize = 20;
/// Bytes of a queue message, unless a single notification is larger: the queue bills in steps of 64 KiB.
pub const CHUNK_BYTES: usize = 60_000;
/// Bytes that a single notification may have, as escaped ASCII.
pub const NOTIFICATION_BYTES: usize = 200_000;
/// Notifications that one request may hold.
pub const REQUEST_NOTIFICATIONS: usize = 10_000;
/// Objects and lists that may lie in each other.
const DEPTH: usize = 64;
/// Room for the fields around the notifications.
const ENVELOPE_BYTES: usize = 160;

/// One notification of a request, as escaped ASCII JSON.
type Element = String;

/// Cuts a body into notifications: a list of them or one, each an object or a `[routing_key, body]` pair.
///
/// Refuses the whole body when it is not JSON, when an element is neither, or when something is too large or too deep.
pub fn elements(body: &[u8]) -> Result<Vec<Element>, Error> {
    let text =
        std::str::from_utf8(body).map_err(|cause| Error::invalid("The body is not UTF-8.").because(cause))?;
    check_depth(text)?;
    let whole: &RawValue = serde_json::from_str(text).map_err(|cause| not_json(&cause))?;
    let elements = match first_byte(whole) {
        b'[' if is_pair(whole) => vec![whole],
        b'[' => serde_json::from_str::<Vec<&RawValue>>(whole.get()).map_err(|cause| not_json(&cause))?,
        b'{' => vec![whole],
        _ => return Err(Error::invalid("A list of notifications, or one notification, is expected.")),
    };
    if elements.len() > REQUEST_NOTIFICATIONS {
        return Err(too_large(format!("A request may hold {REQUEST_NOTIFICATIONS} notifications.")));
    }
    elements.into_iter().enumerate().map(|(number, element)| self::element(number, element)).collect()
}

fn element(number: usize, element: &RawValue) -> Result<Element, Error> {
    if first_byte(element) != b'{' && !is_pair(element) {
        return Err(Error::invalid(format!(
            "Element {number} is no notification: an object or a [routing_key, body] pair is expected."
        )));
    }
    let ascii = ascii(element.get());
    if ascii.len() > NOTIFICATION_BYTES {
        return Err(too_large(format!("Element {number} has more than {NOTIFICATION_BYTES} bytes.")));
    }
    Ok(ascii)
}

fn first_byte(value: &RawValue) -> u8 {
    value.get().bytes().next().unwrap_or_default()
}

fn is_pair(value: &RawValue) -> bool {
    serde_json::from_str::<(String, &RawValue)>(value.get()).is_ok_and(|(_, body)| first_byte(body) == b'{')
}

fn not_json(cause: &serde_json::Error) -> Error {
    Error::invalid(format!("The body is not JSON: {cause}."))
}

fn too_large(public: String) -> Error {
    Error::new(Kind::TooLarge, public)
}

/// Refuses JSON whose objects and lists lie too deep in each other, before anything recurses into it.
fn check_depth(text: &str) -> Result<(), Error> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return Err(too_large(format!("The body is nested more than {DEPTH} deep.")));
        }
    }
    Ok(())
}

/// The same JSON in ASCII: what is beyond can only stand inside texts, where an escape means the same.
pub fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// Packs notifications into as few groups as their number and bytes allow, keeping their order.
pub fn pack(elements: Vec<Element>) -> Vec<Vec<Element>> {
    let mut groups: Vec<Vec<Element>> = Vec::new();
    let mut bytes = 0;
    for element in elements {
        match groups.last_mut() {
            Some(group) if group.len() < CHUNK_NOTIFICATIONS && bytes + element.len() < CHUNK_BYTES => {
                bytes += element.len() + 1;
                group.push(element);
            }
            _ => {
                bytes = ENVELOPE_BYTES + element.len();
                groups.push(vec![element]);
            }
        }
    }
    groups
}

/// The queue message of an announcement that is counted like a notification, and is none that streams collect.
pub fn echo(chunk: &str, service: Service, received: Micros, announcement: &str) -> String {
    format!(
        r#"{{"chunk":"{chunk}","service":"{service}","echo":true,"received":{},"notifications":[{announcement}]}}"#,
        received.0
    )
}

/// The queue message of events that a stream's pipeline made, each beside the fields of a notification.
pub fn made(chunk: &str, received: Micros, events: &[&Event]) -> Result<String, Error> {
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
    let message = serde_json::json!({"chunk": chunk, "synthetic": true, "received": received, "notifications": elements});
    Ok(ascii(&message.to_string()))
}

/// The queue message of one group, read back as [`crate::notification::message::NotificationChunk`].
pub fn message(chunk: &str, service: Option<Service>, received: Micros, group: &[Element]) -> String {
    let service = service.map(|service| format!(r#""service":"{service}","#)).unwrap_or_default();
    let notifications = group.join(",");
    format!(r#"{{"chunk":"{chunk}",{service}"received":{},"notifications":[{notifications}]}}"#, received.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::notification::message::NotificationChunk;

    #[test]
    fn a_body_is_a_list_or_one_notification_or_one_pair() {
        for (body, expected) in [
            ("[]", 0),
            ("{}", 1),
            (r#"[{"a":1},{"b":2}]"#, 2),
            (r#" [ ["compute.info", {"a":1}] ] "#, 1),
            (r#"["compute.info", {"a":1}]"#, 1),
        ] {
            assert_eq!(elements(body.as_bytes()).map(|list| list.len()).ok(), Some(expected), "{body}");
        }
    }

    #[test]
    fn a_body_that_is_wrong_anywhere_is_refused_whole() {
        let deep = "[".repeat(65) + &"]".repeat(65);
        let large = format!(r#"[{{"a":"{}"}}]"#, "x".repeat(NOTIFICATION_BYTES));
        let many = format!("[{}{{}}]", "{},".repeat(REQUEST_NOTIFICATIONS));
        for (body, kind) in [
            ("", Kind::Invalid),
            ("no", Kind::Invalid),
            ("7", Kind::Invalid),
            (r#"[{"a":1},7]"#, Kind::Invalid),
            (r#"[{"a":1},["x"]]"#, Kind::Invalid),
            (r#"[{"a":1}"#, Kind::Invalid),
            (&deep, Kind::TooLarge),
            (&large, Kind::TooLarge),
            (&many, Kind::TooLarge),
        ] {
            assert_eq!(elements(body.as_bytes()).expect_err("it is wrong").kind(), kind, "{body:.40}");
        }
        assert_eq!(elements(b"\xff").expect_err("it is no text").kind(), Kind::Invalid);
    }

    #[test]
    fn brackets_inside_texts_are_not_depth() {
        let body = format!(r#"{{"a":"\"{}"}}"#, "[".repeat(200));
        assert!(elements(body.as_bytes()).is_ok());
    }

    #[test]
    fn a_group_has_at_most_twenty_notifications_and_sixty_thousand_bytes() {
        let small = pack(vec!["{}".to_owned(); 45]);
        assert_eq!(small.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);

        let alone = "x".repeat(NOTIFICATION_BYTES);
        let mixed =
            pack(vec!["x".repeat(30_000), "x".repeat(29_000), "x".repeat(2_000), alone.clone(), alone]);
        assert_eq!(mixed.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1, 1]);
    }

    proptest! {
        #[test]
        fn a_message_is_ascii_and_holds_what_was_given(texts in prop::collection::vec("\\PC{0,40}", 1..60)) {
            let given: Vec<Value> = texts.iter().map(|text| serde_json::json!({ "text": text })).collect();
            let body = serde_json::to_vec(&given).expect("it is JSON");
            let mut read = Vec::new();
            for group in pack(elements(&body).expect("it is a list")) {
                let message = message("c", Some(Service::Glance), Micros(7), &group);
                prop_assert!(message.is_ascii() && message.len() <= CHUNK_BYTES);
                let chunk: NotificationChunk = serde_json::from_str(&message).expect("it is a chunk");
                prop_assert_eq!((chunk.service, chunk.received), (Some(Service::Glance), Micros(7)));
                read.extend(chunk.notifications);
            }
            prop_assert_eq!(read, given);
        }
    }
}
