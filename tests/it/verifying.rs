//! Verification: an exists is verified once it is due, and announced once.

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::TestBundle;

fn instance(event: &str, message_id: &str, at: &str, more: Value) -> Value {
    let mut payload = json!({
        "instance_id": "72e4d8e8-9f63-47cb-a904-0193e5edac6e", "tenant_id": "5853600", "instance_type_id": 2,
        "instance_flavor_id": "2", "launched_at": "2035-01-04 10:00:00", "image_meta": {
            "org.openstack__1__architecture": "x64", "org.openstack__1__os_distro": "org.centos",
            "org.openstack__1__os_version": "5.8", "com.rackspace__1__options": "0"
        },
    });
    if let (Some(payload), Value::Object(more)) = (payload.as_object_mut(), more) {
        payload.extend(more);
    }
    json!({
        "message_id": message_id, "event_type": format!("compute.instance.{event}"), "publisher_id": "compute.c1",
        "timestamp": format!("2035-01-04 {at}"), "_context_request_id": "req-1", "payload": payload,
    })
}

fn exists(message_id: &str) -> Value {
    let period = json!({
        "audit_period_beginning": "2035-01-04 00:00:00", "audit_period_ending": "2035-01-04 23:59:59", "deleted_at": "",
    });
    instance("exists", message_id, "23:59:59", period)
}

#[tokio::test]
async fn exists_is_verified_once_its_period_has_settled_and_announced_once() -> Result<()> {
    let bundle = TestBundle::start().await?;
    bundle.record(&json!([instance("create.end", "m-1", "10:00:01", json!({})), exists("m-2")])).await?;
    bundle.tick().await?;
    assert_eq!(bundle.stored_state().await?["instance exists"]["m-2"]["st"], "pending");

    bundle.advance(TimeDelta::minutes(5));
    bundle.tick().await?;
    let stored = bundle.stored_state().await?;
    let exists = &stored["instance exists"]["m-2"];
    assert_eq!((&exists["st"], &exists["fr"]), (&json!("verified"), &json!(null)));
    assert_eq!(exists["us"], "72e4d8e8-9f63-47cb-a904-0193e5edac6e req-1");
    assert!(
        !stored.contains_key("due") && !stored.contains_key("outbox") && !stored.contains_key("open block")
    );

    let published = bundle.verified().await?;
    assert_eq!(published.len(), 1);
    assert_eq!(published[0]["event_type"], "compute.instance.exists.verified");
    assert_eq!(published[0]["original_message_id"], "m-2");
    assert_ne!(published[0]["message_id"], "m-2");

    bundle.tick().await?;
    assert_eq!(bundle.stored_state().await?, stored);
    assert!(bundle.verified().await?.is_empty());
    let hours: Vec<_> = stored["hour"].values().collect();
    assert!(hours.iter().any(|hour| hour["e:compute.instance.exists.verified"] == 1), "{hours:?}");
    Ok(())
}
