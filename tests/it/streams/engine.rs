//! The life of streams: opening, firing, expiring and failing.

use std::sync::Arc;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use domain::streams::definitions::Definitions;
use serde_json::json;
use tests::TestBundle;

use super::{day, exists, list, notification, pass_minutes, start, streams, texts};

/// Updates in a stream that needs several pages.
const UPDATES: usize = 130;
/// Minutes after which the ledger's verifier has announced an exists.
const MINUTES_UNTIL_VERIFIED: usize = 10;

#[tokio::test]
async fn complete_day_fires_and_its_exists_is_verified() -> Result<()> {
    let bundle = start().await?;
    bundle.record(&json!(day("i-1")[..2])).await?;
    let open = streams(&bundle).await;
    assert_eq!(texts(&open, "state"), ["active"]);
    assert_eq!(open[0]["fire_timestamp"], json!(null));
    assert_eq!(open[0]["distinguishing_traits"]["instance_id"], "i-1");
    assert_eq!(open[0]["distinguishing_traits"]["timestamp"]["begin"], "2035-01-05T00:00:00");

    bundle.record(&json!([exists("i-1", &json!({}))])).await?;
    let done = streams(&bundle).await;
    assert_eq!(texts(&done, "state"), ["completed"], "the pipeline runs at once");
    assert!(done[0]["fire_timestamp"]["datetime"].is_string());
    let types = texts(done[0]["events"].as_array().expect("a list"), "event_type");
    assert_eq!(
        types,
        ["compute.instance.create.start", "compute.instance.create.end", "compute.instance.exists"]
    );

    let verified = list(&bundle, "/v1/events?event_name=compute.instance.exists.verified").await;
    assert_eq!(verified.len(), 1);
    assert_eq!(verified[0]["stream_id"], done[0]["id"]);
    assert_eq!((&verified[0]["error"], verified[0].get("error_code")), (&json!("None"), None));
    assert_eq!(verified[0]["bandwidth_in"], 0);
    Ok(())
}

#[tokio::test]
async fn pipeline_output_is_not_recorded_in_the_ledger_and_opens_no_stream() -> Result<()> {
    let bundle = start().await?;
    bundle.record(&json!(day("i-1"))).await?;
    assert_eq!(list(&bundle, "/v1/events/count").await, [json!({"count": 4})]);
    assert_eq!(list(&bundle, "/v1/streams/count").await, [json!({"count": 1})]);
    let stats = bundle.request("GET", "/db/stats/events", &[], "").await.json();
    assert_eq!(stats["count"], 3, "{stats}");
    Ok(())
}

#[tokio::test]
async fn stream_without_its_exists_expires_with_a_failed_event() -> Result<()> {
    let bundle = start().await?;
    bundle.record(&json!([notification("update", "i-1", "2035-01-06 00:00:10", &json!({}))])).await?;
    bundle.advance(TimeDelta::days(2));
    pass_minutes(&bundle, 2).await?;
    let done = streams(&bundle).await;
    assert_eq!(texts(&done, "state"), ["completed"]);
    assert_eq!(done[0]["fire_timestamp"], json!(null));
    let failed = list(&bundle, "/v1/events?event_name=compute.instance.exists.failed").await;
    assert_eq!(texts(&failed, "error_code"), ["U0"]);
    Ok(())
}

#[tokio::test]
async fn first_tick_finds_streams_that_expired_long_before() -> Result<()> {
    let bundle = TestBundle::with_streams().await?;
    bundle.clock.set("2035-01-06T00:00:30Z".parse().context("an invalid time")?);
    bundle.record(&json!([notification("update", "i-1", "2035-01-02 10:00:00", &json!({}))])).await?;
    bundle.advance(TimeDelta::hours(2));
    bundle.streams.tick().await?;
    bundle.drain().await?;
    assert_eq!(texts(&streams(&bundle).await, "state"), ["completed"]);
    Ok(())
}

#[tokio::test]
async fn events_older_than_the_expiry_open_streams_that_expire_at_once() -> Result<()> {
    let bundle = start().await?;
    for at in ["2035-01-02 10:00:00", "2035-01-02 11:00:00"] {
        bundle.record(&json!([notification("update", "i-1", at, &json!({}))])).await?;
    }
    pass_minutes(&bundle, 2).await?;
    assert_eq!(texts(&streams(&bundle).await, "state"), ["completed", "completed"]);
    Ok(())
}

