//! Repairs and audit reports.

use chrono::TimeDelta;
use domain::storage::key::Collection;
use domain::usage::status::Status;
use http::Method;
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use tests::{TestBundle, exists, image_exists, instance};

const REPAIR: &str = "/db/repair/";

async fn repair(bundle: &TestBundle, form: &str) -> Value {
    let reply = bundle.send(Method::POST, REPAIR, form.to_owned()).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"), "{reply:?}");
    reply.json()
}

fn response(absent: &[&str], not_pending: &[&str]) -> Value {
    json!({"absent_exists": absent, "exists_not_pending": not_pending})
}

/// Returns the status and send status of an exists.
async fn statuses(bundle: &TestBundle, service: &str, id: u64) -> (Value, Value) {
    let row = bundle.get(&format!("/db/usage/{service}/exists/{id}")).await.json()["exist"].take();
    (row["status"].clone(), row["send_status"].clone())
}

#[tokio::test]
async fn pending_exists_becomes_sent_unverified_with_send_status_201() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_exists(exists(1)).await;
    assert_eq!(repair(&bundle, "message_ids=m1").await, response(&[], &[]));
    assert_eq!(statuses(&bundle, "nova", 1).await, (json!("sent_unverified"), json!(201)));
}

#[tokio::test]
async fn repeated_id_is_not_pending() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_exists(exists(1)).await;
    repair(&bundle, "message_ids=m1").await;
    assert_eq!(repair(&bundle, "message_ids=m1&message_ids=m1").await, response(&[], &["m1"]));
}

#[tokio::test]
async fn unrepaired_ids_are_listed_once_in_request_order() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for id in 1..=3 {
        let mut row = exists(id);
        row.progress.status = if id == 2 { Status::Pending } else { Status::Verified };
        bundle.put_exists(row).await;
    }
    let form = "message_ids=z&message_ids=m3&message_ids=m2&message_ids=a&message_ids=m1&message_ids=z";
    assert_eq!(repair(&bundle, form).await, response(&["z", "a"], &["m3", "m1"]));
    assert_eq!(statuses(&bundle, "nova", 1).await, (json!("verified"), json!(0)));
    assert_eq!(statuses(&bundle, "nova", 2).await, (json!("sent_unverified"), json!(201)));
}

#[tokio::test]
async fn message_of_the_other_service_is_absent() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_exists(exists(1)).await;
    bundle.put_message("early", Collection::InstanceExists, 99, 1).await;
    assert_eq!(repair(&bundle, "message_ids=m1&service=glance").await, response(&["m1"], &[]));
    assert_eq!(repair(&bundle, "message_ids=early").await, response(&["early"], &[]));
    assert_eq!(statuses(&bundle, "nova", 1).await, (json!("pending"), json!(0)));
}

#[tokio::test]
async fn pending_images_of_a_message_are_repaired_and_its_id_is_listed_once() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    let row = |id, status| {
        let mut row = image_exists(id);
        (row.progress.message_id, row.progress.status) = (Some("g".to_owned()), status);
        row
    };
    let rows = vec![row(1, Status::Failed), row(2, Status::Pending), row(3, Status::Verifying)];
    bundle.put_image_exists(rows).await;
    assert_eq!(repair(&bundle, "service=glance&message_ids=g").await, response(&[], &["g"]));
    assert_eq!(statuses(&bundle, "glance", 1).await, (json!("failed"), json!(0)));
    assert_eq!(statuses(&bundle, "glance", 2).await, (json!("sent_unverified"), json!(201)));
    assert_eq!(statuses(&bundle, "glance", 3).await, (json!("verifying"), json!(0)));
}

#[tokio::test]
async fn repair_without_ids_or_for_an_unknown_service_is_rejected() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_exists(exists(1)).await;
    for body in ["", "service=nova", r#"{"message_ids": []}"#, r#"{"message_ids": null}"#] {
        assert!(bundle.send(Method::POST, REPAIR, body).await.message(400).contains("'message_ids'"));
    }
    let reply = bundle.send(Method::POST, REPAIR, "message_ids=m1&service=qonos").await;
    assert!(reply.message(400).contains("'qonos'"));
    assert_eq!(statuses(&bundle, "nova", 1).await.0, "pending");
}

#[tokio::test]
async fn repair_accepts_json_and_the_query() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    bundle.put_exists(exists(1)).await;
    bundle.put_exists(exists(2)).await;
    assert_eq!(
        repair(&bundle, r#"{"message_ids": ["m1", "x"], "service": "nova"}"#).await,
        response(&["x"], &[])
    );
    let query = format!("{REPAIR}?message_ids=m2&message_ids=y&service=nova");
    assert_eq!(bundle.send(Method::POST, &query, "").await.json(), response(&["y"], &[]));
    for id in [1, 2] {
        assert_eq!(statuses(&bundle, "nova", id).await.0, "sent_unverified");
    }
    let reply = bundle.get(REPAIR).await;
    reply.message(405);
    assert_eq!(reply.header("allow"), "POST");
}

#[tokio::test]
async fn repeated_audit_report_replaces_the_stored_one() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    let mut body = json!({
        "instance": instance(1),
        "launched_at": "2014-01-17T15:35:44Z",
        "instance_type_id": 2,
        "tenant": "5853600",
        "source": "audit:nova",
    });
    let first = bundle.send(Method::POST, "/db/reconcile/nova/", body.to_string()).await;
    assert_eq!(first.status, 201);
    bundle.platform.clock.advance(TimeDelta::seconds(90));
    body["deleted_at"] = json!("2014-01-17 16:00:00");
    body["tenant"] = json!(null);
    let second = bundle.send(Method::POST, "/db/reconcile/nova", body.to_string()).await;
    assert_json_snapshot!(second.json(), @r#"
    {
      "reconcile": {
        "deleted_at": "2014-01-17 16:00:00",
        "instance": "72e4d8e8-9f63-47cb-a904-000000000001",
        "instance_flavor_id": null,
        "instance_type_id": "2",
        "launched_at": "2014-01-17 15:35:44",
        "os_architecture": "",
        "os_distro": "",
        "os_version": "",
        "rax_options": "",
        "row_created": "2035-01-05 00:00:30",
        "row_updated": "2035-01-05 00:02:00",
        "source": "audit:nova",
        "tenant": null
      }
    }
    "#);
}

#[tokio::test]
async fn incomplete_audit_report_is_rejected() {
    let bundle = TestBundle::start().await.expect("the bundle starts");
    for (body, named) in [
        ("", "JSON"),
        ("[]", "JSON"),
        ("{}", "'instance'"),
        (r#"{"instance": "web-1"}"#, "'instance'"),
        (r#"{"instance": "72e4d8e8-9f63-47cb-a904-000000000001"}"#, "'launched_at'"),
    ] {
        let message = bundle.send(Method::POST, "/db/reconcile/nova", body).await.message(400);
        assert!(message.contains(named), "{message}");
    }
    bundle.get("/db/reconcile/nova").await.message(405);
}
