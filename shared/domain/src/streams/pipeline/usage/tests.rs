//! What is said of which records.

use uuid::Uuid;

use super::*;
use crate::notification::event::Value;
use crate::time::Micros;

const STREAM: u64 = 42;
const OF_EXISTS: &str = "5a1d7e5a-3bfb-4e1f-9b59-2f1f9f4c1c11";

fn at(text: &str) -> Value {
    Value::Datetime(Micros::parse(text).expect(text))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn event(event_type: &str, message_id: &str, traits: &[(&str, Value)]) -> Event {
    let timestamp = Micros::parse("2024-03-15 00:10:00").expect("a time");
    let traits = traits.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Event { message_id: message_id.to_owned(), event_type: event_type.to_owned(), timestamp, traits }
}

/// The record of an active instance that was launched before the day it is about.
fn exists(changed: &[(&str, Option<Value>)]) -> Event {
    let mut exists = event(
        EXISTS,
        OF_EXISTS,
        &[
            ("instance_id", text("i-1")),
            ("state", text("active")),
            ("launched_at", at("2024-03-01 09:00:00")),
            ("audit_period_beginning", at("2024-03-14 00:00:00")),
            ("audit_period_ending", at("2024-03-15 00:00:00")),
        ],
    );
    for (name, value) in changed {
        match value {
            Some(value) => drop(exists.traits.insert((*name).to_owned(), value.clone())),
            None => drop(exists.traits.remove(*name)),
        }
    }
    exists
}

/// The same of an instance that was deleted at this time.
fn deleted(deleted_at: &str, changed: &[(&str, Option<Value>)]) -> Event {
    let own = [("state", Some(text("deleted"))), ("deleted_at", Some(at(deleted_at)))];
    exists(&[&own[..], changed].concat())
}

fn delete_end(traits: &[(&str, Value)]) -> Event {
    event("compute.instance.delete.end", "d-1", traits)
}

fn shown(event: &Event) -> String {
    let head = format!("{} {} {}", event.event_type, event.message_id, event.timestamp);
    let traits = event.traits.iter().map(|(name, value)| format!("{name}: {value:?}"));
    std::iter::once(head).chain(traits).collect::<Vec<_>>().join("\n")
}

/// What is said of a record after these events: code and text, or nothing when it is verified.
fn said(before: &[Event], exists: &Event) -> Option<(String, String)> {
    let synthetic =
        check(STREAM, &[before, std::slice::from_ref(exists)].concat()).expect("it can be checked");
    let verdict = synthetic.last().expect("there is a verdict");
    let trait_of = |name: &str| match verdict.get(name) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    };
    let error = trait_of("error").expect("there is always an error text");
    match (verdict.event_type.as_str(), trait_of("error_code")) {
        (FAILED, Some(code)) => Some((code, error)),
        (VERIFIED, None) => {
            assert_eq!(error, "None");
            None
        }
        other => panic!("{other:?}"),
    }
}

fn fault(code: &str, text: &str) -> (String, String) {
    (code.to_owned(), text.to_owned())
}

fn code(before: &[Event], exists: &Event) -> Option<String> {
    said(before, exists).map(|(code, _)| code)
}

#[test]
fn a_record_of_an_old_instance_without_events_is_verified() {
    assert_eq!(said(&[], &exists(&[])), None);
}

