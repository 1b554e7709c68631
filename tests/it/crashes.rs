//! Crashes: wherever a worker crashes, its successor repairs what it left.

use std::slice;

use anyhow::Result;
use chrono::TimeDelta;
use domain::ingest::plan::Delivery;
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::{LEASE_SECONDS, VISIBILITY_SECONDS, chunk};
use tests::faults::{Fault, Faults};
use tests::generate::{DELETED, Scenario, VALID, WRONG_SIZE};
use tests::stored_state;

/// Crashes from one tick to the next.
const TICK_EVERY: usize = 8;
/// More calls than any flow here makes.
const MAX_CALLS: usize = 300;
/// The fewest calls of each flow; with fewer, the test would not cover it.
const MIN_RECORDING_CALLS: usize = 31;
const MIN_VERIFYING_CALLS: usize = 21;
const MIN_QUEUE_CALLS: usize = 2;
const MIN_SHARED_CHUNK_CALLS: usize = 16;

/// Returns a notification of every kind with an effect, one without, a duplicate, one without a message id, and two that
/// are rejected.
fn every_kind(name_seed: u64) -> Vec<Value> {
    let mut all = Scenario::small(name_seed, &[DELETED], &[DELETED], 7).notifications;
    let copy = |name: &str| {
        all.iter().find(|event| event["event_type"] == name).cloned().expect("the scenario has one")
    };
    let mut nameless = copy("image.activate");
    nameless["event_type"] = json!("image.update");
    nameless["message_id"] = json!(null);
    let mut endless = copy("compute.instance.exists");
    endless["message_id"] = json!(format!("endless {name_seed}"));
    endless["payload"]["audit_period_ending"] = json!(null);
    all.extend([all[0].clone(), nameless, endless]);
    all.push(json!({"event_type": "compute.instance.exists", "publisher_id": "p", "message_id": "timeless"}));
    assert!(all.len() <= 20, "they must fit one chunk: {}", all.len());
    all
}

/// Crashes a worker at its first, second, third call and so on, by both kinds of fault, each time with notifications
/// generated under other names. Checks that the same is stored and announced as without crashes, and returns the number
/// of calls.
async fn survives_crashes(
    faults: fn(&TestBundle) -> &Faults,
    generate: fn(u64) -> Vec<Value>,
    before: impl AsyncFn(&TestBundle, &[Value]) -> Result<()>,
    crashing: impl AsyncFn(&TestBundle, &[Value]) -> Result<()>,
    after: impl AsyncFn(&TestBundle, &[Value]) -> Result<()>,
) -> Result<usize> {
    let (baseline, disturbed) = (TestBundle::ticked().await?, TestBundle::ticked().await?);
    let (mut all, mut calls) = (Vec::new(), 0);
    for fault in Fault::ALL {
        for call in 1..=MAX_CALLS {
            let notifications = generate((all.len() + 1) as u64);
            before(&disturbed, &notifications).await?;
            faults(&disturbed).fail_from(call, fault);
            // A crashed worker reports nothing.
            crashing(&disturbed, &notifications).await.ok();
            let is_reached = faults(&disturbed).clear();
            after(&disturbed, &notifications).await?;
            all.push(notifications);
            if all.len() % TICK_EVERY == 0 {
                Box::pin(disturbed.tick()).await?;
            }
            if !is_reached {
                break;
            }
            calls = call;
        }
    }
    for notifications in all {
        baseline.record(&json!(notifications)).await?;
    }
    let (baseline, disturbed) = (Box::pin(baseline.outcome()).await?, Box::pin(disturbed.outcome()).await?);
    let differences = stored_state::differences(&disturbed.0, &baseline.0);
    assert!(differences.is_empty(), "{} differ:\n  {}", differences.len(), differences.join("\n  "));
    assert_eq!(disturbed.1, baseline.1);
    assert!(baseline.1.values().all(|ids| *ids == 1));
    Ok(calls)
}

async fn nothing(_: &TestBundle, _: &[Value]) -> Result<()> {
    Ok(())
}

async fn record(bundle: &TestBundle, notifications: &[Value]) -> Result<()> {
    bundle.record(&json!(notifications)).await.map(drop)
}

#[tokio::test]
async fn worker_that_crashes_while_recording_has_its_chunk_recorded_once() -> Result<()> {
    let redelivered = async |bundle: &TestBundle, _: &[Value]| {
        bundle.advance(TimeDelta::seconds(LEASE_SECONDS + VISIBILITY_SECONDS));
        bundle.drain().await
    };
    let calls =
        Box::pin(survives_crashes(|bundle| &bundle.faults, every_kind, nothing, record, redelivered)).await?;
    assert!(calls >= MIN_RECORDING_CALLS, "{calls}");
    Ok(())
}

fn few(name_seed: u64) -> Vec<Value> {
    Scenario::small(name_seed, &[DELETED], &[WRONG_SIZE], 9).notifications
}

#[tokio::test]
async fn worker_that_crashes_while_verifying_has_each_exists_verified_and_announced_once() -> Result<()> {
    let verify = async |bundle: &TestBundle, _: &[Value]| {
        bundle.verify().await;
        Ok(())
    };
    let due = async |bundle: &TestBundle, notifications: &[Value]| {
        record(bundle, notifications).await?;
        bundle.advance(TimeDelta::minutes(1));
        Ok(())
    };
    let calls = Box::pin(survives_crashes(|bundle| &bundle.faults, few, due, verify, nothing)).await?;
    assert!(calls >= MIN_VERIFYING_CALLS, "{calls}");
    // The same when the queues fail.
    let calls = Box::pin(survives_crashes(|bundle| &bundle.queue_faults, few, due, verify, nothing)).await?;
    assert!(calls >= MIN_QUEUE_CALLS, "{calls}");
    Ok(())
}

/// Returns two chunks; the second shares the exists of the first and one more notification.
fn chunks(notifications: &[Value]) -> (Delivery, Delivery) {
    let exists = |event: &&Value| event["event_type"].as_str().is_some_and(|name| name.ends_with("exists"));
    let shared: Vec<_> =
        notifications.iter().filter(exists).cloned().chain([notifications[1].clone()]).collect();
    let name = notifications[0]["message_id"].as_str().unwrap_or_default();
    (chunk(&format!("owner {name}"), notifications), chunk(&format!("other {name}"), &shared))
}

#[tokio::test]
async fn chunk_takes_over_messages_from_a_chunk_whose_worker_crashed() -> Result<()> {
    for other_first in [true, false] {
        let crashing = async |bundle: &TestBundle, notifications: &[Value]| {
            bundle.process(&[chunks(notifications).0]).await;
            Ok(())
        };
        let survivors = async |bundle: &TestBundle, notifications: &[Value]| {
            let (owner, other) = chunks(notifications);
            // Until its lease expires, the owner keeps its messages.
            bundle.process(slice::from_ref(&other)).await;
            bundle.expire_leases();
            for delivery in if other_first { [&other, &owner] } else { [&owner, &other] } {
                assert!(bundle.process(slice::from_ref(delivery)).await, "no lease blocks {}", delivery.id);
            }
            Ok(())
        };
        let generate = |name_seed| Scenario::small(name_seed, &[DELETED], &[VALID], 6).notifications;
        let calls =
            Box::pin(survives_crashes(|bundle| &bundle.faults, generate, nothing, crashing, survivors))
                .await?;
        assert!(calls >= MIN_SHARED_CHUNK_CALLS, "{calls}");
    }
    Ok(())
}
