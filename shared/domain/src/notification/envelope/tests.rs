use proptest::prelude::*;
use serde_json::json;

use super::*;

fn body() -> Value {
    json!({
        "message_id": "m-1",
        "event_type": "compute.instance.update",
        "publisher_id": "compute.host-1",
        "timestamp": "2014-01-17 15:35:44.5",
        "_context_timestamp": "2014-01-17T15:35:40",
        "_context_request_id": "req-1",
        "_context_project_id": "5",
        "payload": {"instance_id": "i-1"},
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut body = body();
    body[name] = value;
    body
}

fn without(name: &str) -> Value {
    let mut body = body();
    body.as_object_mut().expect("an object").remove(name);
    body
}

fn read(element: &Value) -> Notification {
    Notification::parse(element, None).expect("a valid notification")
}

#[test]
fn all_forms_parse_to_the_same_notification() {
    let bare = read(&body());
    assert_eq!(bare.message_id.as_deref(), Some("m-1"));
    assert_eq!(bare.event_type, "compute.instance.update");
    assert_eq!(bare.publisher_id, "compute.host-1");
    assert_eq!(bare.timestamp.to_string(), "2014-01-17 15:35:44.500000");
    assert_eq!((bare.request_id.as_str(), bare.routing_key.as_deref()), ("req-1", None));
    assert_eq!((bare.service, bare.payload.clone()), (Service::Nova, json!({"instance_id": "i-1"})));

    let envelope = json!({"oslo.version": "2.0", "oslo.message": body().to_string()});
    let routed = Notification { routing_key: Some("notifications.info".to_owned()), ..bare.clone() };
    assert_eq!(read(&envelope), bare);
    assert_eq!(read(&json!({"oslo.version": "2.0", "oslo.message": body()})), bare);
    assert_eq!(read(&json!(["notifications.info", body()])), routed);
    assert_eq!(read(&json!(["notifications.info", envelope])), routed);
    assert_eq!(read(&json!([null, body()])), bare);
}

#[test]
fn an_invalid_element_is_rejected_with_its_reason() {
    let long = "x".repeat(256);
    for (element, reason) in [
        (json!(null), "neither an object nor a pair of routing key and object"),
        (json!("text"), "neither an object nor a pair of routing key and object"),
        (json!([]), "neither an object nor a pair of routing key and object"),
        (json!(["key"]), "neither an object nor a pair of routing key and object"),
        (json!(["key", "text"]), "neither an object nor a pair of routing key and object"),
        (json!(["key", body(), 1]), "neither an object nor a pair of routing key and object"),
        (json!({"oslo.message": "{"}), "'oslo.message' is not a JSON object"),
        (json!({"oslo.message": "[]"}), "'oslo.message' is not a JSON object"),
        (json!({"oslo.message": 1}), "'oslo.message' is not a JSON object"),
        (json!({}), "'event_type' is missing"),
        (with("event_type", json!("")), "'event_type' is missing"),
        (with("event_type", json!({})), "'event_type' is missing"),
        (without("publisher_id"), "'publisher_id' is missing"),
        (with("publisher_id", json!(null)), "'publisher_id' is missing"),
        (with("timestamp", json!("yesterday")), "'timestamp' cannot be read"),
        (with("timestamp", json!(5)), "'timestamp' cannot be read"),
        (with("message_id", json!(long)), "'message_id' is longer than 255 bytes"),
        (with("event_type", json!(long)), "'event_type' is longer than 255 bytes"),
        (with("_context_request_id", json!(long)), "'_context_request_id' is longer than 255 bytes"),
        (with("payload", json!({"instance_id": long})), "'instance' is longer than 255 bytes"),
    ] {
        let rejection = Notification::parse(&element, None).expect_err("an invalid notification");
        assert_eq!(rejection.to_string(), reason, "{element}");
    }
    let image = with("payload", json!({"id": long}));
    let rejection = Notification::parse(&image, Some(Service::Glance)).expect_err("an invalid notification");
    assert_eq!(rejection.to_string(), "'id' is longer than 255 bytes");
}

#[test]
fn an_empty_timestamp_falls_back_to_the_context_timestamp() {
    for element in [without("timestamp"), with("timestamp", json!("")), with("timestamp", json!(null))] {
        assert_eq!(read(&element).timestamp.to_string(), "2014-01-17 15:35:40");
    }
    let mut neither = without("timestamp");
    neither["_context_timestamp"] = json!("");
    assert_eq!(Notification::parse(&neither, None), Err(Rejection::Missing("timestamp")));
}

#[test]
fn optional_fields_have_defaults() {
    for (id, expected) in [
        (json!(""), None),
        (json!(null), None),
        (json!({}), None),
        (json!(true), None),
        (json!(17), Some("17")),
        (json!("x".repeat(255)), Some("x".repeat(255).as_str())),
    ] {
        assert_eq!(read(&with("message_id", id)).message_id.as_deref(), expected);
    }
    let bare = read(&json!({"event_type": "x", "publisher_id": "p", "timestamp": "2014-01-17 15:35:44"}));
    assert_eq!((bare.request_id.as_str(), bare.payload), ("", json!({})));
    assert_eq!(read(&with("payload", json!("an error"))).payload, json!("an error"));
    assert_eq!(read(&with("payload", json!(null))).payload, json!({}));
}

#[test]
fn the_service_is_given_or_derived_from_the_event_type() {
    for (event_type, given, expected) in [
        ("image.exists", None, Service::Glance),
        ("compute.instance.exists", None, Service::Nova),
        ("imagery", None, Service::Nova),
        ("snapshot_instance", None, Service::Nova),
        ("image.exists", Some(Service::Nova), Service::Nova),
        ("compute.instance.exists", Some(Service::Glance), Service::Glance),
    ] {
        let notification =
            Notification::parse(&with("event_type", json!(event_type)), given).expect("a valid notification");
        assert_eq!(notification.service, expected, "{event_type}");
    }
}

#[test]
fn the_instance_may_be_in_four_fields() {
    for (payload, expected) in [
        (json!({"instance_uuid": "a", "instance_id": "b"}), Some("a")),
        (json!({"instance_id": "b"}), Some("b")),
        (json!({"instance_uuid": "", "instance_id": "b"}), None),
        (
            json!({"instance_uuid": null, "exception": {"kwargs": {"uuid": "c"}}, "instance": {"uuid": "d"}}),
            Some("c"),
        ),
        (json!({"exception": "text", "instance": {"uuid": "d"}}), Some("d")),
        (json!({"instance_id": ""}), None),
        (json!("a string"), None),
    ] {
        let notification = read(&with("payload", payload.clone()));
        assert_eq!(notification.instance().as_deref(), expected, "{payload}");
    }
}

#[test]
fn the_tenant_falls_back_to_the_context_project() {
    for (payload, expected) in [
        (json!({"tenant_id": "9"}), Some("9")),
        (json!({"tenant_id": 9}), Some("9")),
        (json!({"tenant_id": ""}), Some("5")),
        (json!({}), Some("5")),
        (json!("a string"), Some("5")),
    ] {
        assert_eq!(read(&with("payload", payload.clone())).tenant().as_deref(), expected, "{payload}");
    }
}

#[test]
fn an_image_has_an_owner_and_optionally_an_instance() {
    let payload = json!({"id": "img", "owner": "7", "properties": {"instance_uuid": "i-9"}});
    let notification =
        Notification::parse(&with("payload", payload), Some(Service::Glance)).expect("a valid notification");
    assert_eq!(notification.image().as_deref(), Some("img"));
    assert_eq!(notification.tenant().as_deref(), Some("7"));
    assert_eq!(notification.instance().as_deref(), Some("i-9"));
}

#[test]
fn a_mark_without_message_id_uses_the_fallback() {
    assert_eq!(read(&body()).mark("chunk-1#0").message, "m-1");
    assert_eq!(read(&without("message_id")).mark("chunk-1#0").message, "chunk-1#0");
}

/// Generates arbitrary JSON of moderate size.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!("")),
        Just(json!("2014-01-17 15:35:44")),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("oslo.message".to_owned()),
        Just("payload".to_owned()),
        Just("uuid".to_owned()),
        "\\PC{0,6}".prop_map(String::from),
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(name.clone(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn parsing_never_panics(element in any_json(), glance: bool) {
        let service = if glance { Service::Glance } else { Service::Nova };
        let _ = Notification::parse(&element, Some(service));
    }

    #[test]
    fn known_fields_accept_or_reject_any_value(
        name in prop::sample::select(vec!["message_id", "event_type", "publisher_id", "timestamp", "payload",
            "_context_timestamp", "_context_request_id", "_context_project_id", "oslo.message"]),
        value in any_json(),
    ) {
        if let Ok(notification) = Notification::parse(&with(name, value), None) {
            prop_assert!(!notification.event_type.is_empty() && !notification.publisher_id.is_empty());
            prop_assert!(notification.message_id.as_deref() != Some(""));
        }
    }
}
