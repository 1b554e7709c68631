//! A worker that dies anywhere leaves nothing behind that its successor does not put right.

use std::slice;

use anyhow::Result;
use chrono::TimeDelta;
use domain::ingest::plan::Delivery;
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::{LEASE_SECONDS, VISIBILITY_SECONDS, chunk};
use tests::faults::{Fault, Faults};
use tests::generate::World;
use tests::snapshot;

const MODES: [Fault; 2] = [Fault::Lost, Fault::ReplyLost];
/// Deaths from one tick to the next.
const TICK_EVERY: usize = 8;
/// More calls than any flow here makes.
const MOST_CALLS: usize = 300;

/// One notification of every kind that does something, one that does nothing, one that comes twice, one without a
/// name, and two that cannot be used.
fn every_kind(names: u64) -> Vec<Value> {
    let mut all = World::short(names, &[1], &[1], 7).notifications;
    let told =
        |name: &str| all.iter().find(|event| event["event_type"] == name).cloned().expect("there is one");
    let mut nameless = told("image.activate");
    nameless["event_type"] = json!("image.update");
    nameless["message_id"] = json!(null);
    let mut endless = told("compute.instance.exists");
    endless["message_id"] = json!(format!("endless {names}"));
    endless["payload"]["audit_period_ending"] = json!(null);
    all.extend([all[0].clone(), nameless, endless]);
    all.push(json!({"event_type": "compute.instance.exists", "publisher_id": "p", "message_id": "timeless"}));
    assert!(all.len() <= 20, "they are one chunk: {}", all.len());
    all
}

/// A bundle whose ticker has begun.
async fn begin() -> Result<TestBundle> {
    let bundle = TestBundle::start().await?;
    bundle.tick().await?;
    Ok(bundle)
}

/// Lets a worker at the notifications that `told` gives die at its first, second, third call and so on, in both modes,
/// each time with other names. What is stored and announced in the end is what is stored and announced when nobody dies.
/// Returns the number of calls.
async fn survives(
    faults: fn(&TestBundle) -> &Faults,
    told: fn(u64) -> Vec<Value>,
    before: impl AsyncFn(&TestBundle, &[Value]) -> Result<()>,
    interrupted: impl AsyncFn(&TestBundle, &[Value]) -> Result<()>,
    after: impl AsyncFn(&TestBundle, &[Value]) -> Result<()>,
) -> Result<usize> {
    let (baseline, disturbed) = (begin().await?, begin().await?);
    let (mut all, mut calls) = (Vec::new(), 0);
    for mode in MODES {
        for call in 1..=MOST_CALLS {
            let notifications = told((all.len() + 1) as u64);
            before(&disturbed, &notifications).await?;
            faults(&disturbed).fail_from(call, mode);
            // Nobody hears what became of a worker that is gone.
            interrupted(&disturbed, &notifications).await.ok();
            let came = faults(&disturbed).heal();
            after(&disturbed, &notifications).await?;
            all.push(notifications);
            if all.len() % TICK_EVERY == 0 {
                disturbed.tick().await?;
            }
            if !came {
                break;
            }
            calls = call;
        }
    }
    for notifications in all {
        baseline.record(&json!(notifications)).await?;
    }
    let (baseline, disturbed) = (baseline.outcome().await?, disturbed.outcome().await?);
    let differences = snapshot::differences(&disturbed.0, &baseline.0);
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
async fn a_worker_that_dies_at_any_call_while_it_records_has_its_chunk_recorded_once() -> Result<()> {
    let redelivered = async |bundle: &TestBundle, _: &[Value]| {
        bundle.advance(TimeDelta::seconds(LEASE_SECONDS + VISIBILITY_SECONDS));
        bundle.drain().await
    };
    let calls = survives(|bundle| &bundle.faults, every_kind, nothing, record, redelivered).await?;
    assert!(calls > 30, "{calls}");
    Ok(())
}

fn few(names: u64) -> Vec<Value> {
    World::short(names, &[1], &[8], 9).notifications
}

#[tokio::test]
async fn a_worker_that_dies_at_any_call_while_it_verifies_has_each_exists_judged_and_announced_once()
-> Result<()> {
    let verify = async |bundle: &TestBundle, _: &[Value]| {
        bundle.verify(bundle.minute(), bundle.minute()).await;
        Ok(())
    };
    let due = async |bundle: &TestBundle, notifications: &[Value]| {
        record(bundle, notifications).await?;
        bundle.advance(TimeDelta::minutes(1));
        Ok(())
    };
    let calls = survives(|bundle| &bundle.faults, few, due, verify, nothing).await?;
    assert!(calls > 20, "{calls}");
    // Nor does it when the queues are gone.
    let calls = survives(|bundle| &bundle.queue_faults, few, due, verify, nothing).await?;
    assert!(calls >= 2, "{calls}");
    Ok(())
}

/// Two chunks, the second with the exists of the first and something else of it.
fn chunks(notifications: &[Value]) -> (Delivery, Delivery) {
    let exists = |event: &&Value| event["event_type"].as_str().is_some_and(|name| name.ends_with("exists"));
    let shared: Vec<_> =
        notifications.iter().filter(exists).cloned().chain([notifications[1].clone()]).collect();
    let name = notifications[0]["message_id"].as_str().unwrap_or_default();
    (chunk(&format!("owner {name}"), notifications), chunk(&format!("other {name}"), &shared))
}

#[tokio::test]
async fn a_chunk_takes_over_what_it_shares_with_one_whose_worker_died_at_any_call() -> Result<()> {
    for other_first in [true, false] {
        let dying = async |bundle: &TestBundle, notifications: &[Value]| {
            bundle.process(&[chunks(notifications).0]).await;
            Ok(())
        };
        let survivors = async |bundle: &TestBundle, notifications: &[Value]| {
            let (owner, other) = chunks(notifications);
            // While the owner may come back, what is its own is left to it.
            bundle.process(slice::from_ref(&other)).await;
            bundle.advance(TimeDelta::seconds(61));
            for delivery in if other_first { [&other, &owner] } else { [&owner, &other] } {
                assert!(bundle.process(slice::from_ref(delivery)).await, "{} is free", delivery.id);
            }
            Ok(())
        };
        let told = |names| World::short(names, &[1], &[0], 6).notifications;
        let calls = survives(|bundle| &bundle.faults, told, nothing, dying, survivors).await?;
        assert!(calls > 15, "{calls}");
    }
    Ok(())
}
