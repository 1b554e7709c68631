//! Streams under crashes, lost calls and duplicate deliveries: the result is that of an undisturbed run.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::{MAX_RECEIVES, VISIBILITY_SECONDS, chunk};
use tests::faults::Fault;

use super::{day, list, notification, pass_minutes, start, streams};

/// Calls to the queues of a pipeline.
const QUEUE_CALLS: usize = 2;
/// Minutes after which no work is left.
const MINUTES_TO_SETTLE: i64 = 12;

/// Returns the observable state of the streams, without ids: their states and events, and the verified events.
async fn observe(bundle: &TestBundle) -> BTreeMap<String, Vec<String>> {
    let mut observed = BTreeMap::new();
    for stream in streams(bundle).await {
        let events = stream["events"].as_array().cloned().unwrap_or_default();
        let mut ids: Vec<_> = events.iter().map(|event| event["message_id"].to_string()).collect();
        ids.sort();
        let name =
            format!("{} {}", stream["distinguishing_traits"], ids.first().cloned().unwrap_or_default());
        ids.push(stream["state"].to_string());
        assert!(observed.insert(name.clone(), ids).is_none(), "{name} is listed twice");
    }
    let verified = list(bundle, "/v1/events?event_name=compute.instance.exists.verified").await;
    let mut verified: Vec<_> = verified.iter().map(|event| event["message_id"].to_string()).collect();
    verified.sort();
    observed.insert("verified".to_owned(), verified);
    observed
}

fn notifications() -> Vec<Value> {
    let mut all = day("i-1");
    all.extend(day("i-2"));
    all.push(notification("update", "i-3", "2035-01-05 23:00:00", &json!({})));
    all
}

/// Delivers a chunk until it is recorded, at most as often as the queue would.
async fn deliver(bundle: &TestBundle, name: &str, notifications: &[Value]) -> Result<()> {
    for _ in 0..MAX_RECEIVES {
        if bundle.process(&[chunk(name, notifications)]).await {
            return Ok(());
        }
        bundle.advance(TimeDelta::seconds(VISIBILITY_SECONDS));
    }
    anyhow::bail!("{name} failed {MAX_RECEIVES} times")
}

async fn settle(bundle: &TestBundle) -> Result<()> {
    bundle.advance(TimeDelta::seconds(VISIBILITY_SECONDS));
    bundle.drain().await?;
    pass_minutes(bundle, MINUTES_TO_SETTLE).await
}

#[tokio::test]
async fn crashed_worker_loses_no_event_and_duplicates_none() -> Result<()> {
    let all = notifications();
    let baseline = start().await?;
    deliver(&baseline, "c", &all).await?;
    let calls = baseline.faults.take_calls().len();
    settle(&baseline).await?;
    let expected = observe(&baseline).await;
    assert_eq!(expected["verified"].len(), 2);
    ensure!(calls > 15, "too few calls to fail: {calls}");
    for fault in Fault::ALL {
        for call in 1..=calls {
            let bundle = start().await?;
            bundle.faults.fail_from(call, fault);
            bundle.process(&[chunk("c", &all)]).await;
            bundle.faults.clear();
            bundle.advance(TimeDelta::seconds(VISIBILITY_SECONDS));
            deliver(&bundle, "c", &all).await?;
            settle(&bundle).await?;
            assert_eq!(observe(&bundle).await, expected, "{fault:?} at call {call} of {calls}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn pipeline_rerun_after_a_crash_makes_the_same_events() -> Result<()> {
    let all = day("i-1");
    let prepared = async || -> Result<TestBundle> {
        let bundle = start().await?;
        deliver(&bundle, "c", &all).await?;
        bundle.take_messages(&bundle.queue_url("StreamQueue")).await?;
        bundle.faults.take_calls();
        Ok(bundle)
    };
    let run = async |bundle: &TestBundle| {
        let body = r#"{"task":"run","id":1}"#;
        bundle.runner.work(body, bundle.deadline()).await.is_ok()
    };
    let baseline = prepared().await?;
    ensure!(run(&baseline).await, "the pipeline failed");
    let calls = baseline.faults.take_calls().len();
    settle(&baseline).await?;
    let expected = observe(&baseline).await;
    for fault in Fault::ALL {
        for call in 1..=calls {
            let bundle = prepared().await?;
            bundle.faults.fail_from(call, fault);
            run(&bundle).await;
            bundle.faults.clear();
            settle(&bundle).await?;
            assert_eq!(observe(&bundle).await, expected, "{fault:?} at call {call} of {calls}");
        }
    }
    for call in 1..=QUEUE_CALLS {
        let bundle = prepared().await?;
        bundle.queue_faults.fail_from(call, Fault::ReplyLost);
        run(&bundle).await;
        bundle.queue_faults.clear();
        settle(&bundle).await?;
        assert_eq!(observe(&bundle).await, expected, "the reply to queue call {call} is lost");
    }
    Ok(())
}

#[tokio::test]
async fn redelivered_chunk_changes_nothing_after_its_stream_completed() -> Result<()> {
    let bundle = start().await?;
    let all = day("i-1");
    deliver(&bundle, "c", &all).await?;
    settle(&bundle).await?;
    let expected = observe(&bundle).await;
    // The same chunk again, and the same notifications from another producer.
    deliver(&bundle, "c", &all).await?;
    deliver(&bundle, "d", &all).await?;
    settle(&bundle).await?;
    assert_eq!(observe(&bundle).await, expected);
    Ok(())
}

#[tokio::test]
async fn deleted_stream_is_not_restored_by_a_late_worker() -> Result<()> {
    let bundle = start().await?;
    deliver(&bundle, "c", &day("i-1")).await?;
    assert_eq!(bundle.request("DELETE", "/v1/streams/1", &[], "").await.status, 200);
    settle(&bundle).await?;
    assert!(streams(&bundle).await.is_empty());
    assert!(list(&bundle, "/v1/events?event_name=compute.instance.exists.verified").await.is_empty());
    Ok(())
}
