//! Verdicts on usage records.

use uuid::Uuid;

use super::verdict::{FAILED, VERIFIED, WARNINGS};
use super::*;
use crate::notification::event::Value;
use crate::time::Micros;

const STREAM: u64 = 42;
const EXISTS_ID: &str = "5a1d7e5a-3bfb-4e1f-9b59-2f1f9f4c1c11";

fn at(text: &str) -> Value {
    Value::Datetime(Micros::parse(text).expect(text))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn event(event_type: &str, message_id: &str, traits: &[(&str, Value)]) -> Event {
    let timestamp = Micros::parse("2024-03-15 00:10:00").expect("a valid time");
    let traits = traits.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Event { message_id: message_id.to_owned(), event_type: event_type.to_owned(), timestamp, traits }
}

/// The record of an active instance that was launched before the audit period, with changed traits.
fn exists(changed: &[(&str, Option<Value>)]) -> Event {
    let mut exists = event(
        EXISTS,
        EXISTS_ID,
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

/// The record of an instance that was deleted at this time, with changed traits.
fn deleted(deleted_at: &str, changed: &[(&str, Option<Value>)]) -> Event {
    let own = [("state", Some(text("deleted"))), ("deleted_at", Some(at(deleted_at)))];
    exists(&[&own[..], changed].concat())
}

fn delete_end(traits: &[(&str, Value)]) -> Event {
    event("compute.instance.delete.end", "d-1", traits)
}

fn formatted(event: &Event) -> String {
    let head = format!("{} {} {}", event.event_type, event.message_id, event.timestamp);
    let traits = event.traits.iter().map(|(name, value)| format!("{name}: {value:?}"));
    std::iter::once(head).chain(traits).collect::<Vec<_>>().join("\n")
}

/// The error code and text of the verdict on a record after these events. `None` if it is verified.
fn failure(before: &[Event], exists: &Event) -> Option<(String, String)> {
    let verdicts =
        verify(STREAM, &[before, std::slice::from_ref(exists)].concat()).expect("the run succeeds");
    let verdict = verdicts.last().expect("a verdict");
    let trait_of = |name: &str| match verdict.get(name) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    };
    let error = trait_of("error").expect("every verdict has an error text");
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
    failure(before, exists).map(|(code, _)| code)
}

#[test]
fn a_record_of_an_old_instance_without_events_is_verified() {
    assert_eq!(failure(&[], &exists(&[])), None);
}

#[test]
fn u0_events_without_a_record() {
    let update =
        event("compute.instance.update", "u-1", &[("instance_id", text("i-1")), ("state", text("active"))]);
    let later = event("compute.instance.update", "u-2", &[("instance_id", text("i-1"))]);
    let verdicts = verify(STREAM, &[exists(&[]), update, later]).expect("the run succeeds");
    assert_eq!(verdicts.len(), 2);
    insta::assert_snapshot!(formatted(&verdicts[1]), @r#"
    compute.instance.exists.failed e02bfb51-b922-5bfb-b1a3-c9709c2bcfa9 2024-03-15 00:10:00
    error: Text("no .exists follows these events")
    error_code: Text("U0")
    instance_id: Text("i-1")
    stream_id: Int(42)
    "#);
}

#[test]
fn u1_active_record_without_launched_at() {
    let expected = Some(fault("U1", ".exists has no launched_at"));
    assert_eq!(failure(&[], &exists(&[("launched_at", None)])), expected);
    assert_eq!(failure(&[], &exists(&[("launched_at", Some(text("")))])), expected);
    assert_eq!(failure(&[], &exists(&[("launched_at", None), ("state", Some(text("error")))])), None);
    assert_eq!(failure(&[], &exists(&[("launched_at", None), ("state", None)])), None);
}

#[test]
fn u8_launch_in_the_audit_period_without_events() {
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
fn u2_record_conflicts_with_the_last_operation() {
    for operation in ["rebuild.end", "finish_resize.end", "rescue.end"] {
        let operation = event(
            &format!("compute.instance.{operation}"),
            "o-1",
            &[("launched_at", at("2024-03-01 09:00:00.5")), ("tenant_id", text("t-2"))],
        );
        assert_eq!(
            failure(&[operation], &exists(&[])),
            Some(fault(
                "U2",
                "Conflicting 'launched_at' values ('2024-03-01 09:00:00.500000' != '2024-03-01 09:00:00')"
            ))
        );
    }
}

#[test]
fn traits_of_an_operation_are_compared_in_order_and_with_their_types() {
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
        let (code, error) = failure(&[differing(place)], &exists).expect("a conflict");
        assert_eq!(code, "U2");
        assert!(error.starts_with(&format!("Conflicting '{name}' values ('other' != '")), "{error}");
    }
    assert_eq!(failure(&[differing(same.len())], &exists), None);

    let mut as_text = differing(same.len());
    as_text.traits.insert("instance_flavor_id".to_owned(), text("2"));
    assert_eq!(
        failure(&[as_text], &exists),
        Some(fault("U2", "Conflicting 'instance_flavor_id' values ('2' != '2')"))
    );
}

#[test]
fn only_the_last_operation_is_compared() {
    let right = event("compute.instance.rescue.end", "o-2", &[("launched_at", at("2024-03-01 09:00:00"))]);
    let wrong = event("compute.instance.rebuild.end", "o-1", &[("launched_at", at("2024-03-02 09:00:00"))]);
    let other = event("compute.instance.create.end", "c-1", &[("launched_at", at("2024-03-02 09:00:00"))]);
    assert_eq!(code(&[wrong.clone(), right.clone(), other], &exists(&[])), None);
    assert_eq!(code(&[right, wrong], &exists(&[])).as_deref(), Some("U2"));
}

#[test]
fn a_trait_on_one_side_only_conflicts_with_none() {
    let operation =
        event("compute.instance.rebuild.end", "o-1", &[("launched_at", at("2024-03-01 09:00:00"))]);
    assert_eq!(
        failure(std::slice::from_ref(&operation), &exists(&[("os_distro", Some(text("ubuntu")))])),
        Some(fault("U2", "Conflicting 'os_distro' values ('None' != 'ubuntu')"))
    );
    assert_eq!(
        failure(&[operation], &exists(&[("launched_at", None), ("state", Some(text("error")))])),
        Some(fault("U2", "Conflicting 'launched_at' values ('2024-03-01 09:00:00' != 'None')"))
    );
}

#[test]
fn u3_deleted_at_in_another_state_than_deleted() {
    let exists = deleted("2024-03-14 12:00:00", &[("state", Some(text("active")))]);
    let expected = Some(fault("U3", ".exists has a deleted_at, but its state is not 'deleted'"));
    assert_eq!(failure(&[], &exists), expected);
    assert_eq!(failure(&[delete_end(&[]), delete_end(&[])], &exists), expected);
}

#[test]
fn u4_deletion_before_the_launch() {
    assert_eq!(
        failure(&[], &deleted("2024-02-28 12:00:00", &[])),
        Some(fault("U4", ".exists has a deleted_at before its launched_at"))
    );
    assert_eq!(failure(&[], &deleted("2024-03-01 09:00:00", &[])), None);
}

#[test]
fn deletion_without_launched_at_and_without_event_is_u1() {
    assert_eq!(code(&[], &deleted("2024-03-14 12:00:00", &[("launched_at", None)])).as_deref(), Some("U1"));
    let event = delete_end(&[("deleted_at", at("2024-03-14 12:00:00"))]);
    assert_eq!(code(&[event], &deleted("2024-03-14 12:00:00", &[("launched_at", None)])), None);
}

#[test]
fn u5_deletion_in_the_audit_period_without_event() {
    for (deleted_at, expected) in [
        ("2024-03-13 23:59:59.999999", None),
        ("2024-03-14 00:00:00", Some("U5")),
        ("2024-03-15 00:00:00", Some("U5")),
        ("2024-03-15 00:00:00.000001", None),
    ] {
        assert_eq!(code(&[], &deleted(deleted_at, &[])).as_deref(), expected, "{deleted_at}");
    }
    assert_eq!(
        failure(&[], &deleted("2024-03-14 12:00:00", &[])),
        Some(fault("U5", ".exists has a deleted_at in its audit period, but no .delete.end precedes it"))
    );
}

#[test]
fn u6_delete_event_before_a_record_without_deleted_at() {
    let expected = Some(fault("U6", ".exists has no deleted_at, but a .delete.end precedes it"));
    assert_eq!(failure(&[delete_end(&[])], &exists(&[])), expected);
    assert_eq!(failure(&[delete_end(&[])], &exists(&[("deleted_at", Some(text("")))])), expected);
    assert_eq!(failure(&[delete_end(&[]), delete_end(&[])], &exists(&[])), expected);
}

#[test]
fn u7_several_delete_events() {
    assert_eq!(
        failure(&[delete_end(&[]), delete_end(&[])], &deleted("2024-03-14 12:00:00", &[])),
        Some(fault("U7", "more than one .delete.end precedes the .exists"))
    );
}

#[test]
fn u2_record_conflicts_with_the_delete_event_and_is_named_first() {
    let deletion = delete_end(&[
        ("launched_at", at("2024-03-01 09:00:00")),
        ("deleted_at", at("2024-03-14 12:01:00.123456")),
    ]);
    assert_eq!(
        failure(std::slice::from_ref(&deletion), &deleted("2024-03-14 12:00:00.123456", &[])),
        Some(fault(
            "U2",
            "Conflicting 'deleted_at' values ('2024-03-14 12:00:00.123456' != '2024-03-14 12:01:00.123456')"
        ))
    );
    assert_eq!(failure(&[deletion], &deleted("2024-03-14 12:01:00.123456", &[])), None);
}

#[test]
fn a_partial_day_is_a_warning_unless_an_operation_explains_it() {
    let odd = [("audit_period_ending", Some(at("2024-03-14 12:00:00")))];
    let verdicts = verify(STREAM, &[exists(&odd)]).expect("the run succeeds");
    assert_eq!(verdicts.len(), 2);
    insta::assert_snapshot!(formatted(&verdicts[0]), @r#"
    compute.instance.exists.warnings d1b4ad84-fc6a-5170-a25d-379a9853bc82 2024-03-15 00:10:00
    instance_id: Text("i-1")
    publisher_id: Text("stv3")
    stream_id: Int(42)
    warnings: Text("Non-EOD .exists found (msg_id: 5a1d7e5a-3bfb-4e1f-9b59-2f1f9f4c1c11) with no operation event.")
    "#);
    assert_eq!(verdicts[1].event_type, VERIFIED);

    let operation =
        event("compute.instance.rebuild.end", "o-1", &[("launched_at", at("2024-03-01 09:00:00"))]);
    assert_eq!(verify(STREAM, &[operation, exists(&odd)]).expect("the run succeeds").len(), 1);
    let unlaunched = [&odd[..], &[("launched_at", None)]].concat();
    assert_eq!(verify(STREAM, &[exists(&unlaunched)]).expect("the run succeeds").len(), 1);
    let no_period = [("audit_period_ending", None)];
    assert_eq!(verify(STREAM, &[exists(&no_period)]).expect("the run succeeds").len(), 1);
    let other_hours = [
        ("audit_period_beginning", Some(at("2024-03-14 06:00:00"))),
        ("audit_period_ending", Some(at("2024-03-15 06:00:00"))),
    ];
    assert_eq!(verify(STREAM, &[exists(&other_hours)]).expect("the run succeeds").len(), 1);
}

#[test]
fn every_later_record_of_the_run_repeats_a_warning() {
    let mut first = exists(&[("audit_period_ending", Some(at("2024-03-14 12:00:00")))]);
    first.message_id = "00000000-0000-4000-8000-000000000001".to_owned();
    let verdicts = verify(STREAM, &[first, exists(&[])]).expect("the run succeeds");
    let types: Vec<&str> = verdicts.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, [WARNINGS, VERIFIED, WARNINGS, VERIFIED]);
    assert_eq!(verdicts[0].get("warnings"), verdicts[2].get("warnings"));
    assert_ne!(verdicts[0].message_id, verdicts[2].message_id);
}

#[test]
fn a_record_is_verified_against_the_events_since_the_previous_one() {
    let mut second = exists(&[]);
    second.message_id = "00000000-0000-4000-8000-000000000002".to_owned();
    let verdicts = verify(STREAM, &[delete_end(&[]), exists(&[]), second]).expect("the run succeeds");
    let types: Vec<&str> = verdicts.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, [FAILED, VERIFIED]);
}

#[test]
fn a_verdict_has_the_traits_of_the_record_and_defaults_for_billing() {
    let record = exists(&[("bandwidth_in", Some(text("7"))), ("error_code", Some(text("X")))]);
    let verdicts = verify(STREAM, &[record]).expect("the run succeeds");
    insta::assert_snapshot!(formatted(&verdicts[0]), @r#"
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
fn verdicts_have_stable_and_unique_message_ids() {
    let events = [
        exists(&[("audit_period_ending", Some(at("2024-03-14 12:00:00")))]),
        event("compute.instance.update", "u-1", &[]),
    ];
    let verdicts = verify(STREAM, &events).expect("the run succeeds");
    assert_eq!(verify(STREAM, &events).expect("the run succeeds"), verdicts);
    let mut ids: Vec<&str> = verdicts.iter().map(|event| event.message_id.as_str()).collect();
    assert!(ids.iter().all(|id| Uuid::parse_str(id).is_ok()), "{ids:?}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    let elsewhere = verify(STREAM + 1, &events).expect("the run succeeds");
    assert_ne!(elsewhere[2].message_id, verdicts[2].message_id);
}

#[test]
fn a_message_id_that_is_not_a_uuid_fails_the_run() {
    let mut record = exists(&[]);
    record.message_id = "not-a-uuid".to_owned();
    let error = verify(STREAM, &[exists(&[]), record]).expect_err("not a UUID");
    assert_eq!(error.to_string(), "usage: the message_id 'not-a-uuid' of a .exists is not a UUID");
}

#[test]
fn a_time_that_is_not_a_datetime_fails_the_run() {
    let error = verify(STREAM, &[exists(&[("deleted_at", Some(text("2024-03-14")))])]).expect_err("a text");
    assert_eq!(
        error.to_string(),
        format!("usage: 'deleted_at' of {EXISTS_ID} is not a datetime: check its definition")
    );
}

#[test]
fn no_events_yield_no_verdicts() {
    assert_eq!(verify(STREAM, &[]), Ok(Vec::new()));
}