#[test]
fn u0_events_that_no_record_ends() {
    let update =
        event("compute.instance.update", "u-1", &[("instance_id", text("i-1")), ("state", text("active"))]);
    let later = event("compute.instance.update", "u-2", &[("instance_id", text("i-1"))]);
    let synthetic = check(STREAM, &[exists(&[]), update, later]).expect("it can be checked");
    assert_eq!(synthetic.len(), 2);
    insta::assert_snapshot!(shown(&synthetic[1]), @r#"
    compute.instance.exists.failed e02bfb51-b922-5bfb-b1a3-c9709c2bcfa9 2024-03-15 00:10:00
    error: Text("there are events, and no .exists after them")
    error_code: Text("U0")
    instance_id: Text("i-1")
    stream_id: Int(42)
    "#);
}

#[test]
fn u1_an_active_record_without_a_launch() {
    let expected = Some(fault("U1", ".exists has no launched_at"));
    assert_eq!(said(&[], &exists(&[("launched_at", None)])), expected);
    assert_eq!(said(&[], &exists(&[("launched_at", Some(text("")))])), expected);
    assert_eq!(said(&[], &exists(&[("launched_at", None), ("state", Some(text("error")))])), None);
    assert_eq!(said(&[], &exists(&[("launched_at", None), ("state", None)])), None);
}

#[test]
fn u8_a_launch_in_the_period_without_any_event() {
    let update = event("compute.instance.update", "u-1", &[]);
    for (launched_at, expected) in [
        ("2024-03-13 23:59:59.999999", None),
        ("2024-03-14 00:00:00", Some("U8")),
        ("2024-03-15 00:00:00", Some("U8")),
        ("2024-03-15 00:00:00.000001", None),
    ] {
        let exists = exists(&[("launched_at", Some(at(launched_at)))]);
        assert_eq!(code(&[], &exists).as_deref(), expected, "{launched_at}");
        assert_eq!(code(std::slice::from_ref(&update), &exists), None, "{launched_at}");
    }
    let no_period = [("launched_at", Some(at("2024-03-14 09:00:00"))), ("audit_period_ending", None)];
    assert_eq!(code(&[], &exists(&no_period)), None);
}

#[test]
fn u2_the_last_operation_says_something_else() {
    for operation in ["rebuild.end", "finish_resize.end", "rescue.end"] {
        let operation = event(
            &format!("compute.instance.{operation}"),
            "o-1",
            &[("launched_at", at("2024-03-01 09:00:00.5")), ("tenant_id", text("t-2"))],
        );
        assert_eq!(
            said(&[operation], &exists(&[])),
            Some(fault(
                "U2",
                "Conflicting 'launched_at' values ('2024-03-01 09:00:00.500000' != '2024-03-01 09:00:00')"
            ))
        );
    }
}

#[test]
fn the_traits_of_an_operation_are_compared_in_their_order_and_with_their_types() {
    let same = [
        ("launched_at", at("2024-03-01 09:00:00")),
        ("instance_flavor_id", Value::Int(2)),
        ("tenant_id", text("t")),
        ("os_architecture", text("x64")),
        ("os_version", text("12")),
        ("os_distro", text("ubuntu")),
    ];
    let changed: Vec<(&str, Option<Value>)> =
        same.iter().map(|(name, value)| (*name, Some(value.clone()))).collect();
    let exists = exists(&changed);
    let differing = |from: usize| {
        let traits: Vec<(&str, Value)> = same
            .iter()
            .enumerate()
            .map(|(place, (name, value))| (*name, if place < from { value.clone() } else { text("other") }))
            .collect();
        event("compute.instance.rebuild.end", "o-1", &traits)
    };
    for (place, (name, _)) in same.iter().enumerate() {
        let (code, error) = said(&[differing(place)], &exists).expect("they differ");
        assert_eq!(code, "U2");
        assert!(error.starts_with(&format!("Conflicting '{name}' values ('other' != '")), "{error}");
    }
    assert_eq!(said(&[differing(same.len())], &exists), None);

    let mut as_text = differing(same.len());
    as_text.traits.insert("instance_flavor_id".to_owned(), text("2"));
    assert_eq!(
        said(&[as_text], &exists),
        Some(fault("U2", "Conflicting 'instance_flavor_id' values ('2' != '2')"))
    );
}

#[test]
fn only_the_last_operation_counts_and_nothing_that_is_none() {
    let right = event("compute.instance.rescue.end", "o-2", &[("launched_at", at("2024-03-01 09:00:00"))]);
    let wrong = event("compute.instance.rebuild.end", "o-1", &[("launched_at", at("2024-03-02 09:00:00"))]);
    let other = event("compute.instance.create.end", "c-1", &[("launched_at", at("2024-03-02 09:00:00"))]);
    assert_eq!(code(&[wrong.clone(), right.clone(), other], &exists(&[])), None);
    assert_eq!(code(&[right, wrong], &exists(&[])).as_deref(), Some("U2"));
}

#[test]
fn a_trait_that_only_one_side_has_is_a_conflict_with_none() {
    let operation =
        event("compute.instance.rebuild.end", "o-1", &[("launched_at", at("2024-03-01 09:00:00"))]);
    assert_eq!(
        said(std::slice::from_ref(&operation), &exists(&[("os_distro", Some(text("ubuntu")))])),
        Some(fault("U2", "Conflicting 'os_distro' values ('None' != 'ubuntu')"))
    );
    assert_eq!(
        said(&[operation], &exists(&[("launched_at", None), ("state", Some(text("error")))])),
        Some(fault("U2", "Conflicting 'launched_at' values ('2024-03-01 09:00:00' != 'None')"))
    );
}

#[test]
fn u3_a_deletion_of_what_is_not_in_the_state_deleted() {
    let exists = deleted("2024-03-14 12:00:00", &[("state", Some(text("active")))]);
    let expected = Some(fault("U3", ".exists has a deleted_at, and its state is not 'deleted'"));
    assert_eq!(said(&[], &exists), expected);
    assert_eq!(said(&[delete_end(&[]), delete_end(&[])], &exists), expected);
}

#[test]
fn u4_a_deletion_before_the_launch() {
    assert_eq!(
        said(&[], &deleted("2024-02-28 12:00:00", &[])),
        Some(fault("U4", ".exists has a deleted_at that is before its launched_at"))
    );
    assert_eq!(said(&[], &deleted("2024-03-01 09:00:00", &[])), None);
}

#[test]
fn a_deletion_without_a_launch_and_without_its_event_is_u1_where_the_original_failed() {
    assert_eq!(code(&[], &deleted("2024-03-14 12:00:00", &[("launched_at", None)])).as_deref(), Some("U1"));
    let event = delete_end(&[("deleted_at", at("2024-03-14 12:00:00"))]);
    assert_eq!(code(&[event], &deleted("2024-03-14 12:00:00", &[("launched_at", None)])), None);
}

#[test]
fn u5_a_deletion_in_the_period_without_its_event() {
    for (deleted_at, expected) in [
        ("2024-03-13 23:59:59.999999", None),
        ("2024-03-14 00:00:00", Some("U5")),
        ("2024-03-15 00:00:00", Some("U5")),
        ("2024-03-15 00:00:00.000001", None),
    ] {
        assert_eq!(code(&[], &deleted(deleted_at, &[])).as_deref(), expected, "{deleted_at}");
    }
    assert_eq!(
        said(&[], &deleted("2024-03-14 12:00:00", &[])),
        Some(fault(
            "U5",
            ".exists has a deleted_at in its audit period, and there is no .delete.end before it"
        ))
    );
}

#[test]
fn u6_the_event_of_a_deletion_that_the_record_does_not_know() {
    let expected = Some(fault("U6", "there is a .delete.end, and the .exists after it has no deleted_at"));
    assert_eq!(said(&[delete_end(&[])], &exists(&[])), expected);
    assert_eq!(said(&[delete_end(&[])], &exists(&[("deleted_at", Some(text("")))])), expected);
    assert_eq!(said(&[delete_end(&[]), delete_end(&[])], &exists(&[])), expected);
}

#[test]
fn u7_several_events_of_a_deletion() {
    assert_eq!(
        said(&[delete_end(&[]), delete_end(&[])], &deleted("2024-03-14 12:00:00", &[])),
        Some(fault("U7", "there is more than one .delete.end before the .exists"))
    );
}

#[test]
fn u2_the_event_of_a_deletion_says_something_else_and_the_record_is_named_first() {
    let deletion = delete_end(&[
        ("launched_at", at("2024-03-01 09:00:00")),
        ("deleted_at", at("2024-03-14 12:01:00.123456")),
    ]);
    assert_eq!(
        said(std::slice::from_ref(&deletion), &deleted("2024-03-14 12:00:00.123456", &[])),
        Some(fault(
            "U2",
            "Conflicting 'deleted_at' values ('2024-03-14 12:00:00.123456' != '2024-03-14 12:01:00.123456')"
        ))
    );
    assert_eq!(said(&[deletion], &deleted("2024-03-14 12:01:00.123456", &[])), None);
}

#[test]
fn a_period_that_is_no_day_is_a_warning_unless_an_operation_explains_it() {
    let odd = [("audit_period_ending", Some(at("2024-03-14 12:00:00")))];
    let synthetic = check(STREAM, &[exists(&odd)]).expect("it can be checked");
    assert_eq!(synthetic.len(), 2);
    insta::assert_snapshot!(shown(&synthetic[0]), @r#"
    compute.instance.exists.warnings d1b4ad84-fc6a-5170-a25d-379a9853bc82 2024-03-15 00:10:00
    instance_id: Text("i-1")
    publisher_id: Text("stv3")
    stream_id: Int(42)
    warnings: Text("Non-EOD .exists found (msg_id: 5a1d7e5a-3bfb-4e1f-9b59-2f1f9f4c1c11) with no operation event.")
    "#);
    assert_eq!(synthetic[1].event_type, VERIFIED);

    let operation =
        event("compute.instance.rebuild.end", "o-1", &[("launched_at", at("2024-03-01 09:00:00"))]);
    assert_eq!(check(STREAM, &[operation, exists(&odd)]).expect("it can be checked").len(), 1);
    let unlaunched = [&odd[..], &[("launched_at", None)]].concat();
    assert_eq!(check(STREAM, &[exists(&unlaunched)]).expect("it can be checked").len(), 1);
    let no_period = [("audit_period_ending", None)];
    assert_eq!(check(STREAM, &[exists(&no_period)]).expect("it can be checked").len(), 1);
    let other_hours = [
        ("audit_period_beginning", Some(at("2024-03-14 06:00:00"))),
        ("audit_period_ending", Some(at("2024-03-15 06:00:00"))),
    ];
    assert_eq!(check(STREAM, &[exists(&other_hours)]).expect("it can be checked").len(), 1);
}

#[test]
fn a_warning_is_repeated_with_every_later_record_of_the_run() {
    let mut first = exists(&[("audit_period_ending", Some(at("2024-03-14 12:00:00")))]);
    first.message_id = "00000000-0000-4000-8000-000000000001".to_owned();
    let synthetic = check(STREAM, &[first, exists(&[])]).expect("it can be checked");
    let types: Vec<&str> = synthetic.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, [WARNINGS, VERIFIED, WARNINGS, VERIFIED]);
    assert_eq!(synthetic[0].get("warnings"), synthetic[2].get("warnings"));
    assert_ne!(synthetic[0].message_id, synthetic[2].message_id);
}

#[test]
fn each_record_is_checked_against_the_events_since_the_one_before() {
    let mut second = exists(&[]);
    second.message_id = "00000000-0000-4000-8000-000000000002".to_owned();
    let synthetic = check(STREAM, &[delete_end(&[]), exists(&[]), second]).expect("it can be checked");
    let types: Vec<&str> = synthetic.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, [FAILED, VERIFIED]);
}

