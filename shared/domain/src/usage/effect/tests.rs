use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::notification::envelope::tests::any_json;
use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::exists::{ImageExists, InstanceExists};
use crate::usage::image::Image;
use crate::usage::launch::{FlavorRule, LaunchTimeChange};
use crate::usage::status::Status;

fn at(text: &str) -> Micros {
    Micros::parse(text).expect("a valid time")
}

#[expect(clippy::needless_pass_by_value, reason = "callers pass `json!` values directly")]
fn notification(event_type: &str, payload: Value) -> Notification {
    let body = json!({
        "message_id": "m-1", "event_type": event_type, "publisher_id": "p", "timestamp": "2014-01-17 15:35:44",
        "_context_request_id": "req-1", "_context_project_id": "5", "payload": payload,
    });
    Notification::parse(&body, None).expect("a valid notification")
}

fn result(event_type: &str, payload: Value) -> Result<Interpretation, Defect> {
    let notification = notification(event_type, payload);
    interpret(&notification, &notification.mark("-"))
}

fn interpretation(event_type: &str, payload: Value) -> Interpretation {
    result(event_type, payload).expect("no defect")
}

fn effect(event_type: &str, payload: Value) -> Effect {
    let interpretation = interpretation(event_type, payload);
    assert_eq!(interpretation.warnings, []);
    interpretation.effect.expect("an effect")
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
    match interpretation(&format!("compute.instance.{event}"), payload).effect {
        Some(Effect::Launch(change)) => Some(change),
        None => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn launch_events_follow_their_rules() {
    let ten = at("2014-01-17 10:00:00");
    let (keep, fill, advance) =
        (LaunchTimeChange::Keep, LaunchTimeChange::Fill(ten), LaunchTimeChange::Advance(ten));
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
fn other_events_have_no_effect() {
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
        assert_eq!(
            interpretation(&format!("compute.instance.{event}"), launched()),
            Interpretation::default(),
            "{event}"
        );
    }
    assert_eq!(interpretation("scheduler.run_instance.start", launched()), Interpretation::default());
    for event in ["create", "update", "upload", "prepare", "send", "exists.verified"] {
        assert_eq!(
            interpretation(&format!("image.{event}"), json!({"id": "img"})),
            Interpretation::default(),
            "{event}"
        );
    }
}

#[test]
fn notification_without_instance_has_no_effect() {
    for event in ["create.start", "create.end", "delete.end", "exists"] {
        for payload in [json!({}), json!({"instance_id": ""}), json!("text"), json!([1])] {
            assert_eq!(
                interpretation(&format!("compute.instance.{event}"), payload),
                Interpretation::default(),
                "{event}"
            );
        }
    }
}

#[test]
fn service_selects_the_rules_whatever_the_event_type() {
    for (event_type, service) in
        [("compute.instance.exists", Service::Glance), ("image.exists", Service::Nova)]
    {
        let mut notification = notification(event_type, json!({}));
        notification.service = service;
        assert_eq!(
            interpret(&notification, &notification.mark("-")),
            Ok(Interpretation::default()),
            "{event_type}"
        );
    }
}

#[test]
fn unsuccessful_create_has_no_effect() {
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
        assert!(launch("rebuild.end", payload).is_some(), "only create.end reads the message");
    }
    assert!(launch("create.end", launched()).is_some());
}

#[test]
fn missing_launch_time_is_a_warning() {
    for (value, warning) in [
        (json!(null), "'launched_at' is missing"),
        (json!(""), "'launched_at' is missing"),
        (json!("soon"), "'launched_at' cannot be read"),
    ] {
        let mut payload = launched();
        payload["launched_at"] = value;
        for event in ["rebuild.start", "create.end", "resize.revert.end"] {
            let interpretation = interpretation(&format!("compute.instance.{event}"), payload.clone());
            let Some(Effect::Launch(change)) = interpretation.effect else { panic!("a launch") };
            assert_eq!(change.launched_at, LaunchTimeChange::Keep, "{event}");
            assert_eq!(
                interpretation.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
                [warning],
                "{event}"
            );
        }
        let kept = interpretation("compute.instance.create.start", payload);
        assert_eq!(kept.warnings, [], "create.start ignores it");
    }
}

#[test]
fn missing_request_and_image_metadata_are_empty_texts() {
    let body = json!({
        "event_type": "compute.instance.create.start", "publisher_id": "p", "timestamp": "2014-01-17 15:35:44",
        "payload": {"instance_id": "i-1", "image_meta": []},
    });
    let notification = Notification::parse(&body, None).expect("a valid notification");
    let interpretation = interpret(&notification, &notification.mark("c#3")).expect("no defect");
    let Some(Effect::Launch(change)) = interpretation.effect else { panic!("a launch") };
    assert_eq!((change.request_id.as_str(), change.mark.message.as_str()), ("", "c#3"));
    assert_eq!((change.image, change.tenant, change.instance_type_id), (ImageMeta::default(), None, None));
}

#[test]
fn terminated_at_takes_precedence_over_deleted_at() {
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
fn deletes_and_exists_without_launch_time_have_no_effect() {
    for event_type in ["compute.instance.delete.end", "compute.instance.exists"] {
        for launched_at in [json!(""), json!(null)] {
            let mut payload = exists();
            payload["launched_at"] = launched_at;
            let expected = Interpretation::ignored(Warning::Missing("launched_at"));
            assert_eq!(interpretation(event_type, payload), expected, "{event_type}");
        }
        let mut payload = exists();
        payload["launched_at"] = json!("soon");
        assert_eq!(result(event_type, payload), Err(Defect::Unreadable(Unreadable("launched_at"))));
    }
    let mut payload = launched();
    payload["terminated_at"] = json!("soon");
    let defect = result("compute.instance.delete.end", payload);
    assert_eq!(defect, Err(Defect::Unreadable(Unreadable("terminated_at"))));
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
fn exists_notification_creates_a_pending_record() {
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
fn bandwidth_is_zero_if_any_level_is_missing() {
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
    assert_eq!(result("compute.instance.exists", payload), Err(Defect::Unreadable(Unreadable("bw_out"))));
}

#[test]
fn exists_notification_requires_an_audit_period() {
    for (field, value, reason) in [
        ("audit_period_beginning", json!(null), "'audit_period_beginning' is missing"),
        ("audit_period_ending", json!(""), "'audit_period_ending' is missing"),
        ("audit_period_ending", json!("later"), "'audit_period_ending' cannot be read"),
        ("deleted_at", json!("later"), "'deleted_at' cannot be read"),
    ] {
        let mut payload = exists();
        payload[field] = value;
        let defect = result("compute.instance.exists", payload).expect_err("a defect");
        assert_eq!(defect.to_string(), reason);
    }
}

#[test]
fn every_activation_creates_an_image() {
    let payload = json!({"id": "img", "created_at": "2014-01-17T10:00:00", "owner": "7", "size": "2048"});
    let Effect::Image(new) = effect("image.activate", payload) else { panic!("an image") };
    let mark = Mark { at: Micros(1), message: "m".to_owned() };
    let image = Image::new(3, &new, 9, mark.clone());
    let expected = Image {
        id: 3,
        uuid: "img".to_owned(),
        created_at: at("2014-01-17 10:00:00"),
        owner: Some("7".to_owned()),
        size: 2_048,
        last_raw: 9,
        mark,
    };
    assert_eq!(image, expected);
}

#[test]
fn activation_requires_id_creation_time_and_size() {
    for (field, value, reason) in [
        ("id", json!(""), "'id' is missing"),
        ("created_at", json!(null), "'created_at' is missing"),
        ("size", json!(null), "'size' is missing"),
        ("size", json!("big"), "'size' cannot be read"),
    ] {
        let mut payload =
            json!({"id": "img", "created_at": "2014-01-17T10:00:00", "owner": null, "size": 2_048});
        payload[field] = value;
        let defect = result("image.activate", payload).expect_err("a defect");
        assert_eq!(defect.to_string(), reason);
    }
}

#[test]
fn deleted_at_beside_the_payload_takes_precedence() {
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
        let notification = Notification::parse(&body, None).expect("a valid notification");
        let interpretation = interpret(&notification, &notification.mark("-")).expect("no defect");
        let Some(Effect::ImageDelete(new)) = interpretation.effect else { panic!("a delete") };
        let delete = ImageDelete::new(1, &new, 2, notification.mark("-"));
        assert_eq!((delete.uuid.as_str(), delete.deleted_at, delete.raw), ("img", expected.map(at), 2));
    }
    let defect = result("image.delete", json!({"deleted_at": one})).expect_err("a defect");
    assert_eq!(defect, Defect::Missing("id"));
}

#[expect(clippy::needless_pass_by_value, reason = "callers pass `json!` values directly")]
fn images(images: Value) -> Value {
    json!({
        "owner": "7", "audit_period_beginning": "2014-01-17 00:00:00", "audit_period_ending": "2014-01-17 23:59:59",
        "images": images,
    })
}

#[test]
fn image_list_creates_one_record_per_image() {
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
fn invalid_images_are_skipped_and_the_others_kept() {
    let good = json!({"id": "a", "created_at": "2014-01-17T10:00:00", "size": 1});
    let other = json!({"id": "a", "created_at": "2014-01-17T10:00:00", "size": 2});
    let interpretation = interpretation(
        "image.exists",
        images(json!([
            {"id": "b", "created_at": null, "size": 1}, good, {"id": "", "size": 1}, "text", good, other,
            {"id": "c", "created_at": "2014-01-17T10:00:00"}, {"id": "x".repeat(256), "size": 1},
            {"id": "d", "created_at": "2014-01-17T10:00:00", "deleted_at": "later", "size": 1},
        ])),
    );
    let Some(Effect::ImageExists(new)) = interpretation.effect else { panic!("exists") };
    assert_eq!(new.images.iter().map(|image| image.size).collect::<Vec<_>>(), [1, 2]);
    let long = "x".repeat(256);
    let warnings: Vec<_> =
        interpretation.warnings.iter().map(|w| w.to_string().replace(&long, "x…")).collect();
    assert_eq!(
        warnings,
        [
            "image 0 (b) is skipped: 'created_at' is missing",
            "image 2 (no id) is skipped: 'id' is missing",
            "image 3 (no id) is skipped: 'id' is missing",
            "image 4 (a) is skipped: it is a duplicate",
            "image 6 (c) is skipped: 'size' is missing",
            "image 7 (x…) is skipped: 'id' is longer than 255 bytes",
            "image 8 (d) is skipped: 'deleted_at' cannot be read",
        ]
    );
}

#[test]
fn glance_payload_without_images_has_no_effect() {
    for event_type in ["image.activate", "image.delete", "image.exists"] {
        let interpretation = interpretation(event_type, json!("No space left on device"));
        assert_eq!(interpretation, Interpretation::ignored(Warning::NotAnObject), "{event_type}");
    }
    assert_eq!(
        interpretation("image.exists", images(json!(null))),
        Interpretation::ignored(Warning::Missing("images"))
    );
    assert_eq!(interpretation("image.exists", images(json!([]))), Interpretation::default());
    let mut payload = images(json!([]));
    payload["audit_period_ending"] = json!("");
    assert_eq!(result("image.exists", payload), Err(Defect::Missing("audit_period_ending")));
}

#[test]
fn delete_row_has_the_values_of_its_notification() {
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
    fn interpretation_never_panics(
        event in prop::sample::select(vec!["compute.instance.exists", "compute.instance.create.end",
            "compute.instance.delete.end", "image.exists", "image.activate", "image.delete"]),
        field in prop::sample::select(vec!["launched_at", "deleted_at", "audit_period_ending", "image_meta", "bandwidth",
            "images", "size", "id", "owner", "tenant_id", "message", "terminated_at", "instance_type_id"]),
        value in any_json(),
    ) {
        let mut payload = exists();
        payload["images"] = json!([{"id": "a", "created_at": "2014-01-17T10:00:00", "size": 1}]);
        payload[field] = value;
        let _ = result(event, payload);
    }
}
