//! The usage API from end to end: notifications, lists, confirmations, repairs and verdicts.

use anyhow::Result;
use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use tests::TestBundle;

const INSTANCE: &str = "72e4d8e8-9f63-47cb-a904-0193e5edac6e";

fn nova(event: &str, message_id: &str, more: Value) -> Value {
    let mut payload = json!({
        "instance_id": INSTANCE, "tenant_id": "5853600", "instance_type_id": 2, "instance_flavor_id": "2",
        "launched_at": "2035-01-04 10:00:00", "image_meta": {
            "org.openstack__1__architecture": "x64", "org.openstack__1__os_distro": "org.centos",
            "org.openstack__1__os_version": "5.8", "com.rackspace__1__options": "0"
        },
    });
    if let (Some(payload), Value::Object(more)) = (payload.as_object_mut(), more) {
        payload.extend(more);
    }
    json!({
        "message_id": message_id, "event_type": format!("compute.instance.{event}"), "publisher_id": "compute.c1",
        "timestamp": "2035-01-04 10:30:00.5", "_context_request_id": "req-1", "payload": payload,
    })
}

fn exists(message_id: &str, more: Value) -> Value {
    let mut period = json!({
        "audit_period_beginning": "2035-01-04 00:00:00", "audit_period_ending": "2035-01-04 23:59:59",
        "deleted_at": "",
    });
    if let (Some(period), Value::Object(more)) = (period.as_object_mut(), more) {
        period.extend(more);
    }
    nova("exists", message_id, period)
}

fn glance_exists(message_id: &str, uuids: &[&str]) -> Value {
    let image =
        |uuid: &&str| json!({"id": uuid, "created_at": "2035-01-01 00:00:00", "deleted_at": null, "size": 5});
    json!({
        "message_id": message_id, "event_type": "image.exists", "publisher_id": "glance.g1",
        "timestamp": "2035-01-04 10:30:00", "payload": {
            "owner": "389886", "audit_period_beginning": "2035-01-04 00:00:00",
            "audit_period_ending": "2035-01-04 23:59:59", "images": uuids.iter().map(image).collect::<Vec<_>>(),
        },
    })
}