#[tokio::test]
async fn exists_sent_after_midnight_joins_the_stream_of_its_day() -> Result<()> {
    let bundle = start().await?;
    let mut late = exists("i-1", &json!({"launched_at": "2035-01-04 10:00:00"}));
    late["timestamp"] = json!("2035-01-06 00:00:29");
    bundle.record(&json!([notification("update", "i-1", "2035-01-05 23:00:00", &json!({})), late])).await?;
    let done = streams(&bundle).await;
    assert_eq!(done.len(), 1, "{done:?}");
    assert_eq!(done[0]["events"].as_array().map(Vec::len), Some(2));
    assert_eq!(done[0]["last_event"]["datetime"], "2035-01-06T00:00:29");
    Ok(())
}

#[tokio::test]
async fn event_for_a_completed_stream_opens_another_with_the_same_traits() -> Result<()> {
    let bundle = start().await?;
    bundle.record(&json!(day("i-1"))).await?;
    bundle.record(&json!([notification("update", "i-1", "2035-01-05 23:59:59", &json!({}))])).await?;
    let both = streams(&bundle).await;
    assert_eq!(texts(&both, "state"), ["active", "completed"]);
    assert_eq!(both[0]["distinguishing_traits"], both[1]["distinguishing_traits"]);
    Ok(())
}

#[tokio::test]
async fn failed_pipeline_is_retried_only_after_a_reset() -> Result<()> {
    let bundle = start().await?;
    let mut broken = day("i-1");
    broken[2]["message_id"] = json!("not-a-uuid");
    bundle.record(&json!(broken)).await?;
    let failed = streams(&bundle).await;
    assert_eq!(texts(&failed, "state"), ["error"]);
    let path = format!("/v1/streams/{}", failed[0]["id"]);
    pass_minutes(&bundle, 3).await?;
    assert_eq!(texts(&streams(&bundle).await, "state"), ["error"], "there is no automatic retry");

    let reset = bundle.request("PUT", &path, &[], "").await;
    assert_eq!((reset.status, reset.body.as_str()), (200, ""));
    assert_eq!(texts(&streams(&bundle).await, "state"), ["retry_fire"]);
    bundle.drain().await?;
    assert_eq!(texts(&streams(&bundle).await, "state"), ["error"]);
    Ok(())
}

#[tokio::test]
async fn long_stream_keeps_all_its_events_and_fires() -> Result<()> {
    let bundle = start().await?;
    let updates: Vec<_> = (0..UPDATES)
        .map(|second| {
            let at = format!("2035-01-05 10:{:02}:{:02}", second / 60, second % 60);
            notification("update", "i-1", &at, &json!({}))
        })
        .collect();
    for chunk in updates.chunks(9) {
        bundle.record(&json!(chunk)).await?;
    }
    bundle.record(&json!([exists("i-1", &json!({"launched_at": "2035-01-04 10:00:00"}))])).await?;
    let done = streams(&bundle).await;
    assert_eq!(texts(&done, "state"), ["completed"]);
    let events = done[0]["events"].as_array().expect("a list");
    assert_eq!(events.len(), UPDATES + 1);
    let times = |place: usize| events[place]["timestamp"]["datetime"].as_str().expect("a time");
    assert!((1..events.len()).all(|place| times(place - 1) <= times(place)), "events are ordered by time");
    Ok(())
}

#[tokio::test]
async fn verifiers_echo_is_not_an_event() -> Result<()> {
    let definitions = Arc::new(Definitions::shipped()?);
    let bundle = TestBundle::with_definitions(definitions, [("VERIFY_LEVEL", "none")]).await?;
    bundle.clock.set("2035-01-06T00:00:30Z".parse()?);
    bundle.tick().await?;
    bundle.record(&json!(day("i-1"))).await?;
    for _ in 0..MINUTES_UNTIL_VERIFIED {
        bundle.advance(TimeDelta::minutes(1));
        bundle.tick().await?;
    }
    let stats = bundle
        .request("GET", "/db/stats/events?event=compute.instance.exists.verified", &[], "")
        .await
        .json();
    assert_eq!(stats["count"], 1, "the ledger's verifier announced it: {stats}");
    assert_eq!(list(&bundle, "/v1/events?event_name=compute.instance.exists.verified").await.len(), 1);
    Ok(())
}