#[test]
fn a_verdict_has_all_traits_of_the_record_and_defaults_for_billing() {
    let record = exists(&[("bandwidth_in", Some(text("7"))), ("error_code", Some(text("X")))]);
    let synthetic = check(STREAM, &[record]).expect("it can be checked");
    insta::assert_snapshot!(shown(&synthetic[0]), @r#"
    compute.instance.exists.verified 828f89a8-77c0-5120-bd91-8cdc3dd2e929 2024-03-15 00:10:00
    audit_period_beginning: Datetime(Micros(1710374400000000))
    audit_period_ending: Datetime(Micros(1710460800000000))
    bandwidth_in: Text("7")
    bandwidth_out: Int(0)
    error: Text("None")
    instance_id: Text("i-1")
    launched_at: Datetime(Micros(1709283600000000))
    original_message_id: Text("5a1d7e5a-3bfb-4e1f-9b59-2f1f9f4c1c11")
    publisher_id: Text("stv3")
    rax_options: Text("0")
    state: Text("active")
    stream_id: Int(42)
    "#);
}

#[test]
fn the_same_events_make_the_same_events_again_and_no_two_alike() {
    let events = [
        exists(&[("audit_period_ending", Some(at("2024-03-14 12:00:00")))]),
        event("compute.instance.update", "u-1", &[]),
    ];
    let synthetic = check(STREAM, &events).expect("it can be checked");
    assert_eq!(check(STREAM, &events).expect("it can be checked"), synthetic);
    let mut ids: Vec<&str> = synthetic.iter().map(|event| event.message_id.as_str()).collect();
    assert!(ids.iter().all(|id| Uuid::parse_str(id).is_ok()), "{ids:?}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    let elsewhere = check(STREAM + 1, &events).expect("it can be checked");
    assert_ne!(elsewhere[2].message_id, synthetic[2].message_id);
}

#[test]
fn a_record_whose_message_id_is_no_uuid_stops_the_run() {
    let mut record = exists(&[]);
    record.message_id = "not-a-uuid".to_owned();
    let error = check(STREAM, &[exists(&[]), record]).expect_err("it is no UUID");
    assert_eq!(error.to_string(), "usage: the message_id 'not-a-uuid' of a .exists is no UUID");
}

#[test]
fn a_time_that_is_no_datetime_stops_the_run() {
    let error =
        check(STREAM, &[exists(&[("deleted_at", Some(text("2024-03-14")))])]).expect_err("it is text");
    assert_eq!(
        error.to_string(),
        format!("usage: 'deleted_at' of {OF_EXISTS} is no datetime: see its definition")
    );
}

#[test]
fn no_events_lead_to_nothing() {
    assert_eq!(check(STREAM, &[]), Ok(Vec::new()));
}