/// Records an exists with message id `m-2`, repairs and verifies it; returns its row and the number of announcements.
async fn repaired_then_verified(exists: Value) -> Result<(Value, usize)> {
    let bundle = TestBundle::start().await?;
    bundle.record(&json!([nova("create.end", "m-1", json!({})), exists])).await?;
    let repaired = bundle.send(Method::POST, "/db/repair/", "message_ids=m-2").await;
    assert_eq!(repaired.body, r#"{"absent_exists":[],"exists_not_pending":[]}"#);
    bundle.advance(TimeDelta::minutes(6));
    bundle.tick().await?;
    let row = bundle.get("/db/usage/nova/exists/").await.json()["exists"][0].take();
    Ok((row, bundle.verified().await?.len()))
}

#[tokio::test]
async fn repaired_exists_that_fails_becomes_sent_failed_and_keeps_201() -> Result<()> {
    let (row, announced) = repaired_then_verified(exists("m-2", json!({"tenant_id": "666"}))).await?;
    assert_eq!((&row["status"], &row["send_status"], announced), (&json!("sent_failed"), &json!(201), 0));
    Ok(())
}

#[tokio::test]
async fn repaired_exists_that_passes_becomes_verified_and_is_not_announced() -> Result<()> {
    let (row, announced) = repaired_then_verified(exists("m-2", json!({}))).await?;
    assert_eq!((&row["status"], &row["send_status"], announced), (&json!("verified"), &json!(201), 0));
    Ok(())
}

#[tokio::test]
async fn recorded_notifications_are_listed_counted_and_confirmed() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let deleted = json!({"terminated_at": "2035-01-04 12:00:00", "deleted_at": "2035-01-04 12:00:00"});
    bundle
        .record(&json!([
            nova("create.end", "m-1", json!({})),
            nova("delete.end", "m-2", deleted),
            exists("m-3", json!({})),
            exists("m-4", json!({})),
            glance_exists(
                "g-1",
                &["6713c136-0555-4a93-b726-edb181d4b69e", "d39a04bd-6ba0-4d20-8591-937ab43897dc"]
            ),
        ]))
        .await?;
    for noun in ["launches", "deletes", "exists"] {
        let all = bundle.get(&format!("/db/usage/nova/{noun}/")).await;
        let of_instance = bundle.get(&format!("/db/usage/nova/{noun}/?instance={INSTANCE}")).await;
        assert_eq!(all.ids().len(), if noun == "exists" { 2 } else { 1 }, "{noun}");
        assert_eq!(all.body, of_instance.body, "{noun}");
    }

    let events =
        bundle.get("/db/stats/events/?when_min=2035-01-04T10:00:00&when_max=2035-01-04T10:30:00.5").await;
    let counted: Vec<_> =
        events.json()["stats"].as_array().expect("a list").iter().map(|e| e["event_count"].clone()).collect();
    assert_eq!(counted, [1, 1, 2], "{events:?}");
    let early =
        bundle.get("/db/stats/events/?when_min=2035-01-04T10:00:00&when_max=2035-01-04T10:30:00").await;
    assert_eq!(early.json()["count"], 0);
    let glance = bundle.get("/db/stats/events/?service=glance&event=image.exists").await;
    assert_eq!(glance.json()["count"], 1);

    let batch = json!({"version": 2, "messages": {
        "nova": {"m-3": {"status": 201, "event_id": "AH_1"}, "m-1": {"status": 201}},
        "glance": {"g-1": {"status": 404, "event_id": "AH_2"}, "g-9": {"status": 201}},
    }});
    assert_eq!(
        bundle.send(Method::PUT, "/db/confirm/usage/exists/batch/", batch.to_string()).await.status,
        200
    );
    let stats = bundle.get("/db/stats/nova/exists/").await.json();
    assert_eq!(
        stats["stats"],
        json!([
            {"status": "pending", "send_status": 0, "event_count": 1},
            {"status": "pending", "send_status": 201, "event_count": 1},
        ])
    );
    let stats = bundle.get("/db/stats/glance/exists/").await.json();
    assert_eq!(stats["stats"], json!([{"status": "pending", "send_status": 404, "event_count": 2}]));
    let single = bundle.send(Method::PUT, "/db/confirm/usage/exists/m-4/", r#"{"send_status": 200}"#).await;
    assert_eq!(single.status, 200);
    let no_exists =
        bundle.send(Method::PUT, "/db/confirm/usage/exists/m-1/", r#"{"send_status": 200}"#).await;
    no_exists.message(404);
    Ok(())
}

#[tokio::test]
async fn exists_that_contradicts_the_ledger_is_reconciled_by_an_audit_report() -> Result<()> {
    let bundle = TestBundle::start().await?;
    bundle
        .record(&json!([nova("create.end", "m-1", json!({"instance_type_id": 9})), exists("m-2", json!({}))]))
        .await?;
    let report = json!({
        "instance": INSTANCE, "launched_at": "2035-01-04 10:00:00", "instance_type_id": 2,
        "instance_flavor_id": "2", "tenant": "5853600", "os_architecture": "x64", "os_distro": "org.centos",
        "os_version": "5.8", "rax_options": "0", "source": "audit:nova",
    });
    assert_eq!(bundle.send(Method::POST, "/db/reconcile/nova/", report.to_string()).await.status, 201);
    bundle.advance(TimeDelta::minutes(6));
    bundle.tick().await?;
    assert_eq!(bundle.get("/db/usage/nova/exists/").await.json()["exists"][0]["status"], "reconciled");
    Ok(())
}

#[tokio::test]
async fn confirmation_and_verdict_do_not_overwrite_each_other() -> Result<()> {
    let bundle = TestBundle::start().await?;
    bundle.record(&json!([nova("create.end", "m-1", json!({})), exists("m-2", json!({}))])).await?;
    let confirm = |status: u16| json!({"messages": {"m-2": status}}).to_string();
    bundle.send(Method::PUT, "/db/confirm/usage/exists/batch/", confirm(202)).await;
    bundle.advance(TimeDelta::minutes(6));
    bundle.tick().await?;
    let row = bundle.get("/db/usage/nova/exists/").await.json()["exists"][0].take();
    assert_eq!((&row["status"], &row["send_status"]), (&json!("verified"), &json!(202)));
    bundle.send(Method::PUT, "/db/confirm/usage/exists/batch/", confirm(500)).await;
    let row = bundle.get("/db/usage/nova/exists/").await.json()["exists"][0].take();
    assert_eq!((&row["status"], &row["send_status"]), (&json!("verified"), &json!(500)));
    Ok(())
}
