use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::notification::envelope::tests::any_json;
use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::exists::{ImageExists, InstanceExists};
use crate::usage::image::Image;
use crate::usage::launch::{FlavorRule, LaunchTime};
use crate::usage::status::Status;

fn at(text: &str) -> Micros {
    Micros::parse(text).expect("a time")
}

#[expect(clippy::needless_pass_by_value, reason = "what `json!` makes is handed on as it stands")]
fn notification(event_type: &str, payload: Value) -> Notification {
    let body = json!({
        "message_id": "m-1", "event_type": event_type, "publisher_id": "p", "timestamp": "2014-01-17 15:35:44",
        "_context_request_id": "req-1", "_context_project_id": "5", "payload": payload,
    });
    Notification::parse(&body, None).expect("it is usable")
}

fn recorded(event_type: &str, payload: Value) -> Result<Recording, Reason> {
    let notification = notification(event_type, payload);
    record(&notification, &notification.mark("-"))
}

fn fine(event_type: &str, payload: Value) -> Recording {
    recorded(event_type, payload).expect("it can be recorded")
}

fn effect(event_type: &str, payload: Value) -> Effect {
    let recording = fine(event_type, payload);
    assert_eq!(recording.warnings, [], "nothing is odd");
    recording.effect.expect("it does something")
}

fn launched() -> Value {
    json!({
        "instance_id": "i-1", "launched_at": "2014-01-17 10:00:00", "tenant_id": "9", "instance_type_id": 2,
        "instance_flavor_id": "performance1-1", "new_instance_type_id": 77,
        "image_meta": {
            "org.openstack__1__architecture": "x64", "org.openstack__1__os_distro": "com.ubuntu",
            "org.openstack__1__os_version": "12.04", "com.rackspace__1__options": 4, "os_distro": "ubuntu",
        },
    })
}

