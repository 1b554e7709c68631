//! Streams when workers die, calls are lost and messages come twice: what is stored is what a calm run stores.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::{VISIBILITY_SECONDS, chunk};
use tests::faults::Fault;

use super::{begin, day, list, notification, streams, wait};

/// What everybody can see of the streams: their states, and which events they have, without ids.
async fn seen(bundle: &TestBundle) -> BTreeMap<String, Vec<String>> {
    let mut seen = BTreeMap::new();
    for stream in streams(bundle).await {
        let events = stream["events"].as_array().cloned().unwrap_or_default();
        let mut ids: Vec<_> = events.iter().map(|event| event["message_id"].to_string()).collect();
        ids.sort();
        let name =
            format!("{} {}", stream["distinguishing_traits"], ids.first().cloned().unwrap_or_default());
        ids.push(stream["state"].to_string());
        assert!(seen.insert(name.clone(), ids).is_none(), "{name} is there twice");
    }
    let made = list(bundle, "/v1/events?event_name=compute.instance.exists.verified").await;
    let mut made: Vec<_> = made.iter().map(|event| event["message_id"].to_string()).collect();
    made.sort();
    seen.insert("made".to_owned(), made);
    seen
}

fn notifications() -> Vec<Value> {
    let mut all = day("i-1");
    all.extend(day("i-2"));
    all.push(notification("update", "i-3", "2035-01-05 23:00:00", &json!({})));
    all
}

/// Delivers until it is recorded, as often as the queue would.
async fn deliver(bundle: &TestBundle, name: &str, notifications: &[Value]) -> Result<()> {
    for _ in 0..5 {
        if bundle.process(&[chunk(name, notifications)]).await {
            return Ok(());
        }
        bundle.advance(TimeDelta::seconds(VISIBILITY_SECONDS));
    }
    anyhow::bail!("{name} is never recorded")
}

async fn settle(bundle: &TestBundle) -> Result<()> {
    bundle.advance(TimeDelta::seconds(VISIBILITY_SECONDS));
    bundle.drain().await?;
    wait(bundle, 12).await
}

#[tokio::test]
async fn a_worker_that_dies_at_any_call_loses_no_event_and_puts_none_into_two_streams() -> Result<()> {
    let all = notifications();
    let baseline = begin().await?;
    deliver(&baseline, "c", &all).await?;
    let calls = baseline.faults.take().len();
    settle(&baseline).await?;
    let expected = seen(&baseline).await;
    assert_eq!(expected["made"].len(), 2);
    ensure!(calls > 15, "there are calls to lose: {calls}");
    for fault in [Fault::Lost, Fault::ReplyLost] {
        for call in 1..=calls {
            let bundle = begin().await?;
            bundle.faults.fail_from(call, fault);
            bundle.process(&[chunk("c", &all)]).await;
            bundle.faults.heal();
            bundle.advance(TimeDelta::seconds(VISIBILITY_SECONDS));
            deliver(&bundle, "c", &all).await?;
            settle(&bundle).await?;
            assert_eq!(seen(&bundle).await, expected, "{fault:?} at call {call} of {calls}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_pipeline_whose_worker_dies_at_any_call_is_run_again_and_makes_the_same() -> Result<()> {
    let all = day("i-1");
    let prepared = async || -> Result<TestBundle> {
        let bundle = begin().await?;
        deliver(&bundle, "c", &all).await?;
        bundle.queued(&bundle.queue_url("StreamQueue")).await?;
        bundle.faults.take();
        Ok(bundle)
    };
    let run = async |bundle: &TestBundle| {
        let body = r#"{"task":"run","id":1}"#;
        bundle.runner.work(body, bundle.deadline()).await.is_ok()
    };
    let baseline = prepared().await?;
    ensure!(run(&baseline).await, "it runs");
    let calls = baseline.faults.take().len();
    settle(&baseline).await?;
    let expected = seen(&baseline).await;
    for fault in [Fault::Lost, Fault::ReplyLost] {
        for call in 1..=calls {
            let bundle = prepared().await?;
            bundle.faults.fail_from(call, fault);
            run(&bundle).await;
            bundle.faults.heal();
            settle(&bundle).await?;
            assert_eq!(seen(&bundle).await, expected, "{fault:?} at call {call} of {calls}");
        }
    }
    for call in 1..=2 {
        let bundle = prepared().await?;
        bundle.queue_faults.fail_from(call, Fault::ReplyLost);
        run(&bundle).await;
        bundle.queue_faults.heal();
        settle(&bundle).await?;
        assert_eq!(seen(&bundle).await, expected, "the queue's reply is lost");
    }
    Ok(())
}

#[tokio::test]
async fn a_chunk_that_is_delivered_again_after_its_stream_was_done_changes_nothing() -> Result<()> {
    let bundle = begin().await?;
    let all = day("i-1");
    deliver(&bundle, "c", &all).await?;
    settle(&bundle).await?;
    let expected = seen(&bundle).await;
    // The same notifications by another producer, and the same chunk again.
    deliver(&bundle, "c", &all).await?;
    deliver(&bundle, "d", &all).await?;
    settle(&bundle).await?;
    assert_eq!(seen(&bundle).await, expected);
    Ok(())
}

#[tokio::test]
async fn a_deleted_stream_is_not_brought_back_by_a_slower_worker() -> Result<()> {
    let bundle = begin().await?;
    deliver(&bundle, "c", &day("i-1")).await?;
    assert_eq!(bundle.ask("DELETE", "/v1/streams/1", &[], "").await.status, 200);
    settle(&bundle).await?;
    assert!(streams(&bundle).await.is_empty());
    assert!(list(&bundle, "/v1/events?event_name=compute.instance.exists.verified").await.is_empty());
    Ok(())
}
