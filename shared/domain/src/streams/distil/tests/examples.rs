//! The documented examples.

use super::*;

/// The value of a trait with this definition in the documented notification, and whether there is a warning about it.
fn value(definition: &str) -> (Option<Value>, bool) {
    let (event, warnings) =
        event(&load(&format!("- event_type: '*'\n  traits: {{t: {definition}}}\n")), &notification());
    (event.get("t"), !warnings.is_empty())
}

#[test]
fn a_trait_has_the_first_value_of_its_fields_in_its_type() {
    for (definition, expected) in [
        ("{fields: payload.state}", Some(text("active"))),
        ("{fields: payload.memory_mb}", Some(text("512"))),
        ("{fields: payload.memory_mb, type: int}", Some(Value::Int(512))),
        ("{fields: payload.disk, type: int}", Some(Value::Int(20))),
        ("{fields: payload.weight, type: float}", Some(Value::Float(1.25))),
        ("{fields: payload.memory_mb, type: float}", Some(Value::Float(512.0))),
        ("{fields: payload.big, type: int}", Some(Value::Int(3))),
        ("{fields: payload.empty}", Some(text(""))),
        ("{fields: payload.empty, type: int}", None),
        ("{fields: [payload.nul, payload.nope, payload.state]}", Some(text("active"))),
        ("{fields: [payload.empty, payload.state]}", Some(text(""))),
        ("{fields: [payload.empty, payload.disk], type: int}", None),
        ("{fields: payload.flag, type: text}", Some(text("True"))),
        ("{fields: payload.flag, type: int}", Some(Value::Int(1))),
        ("{fields: payload.launched_at, type: datetime}", Some(at("2024-03-15 10:20:30"))),
        ("{fields: payload.d, type: datetime}", Some(at("2024-03-15 00:00:00"))),
        (r#"{fields: "payload.image_meta.'org.openstack__1__os_distro'"}"#, Some(text("com.ubuntu"))),
        ("{fields: payload.image_meta.org.openstack__1__os_distro}", None),
        ("{fields: 'payload.ips[1].address'}", Some(text("10.0.0.2"))),
        ("{fields: 'payload.ips[*].address'}", Some(text("10.0.0.1"))),
        ("{fields: $..bw_in, type: int}", Some(Value::Int(7))),
        ("{fields: payload.ips}", Some(text(r#"[{"address":"10.0.0.1"},{"address":"10.0.0.2"}]"#))),
    ] {
        assert_eq!(value(definition), (expected, false), "{definition}");
    }
}

#[test]
fn a_plugin_computes_the_value_before_its_conversion() {
    for (definition, expected) in [
        ("{fields: publisher_id, plugin: split}", Some(text("compute"))),
        (
            "{fields: publisher_id, plugin: {name: split, parameters: {segment: 1, max_split: 1}}}",
            Some(text("node7.dc1")),
        ),
        ("{fields: publisher_id, plugin: {name: split, parameters: {segment: 1}}}", Some(text("node7"))),
        ("{fields: publisher_id, plugin: {name: split, parameters: {segment: 9}}}", None),
        ("{fields: publisher_id, plugin: {name: split, parameters: {segment: -1}}}", Some(text("dc1"))),
        ("{fields: payload.nope, plugin: split}", None),
        (
            "{fields: payload.memory_mb, type: int, plugin: {name: split, parameters: {separator: '1'}}}",
            Some(Value::Int(5)),
        ),
        (
            "{fields: [payload.state, payload.flag, payload.memory_mb], type: int, plugin: {name: bitfield, parameters: \
             {initial_bitfield: 8, flags: [{path: payload.state, bit: 0, value: active}, {path: payload.flag, bit: 1}, \
             {path: payload.memory_mb, bit: 2, value: 1024}]}}}",
            Some(Value::Int(11)),
        ),
        ("{fields: payload.nope, type: int, plugin: bitfield}", Some(Value::Int(0))),
        ("{fields: payload.nope, plugin: bitfield}", Some(text("0"))),
    ] {
        assert_eq!(value(definition), (expected, false), "{definition}");
    }
}

#[test]
fn a_malformed_value_only_drops_its_trait() {
    let definitions = load(
        "- event_type: '*'\n  traits:\n    t: {fields: payload.weight, type: int}\n    state: {fields: payload.state}\n",
    );
    let (event, warnings) = event(&definitions, &notification());
    assert_eq!((event.get("t"), event.get("state")), (None, Some(text("active"))));
    assert_eq!(warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), ["t: invalid int \"1.25\""]);
}

#[test]
fn only_the_last_matching_definition_applies() {
    let definitions = load(
        "- event_type: compute.*\n  traits: {a: {fields: payload.state}}\n\
         - event_type: compute.instance.create.*\n  traits: {b: {fields: payload.state}}\n\
         - event_type: image.*\n  traits: {c: {fields: payload.state}}\n",
    );
    let (event, _) = event(&definitions, &notification());
    let names: Vec<&str> = event.traits.keys().map(String::as_str).collect();
    assert_eq!(names, ["b", "request_id", "service", "tenant_id"]);
}

#[test]
fn definitions_may_override_the_default_traits() {
    let definitions = load("- event_type: '*'\n  traits: {}\n");
    let mut notification = notification();
    let (first, _) = event(&definitions, &notification);
    assert_eq!(first.get("service"), Some(text("compute.node7.dc1")));
    assert_eq!(first.get("request_id"), Some(text("req-9")));
    assert_eq!(first.get("tenant_id"), Some(text("t-1")));

    notification["payload"] = json!({});
    assert_eq!(event(&definitions, &notification).0.get("tenant_id"), Some(text("ctx-t")));
    notification.remove("_context_tenant");
    assert_eq!(event(&definitions, &notification).0.get("tenant_id"), None);

    let own = load("- event_type: '*'\n  traits: {service: {fields: payload.nope}}\n");
    let (event, _) = event(&own, &notification);
    assert_eq!((event.get("service"), event.get("request_id")), (None, Some(text("req-9"))));
}

#[test]
fn a_notification_without_a_matching_definition_is_dropped() {
    for pattern in ["'!compute.*'", "Compute.*", "[]", "['compute.*', '!*.end']"] {
        let definitions = load(&format!("- event_type: {pattern}\n  traits: {{}}\n"));
        assert_eq!(dropped(&definitions, &notification()), DropReason::NoDefinition, "{pattern}");
    }
    assert_eq!(dropped(&load("[]"), &notification()), DropReason::NoDefinition);
}

#[test]
fn a_notification_without_event_type_or_message_id_is_dropped() {
    let definitions = load("- event_type: '*'\n  traits: {}\n");
    for (name, reason) in [("event_type", DropReason::NoEventType), ("message_id", DropReason::NoMessageId)] {
        for value in [json!(null), json!(""), json!(" "), json!([]), json!(true)] {
            let mut notification = notification();
            notification[name] = value;
            assert_eq!(dropped(&definitions, &notification), reason);
        }
        let mut notification = notification();
        notification.remove(name);
        assert_eq!(dropped(&definitions, &notification), reason);
    }
}

#[test]
fn a_notification_without_traits_is_dropped() {
    let bare =
        map(json!({"event_type": "a", "message_id": "m", "timestamp": "2024-03-15", "payload": {"x": 1}}));
    let definitions = load("- event_type: '*'\n  traits: {t: {fields: payload.nope}}\n");
    assert_eq!(dropped(&definitions, &bare), DropReason::NoTraits);
    let definitions = load("- event_type: '*'\n  traits: {t: {fields: payload.x}}\n");
    assert_eq!(event(&definitions, &bare).0.get("t"), Some(text("1")));
}

#[test]
fn only_an_absent_timestamp_falls_back_to_the_context() {
    let definitions = load("- event_type: '*'\n  traits: {}\n");
    for (timestamp, context, expected, warned) in [
        (Some(json!("2024-03-15 12:00:00.5")), Some("2024-03-14"), Some(at("2024-03-15 12:00:00.5")), false),
        (Some(json!("2024-03-15T12:00:00.123456789Z")), None, Some(at("2024-03-15 12:00:00.123456")), false),
        (None, Some("2024-03-14"), Some(at("2024-03-14 00:00:00")), false),
        (None, None, Some(Value::Datetime(NOW)), false),
        (Some(json!("")), Some("2024-03-14"), Some(Value::Datetime(NOW)), false),
        (Some(json!(null)), Some("2024-03-14"), Some(Value::Datetime(NOW)), false),
        (Some(json!("soon")), Some("2024-03-14"), Some(Value::Datetime(NOW)), true),
        (Some(json!(7)), None, Some(Value::Datetime(NOW)), true),
    ] {
        let mut notification = notification();
        notification.remove("timestamp");
        let named =
            [("timestamp", timestamp.clone()), ("_context_timestamp", context.map(|context| json!(context)))];
        notification.extend(named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        let (event, warnings) = event(&definitions, &notification);
        assert_eq!((event.get("timestamp"), !warnings.is_empty()), (expected, warned), "{timestamp:?}");
    }
}
