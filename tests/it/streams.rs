//! Streams, from notifications to their pipelines, and the streams API.

mod api;
mod engine;
mod faults;
mod schedules;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::TestBundle;

/// Returns a notification about an instance; `payload` is merged into its payload.
pub fn notification(kind: &str, instance: &str, at: &str, payload: &Value) -> Value {
    let mut notification = json!({
        "message_id": uuid(&format!("{kind} {instance} {at}")),
        "event_type": format!("compute.instance.{kind}"),
        "publisher_id": "compute.node1",
        "timestamp": at,
        "_context_request_id": "req-1",
        "payload": {"instance_id": instance, "tenant_id": "t-1", "state": "active"},
    });
    let members = notification["payload"].as_object_mut().expect("an object");
    members.extend(payload.as_object().cloned().expect("an object"));
    notification
}

/// Returns a UUID derived from a text.
pub fn uuid(text: &str) -> String {
    let digits = domain::digest::short(text);
    let part = |from: usize, to: usize| &digits[from..to];
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// Returns a complete day of an instance: its creation, and the exists at the end of the day.
pub fn day(instance: &str) -> Vec<Value> {
    let launched = json!({"launched_at": "2035-01-05 00:00:10", "instance_flavor_id": "1"});
    vec![
        notification("create.start", instance, "2035-01-05 00:00:00", &json!({})),
        notification("create.end", instance, "2035-01-05 00:00:10", &launched),
        exists(instance, &json!({})),
    ]
}

/// Returns the exists of that day; `payload` is merged into its payload.
pub fn exists(instance: &str, payload: &Value) -> Value {
    let mut day = json!({
        "launched_at": "2035-01-05 00:00:10",
        "instance_flavor_id": "1",
        "audit_period_beginning": "2035-01-05 00:00:00",
        "audit_period_ending": "2035-01-06 00:00:00",
    });
    day.as_object_mut().expect("an object").extend(payload.as_object().cloned().expect("an object"));
    notification("exists", instance, "2035-01-06 00:00:20", &day)
}

/// Starts a bundle with the shipped definitions at the start of the next day.
pub async fn start() -> Result<TestBundle> {
    let bundle = TestBundle::with_streams().await?;
    bundle.clock.set("2035-01-06T00:00:30Z".parse().context("an invalid time")?);
    bundle.streams.tick().await?;
    bundle.drain().await?;
    Ok(bundle)
}

/// Advances the clock minute by minute, ticks each time, and does all the work that follows.
pub async fn pass_minutes(bundle: &TestBundle, minutes: i64) -> Result<()> {
    for _ in 0..minutes {
        bundle.advance(TimeDelta::minutes(1));
        bundle.streams.tick().await?;
        bundle.drain().await?;
    }
    Ok(())
}

/// Returns all streams with their details, newest first.
pub async fn streams(bundle: &TestBundle) -> Vec<Value> {
    list(bundle, "/v1/streams?details=true").await
}

/// Returns a list of the streams API.
pub async fn list(bundle: &TestBundle, path: &str) -> Vec<Value> {
    let reply = bundle.request("GET", path, &[], "").await;
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
    reply.json().as_array().cloned().expect("a list")
}

/// Returns a string member of each item.
pub fn texts<'a>(list: &'a [Value], member: &str) -> Vec<&'a str> {
    list.iter().map(|item| item[member].as_str().expect("a string")).collect()
}