fn launch(event: &str, payload: Value) -> Option<LaunchChange> {
    match fine(&format!("compute.instance.{event}"), payload).effect {
        Some(Effect::Launch(change)) => Some(change),
        None => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_launch_event_has_its_rules() {
    let ten = at("2014-01-17 10:00:00");
    let (keep, fill, advance) = (LaunchTime::Keep, LaunchTime::Fill(ten), LaunchTime::Advance(ten));
    for (event, flavor, launched_at) in [
        ("create.start", FlavorRule::Overwrite, keep),
        ("rebuild.start", FlavorRule::Overwrite, fill),
        ("rescue.start", FlavorRule::Overwrite, fill),
        ("resize.prep.start", FlavorRule::Fill, fill),
        ("resize.revert.start", FlavorRule::Fill, fill),
        ("create.end", FlavorRule::Fill, advance),
        ("rebuild.end", FlavorRule::Fill, advance),
        ("rescue.end", FlavorRule::Fill, advance),
        ("finish_resize.start", FlavorRule::Overwrite, keep),
        ("finish_resize.end", FlavorRule::Overwrite, advance),
        ("resize.revert.end", FlavorRule::Overwrite, advance),
    ] {
        let change = launch(event, launched()).expect(event);
        assert_eq!((change.flavor, change.launched_at), (flavor, launched_at), "{event}");
        assert_eq!((change.instance.as_str(), change.request_id.as_str()), ("i-1", "req-1"), "{event}");
        assert_eq!(change.mark, Mark { at: at("2014-01-17 15:35:44"), message: "m-1".to_owned() }, "{event}");
        assert_eq!(change.instance_type_id.as_deref(), Some("2"), "{event}");
        assert_eq!(change.instance_flavor_id.as_deref(), Some("performance1-1"), "{event}");
        assert_eq!(change.tenant.as_deref(), Some("9"), "{event}");
        let image = &change.image;
        let fields = [&image.os_architecture, &image.os_distro, &image.os_version, &image.rax_options];
        assert_eq!(fields, ["x64", "com.ubuntu", "12.04", "4"], "{event}");
    }
}

#[test]
fn other_events_do_nothing() {
    for event in [
        "create.error",
        "resize.prep.end",
        "resize.start",
        "resize.end",
        "resize.confirm.start",
        "resize.confirm.end",
        "update",
        "delete.start",
        "soft_delete.end",
        "shutdown.end",
        "exists.verified",
        "exists.verified.old",
        "volume",
    ] {
        assert_eq!(fine(&format!("compute.instance.{event}"), launched()), Recording::default(), "{event}");
    }
    assert_eq!(fine("scheduler.run_instance.start", launched()), Recording::default());
    for event in ["create", "update", "upload", "prepare", "send", "exists.verified"] {
        assert_eq!(fine(&format!("image.{event}"), json!({"id": "img"})), Recording::default(), "{event}");
    }
}

#[test]
fn without_an_instance_nothing_happens() {
    for event in ["create.start", "create.end", "delete.end", "exists"] {
        for payload in [json!({}), json!({"instance_id": ""}), json!("text"), json!([1])] {
            assert_eq!(fine(&format!("compute.instance.{event}"), payload), Recording::default(), "{event}");
        }
    }
}

#[test]
fn the_service_decides_not_the_event_type() {
    for (event_type, service) in
        [("compute.instance.exists", Service::Glance), ("image.exists", Service::Nova)]
    {
        let mut notification = notification(event_type, json!({}));
        notification.service = service;
        assert_eq!(record(&notification, &notification.mark("-")), Ok(Recording::default()), "{event_type}");
    }
}

#[test]
fn a_create_that_did_not_succeed_is_ignored() {
    for (message, processed) in [
        (json!("Build aborted"), false),
        (json!("success"), false),
        (json!("Success"), true),
        (json!(""), true),
        (json!(null), true),
    ] {
        let mut payload = launched();
        payload["message"] = message.clone();
        assert_eq!(launch("create.end", payload.clone()).is_some(), processed, "{message}");
        assert!(launch("rebuild.end", payload).is_some(), "only create.end looks at the message");
    }
    assert!(launch("create.end", launched()).is_some());
}

#[test]
fn a_launch_time_that_is_missing_leaves_the_row_and_a_warning() {
    for (value, warning) in [
        (json!(null), "'launched_at' is missing"),
        (json!(""), "'launched_at' is missing"),
        (json!("soon"), "'launched_at' cannot be read"),
    ] {
        let mut payload = launched();
        payload["launched_at"] = value;
        for event in ["rebuild.start", "create.end", "resize.revert.end"] {
            let recording = fine(&format!("compute.instance.{event}"), payload.clone());
            let Some(Effect::Launch(change)) = recording.effect else { panic!("the row is kept") };
            assert_eq!(change.launched_at, LaunchTime::Keep, "{event}");
            assert_eq!(
                recording.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
                [warning],
                "{event}"
            );
        }
        let kept = fine("compute.instance.create.start", payload);
        assert_eq!(kept.warnings, [], "create.start does not look at it");
    }
}

#[test]
fn a_notification_without_request_or_image_has_empty_texts() {
    let body = json!({
        "event_type": "compute.instance.create.start", "publisher_id": "p", "timestamp": "2014-01-17 15:35:44",
        "payload": {"instance_id": "i-1", "image_meta": []},
    });
    let notification = Notification::parse(&body, None).expect("it is usable");
    let recording = record(&notification, &notification.mark("c#3")).expect("it can be recorded");
    let Some(Effect::Launch(change)) = recording.effect else { panic!("a launch") };
    assert_eq!((change.request_id.as_str(), change.mark.message.as_str()), ("", "c#3"));
    assert_eq!(
        (change.image, change.tenant, change.instance_type_id),
        (launch::Image::default(), None, None)
    );
}

#[test]
fn a_delete_takes_terminated_at_before_deleted_at() {
    let (one, two) = ("2014-01-17 11:00:00", "2014-01-17 12:00:00");
    for (terminated_at, deleted_at, expected) in [
        (json!(one), json!(two), Some(one)),
        (json!(""), json!(two), Some(two)),
        (json!(null), json!(two), Some(two)),
        (json!(""), json!(""), None),
        (json!(null), json!(null), None),
    ] {
        let mut payload = launched();
        payload["terminated_at"] = terminated_at;
        payload["deleted_at"] = deleted_at;
        let Effect::InstanceDelete(delete) = effect("compute.instance.delete.end", payload) else {
            panic!("a delete")
        };
        assert_eq!(delete.deleted_at, expected.map(at));
        assert_eq!((delete.instance.as_str(), delete.launched_at), ("i-1", at("2014-01-17 10:00:00")));
    }
}

#[test]
fn deletes_and_exists_without_launch_time_make_no_row() {
    for event_type in ["compute.instance.delete.end", "compute.instance.exists"] {
        for launched_at in [json!(""), json!(null)] {
            let mut payload = exists();
            payload["launched_at"] = launched_at;
            let expected = Recording::nothing(Warning::Without("launched_at"));
            assert_eq!(fine(event_type, payload), expected, "{event_type}");
        }
        let mut payload = exists();
        payload["launched_at"] = json!("soon");
        assert_eq!(recorded(event_type, payload), Err(Reason::Unreadable(Unreadable("launched_at"))));
    }
    let mut payload = launched();
    payload["terminated_at"] = json!("soon");
    let refused = recorded("compute.instance.delete.end", payload);
    assert_eq!(refused, Err(Reason::Unreadable(Unreadable("terminated_at"))));
}

fn exists() -> Value {
    let mut payload = launched();
    payload["deleted_at"] = json!("");
    payload["audit_period_beginning"] = json!("2014-01-17 00:00:00");
    payload["audit_period_ending"] = json!("2014-01-17T23:59:59.5+00:00");
    payload["bandwidth"] = json!({"public": {"bw_in": 1, "bw_out": 697_240_969}});
    payload["image_meta"]["image_type"] = json!("import");
    payload
}

fn instance_exists(payload: Value) -> NewInstanceExists {
    match effect("compute.instance.exists", payload) {
        Effect::InstanceExists(exists) => exists,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_exists_is_read_and_becomes_a_pending_record() {
    let read = instance_exists(exists());
    assert_eq!((read.deleted_at, read.bandwidth_public_out), (None, 697_240_969));
    let row = InstanceExists::new(7, read, 5, &notification("compute.instance.exists", exists()));
    insta::assert_json_snapshot!(row, @r#"
    {
      "id": 7,
      "in": "i-1",
      "la": 1389952800000000,
      "da": null,
      "ab": 1389916800000000,
      "ae": 1390003199500000,
      "ty": "2",
      "fl": "performance1-1",
      "tn": "9",
      "oa": "x64",
      "od": "com.ubuntu",
      "ov": "12.04",
      "ro": "4",
      "it": 259,
      "bw": 697240969,
      "mi": "m-1",
      "raw": 5,
      "rc": 1389972944000000,
      "us": null,
      "de": null,
      "st": "pending",
      "fr": null,
      "ss": 0,
      "ei": null,
      "tk": 0
    }
    "#);
}

#[test]
fn bandwidth_is_nothing_where_any_level_is_missing() {
    for (bandwidth, expected) in [
        (json!(null), 0),
        (json!({}), 0),
        (json!("text"), 0),
        (json!({"public": null}), 0),
        (json!({"public": {}}), 0),
        (json!({"public": {"bw_out": null}}), 0),
        (json!({"public": {"bw_out": ""}}), 0),
        (json!({"public": {"bw_out": "12"}}), 12),
        (json!({"private": {"bw_out": 5}}), 0),
    ] {
        let mut payload = exists();
        payload["bandwidth"] = bandwidth.clone();
        assert_eq!(instance_exists(payload).bandwidth_public_out, expected, "{bandwidth}");
    }
    let mut payload = exists();
    payload["bandwidth"] = json!({"public": {"bw_out": "much"}});
    assert_eq!(recorded("compute.instance.exists", payload), Err(Reason::Unreadable(Unreadable("bw_out"))));
}

#[test]
fn an_exists_without_its_audit_period_is_set_aside() {
    for (field, value, reason) in [
        ("audit_period_beginning", json!(null), "'audit_period_beginning' is missing"),
        ("audit_period_ending", json!(""), "'audit_period_ending' is missing"),
        ("audit_period_ending", json!("later"), "'audit_period_ending' cannot be read"),
        ("deleted_at", json!("later"), "'deleted_at' cannot be read"),
    ] {
        let mut payload = exists();
        payload[field] = value;
        let refused = recorded("compute.instance.exists", payload).expect_err("it is set aside");
        assert_eq!(refused.to_string(), reason);
    }
}

#[test]
fn an_activation_makes_an_image_every_time() {
    let payload = json!({"id": "img", "created_at": "2014-01-17T10:00:00", "owner": "7", "size": "2048"});
    let Effect::Image(new) = effect("image.activate", payload) else { panic!("an image") };
    let event = Mark { at: Micros(1), message: "m".to_owned() };
    let image = Image::new(3, &new, 9, event.clone());
    let expected = Image {
        id: 3,
        uuid: "img".to_owned(),
        created_at: at("2014-01-17 10:00:00"),
        owner: Some("7".to_owned()),
        size: 2_048,
        last_raw: 9,
        event,
    };
    assert_eq!(image, expected);
}

#[test]
fn an_activation_without_what_its_row_needs_is_set_aside() {
    for (field, value, reason) in [
        ("id", json!(""), "'id' is missing"),
        ("created_at", json!(null), "'created_at' is missing"),
        ("size", json!(null), "'size' is missing"),
        ("size", json!("big"), "'size' cannot be read"),
    ] {
        let mut payload =
            json!({"id": "img", "created_at": "2014-01-17T10:00:00", "owner": null, "size": 2_048});
        payload[field] = value;
        let refused = recorded("image.activate", payload).expect_err("it is set aside");
        assert_eq!(refused.to_string(), reason);
    }
}

#[test]
fn an_image_delete_looks_beside_the_payload_first() {
    let (one, two) = ("2014-01-17 11:00:00", "2014-01-17 12:00:00");
    for (beside, within, expected) in [
        (json!(one), json!(two), Some(one)),
        (json!(""), json!(two), Some(two)),
        (json!(null), json!(""), None),
    ] {
        let body = json!({
            "event_type": "image.delete", "publisher_id": "p", "timestamp": "2014-01-17 15:35:44",
            "deleted_at": beside, "payload": {"id": "img", "deleted_at": within},
        });
        let notification = Notification::parse(&body, None).expect("it is usable");
        let recording = record(&notification, &notification.mark("-")).expect("it can be recorded");
        let Some(Effect::ImageDelete(new)) = recording.effect else { panic!("a delete") };
        let delete = ImageDelete::new(1, &new, 2, notification.mark("-"));
        assert_eq!((delete.uuid.as_str(), delete.deleted_at, delete.raw), ("img", expected.map(at), 2));
    }
    let refused = recorded("image.delete", json!({"deleted_at": one})).expect_err("it is set aside");
    assert_eq!(refused, Reason::Missing("id"));
}

#[expect(clippy::needless_pass_by_value, reason = "what `json!` makes is handed on as it stands")]
fn images(images: Value) -> Value {
    json!({
        "owner": "7", "audit_period_beginning": "2014-01-17 00:00:00", "audit_period_ending": "2014-01-17 23:59:59",
        "images": images,
    })
}

#[test]
fn a_list_of_images_becomes_one_record_each() {
    let payload = images(json!([
        {"id": "a", "created_at": "2014-01-17T10:00:00", "deleted_at": null, "size": 1},
        {"id": "b", "created_at": "2014-01-17T11:00:00", "deleted_at": "2014-01-17T12:00:00", "size": 2},
        {"id": "c", "created_at": "2014-01-17T11:00:00", "size": "3"},
    ]));
    let Effect::ImageExists(new) = effect("image.exists", payload.clone()) else { panic!("exists") };
    let rows = ImageExists::group(10, new, 4, &notification("image.exists", payload));
    let fields: Vec<_> =
        rows.iter().map(|row| (row.id, row.uuid.as_str(), row.deleted_at, row.size)).collect();
    let deleted_at = Some(at("2014-01-17 12:00:00"));
    assert_eq!(fields, [(10, "a", None, 1), (11, "b", deleted_at, 2), (12, "c", None, 3)]);
    for row in &rows {
        assert_eq!((row.group_first, row.group_size, row.owner.as_deref()), (10, 3, Some("7")));
        assert_eq!((row.progress.raw, row.progress.message_id.as_deref()), (4, Some("m-1")));
        assert_eq!((row.progress.status, row.progress.send_status), (Status::Pending, 0));
    }
}

#[test]
fn an_image_that_cannot_be_recorded_is_left_out_and_the_others_are_kept() {
    let good = json!({"id": "a", "created_at": "2014-01-17T10:00:00", "size": 1});
    let other = json!({"id": "a", "created_at": "2014-01-17T10:00:00", "size": 2});
    let recording = fine(
        "image.exists",
        images(json!([
            {"id": "b", "created_at": null, "size": 1}, good, {"id": "", "size": 1}, "text", good, other,
            {"id": "c", "created_at": "2014-01-17T10:00:00"}, {"id": "x".repeat(256), "size": 1},
            {"id": "d", "created_at": "2014-01-17T10:00:00", "deleted_at": "later", "size": 1},
        ])),
    );
    let Some(Effect::ImageExists(new)) = recording.effect else { panic!("exists") };
    assert_eq!(new.images.iter().map(|image| image.size).collect::<Vec<_>>(), [1, 2]);
    let long = "x".repeat(256);
    let warnings: Vec<_> = recording.warnings.iter().map(|w| w.to_string().replace(&long, "x…")).collect();
    assert_eq!(
        warnings,
        [
            "image 0 (b) is left out: 'created_at' is missing",
            "image 2 (no id) is left out: 'id' is missing",
            "image 3 (no id) is left out: 'id' is missing",
            "image 4 (a) is left out: it is listed already",
            "image 6 (c) is left out: 'size' is missing",
            "image 7 (x…) is left out: 'id' is longer than 255 bytes",
            "image 8 (d) is left out: 'deleted_at' cannot be read",
        ]
    );
}

#[test]
fn a_glance_payload_of_text_does_nothing() {
    for event_type in ["image.activate", "image.delete", "image.exists"] {
        let recording = fine(event_type, json!("No space left on device"));
        assert_eq!(recording, Recording::nothing(Warning::NoObject), "{event_type}");
    }
    assert_eq!(fine("image.exists", images(json!(null))), Recording::nothing(Warning::Without("images")));
    assert_eq!(fine("image.exists", images(json!([]))), Recording::default());
    let mut payload = images(json!([]));
    payload["audit_period_ending"] = json!("");
    assert_eq!(recorded("image.exists", payload), Err(Reason::Missing("audit_period_ending")));
}

#[test]
fn a_delete_row_has_the_values_of_its_event() {
    let mut payload = launched();
    payload["terminated_at"] = json!("2014-01-17 11:00:00");
    let Effect::InstanceDelete(new) = effect("compute.instance.delete.end", payload) else {
        panic!("a delete")
    };
    let delete = InstanceDelete::new(1, &new, 2, Mark { at: Micros(3), message: "m".to_owned() });
    assert_eq!((delete.id, delete.raw, delete.version, delete.newest.at), (1, 2, 1, Micros(3)));
    assert_eq!((delete.launched_at, delete.deleted_at), (new.launched_at, new.deleted_at));
}

proptest! {
    #[test]
    fn recording_never_panics(
        event in prop::sample::select(vec!["compute.instance.exists", "compute.instance.create.end",
            "compute.instance.delete.end", "image.exists", "image.activate", "image.delete"]),
        field in prop::sample::select(vec!["launched_at", "deleted_at", "audit_period_ending", "image_meta", "bandwidth",
            "images", "size", "id", "owner", "tenant_id", "message", "terminated_at", "instance_type_id"]),
        value in any_json(),
    ) {
        let mut payload = exists();
        payload["images"] = json!([{"id": "a", "created_at": "2014-01-17T10:00:00", "size": 1}]);
        payload[field] = value;
        let _ = recorded(event, payload);
    }
}
