//! Invariants of streams under random schedules of workers: each event is in one stream once, at most one stream with
//! the same traits is active, and no pipeline makes an event twice.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;
use tests::TestBundle;
use tests::bundle::{LEASE_SECONDS, VISIBILITY_SECONDS, chunk};
use tests::rng::Rng;

use super::{exists, list, notification, pass_minutes, start, streams};

/// Schedules, each with its own seed, by which a failure can be reproduced.
const SCHEDULES: u64 = 12;
/// Chunks of a schedule.
const CHUNKS: u64 = 6;

#[tokio::test]
async fn invariants_of_streams_hold_under_every_schedule() -> Result<()> {
    for seed in 0..SCHEDULES {
        run_schedule(seed).await.map_err(|error| error.context(format!("schedule {seed}")))?;
    }
    Ok(())
}

/// Delivers chunks about two instances twice, to two workers at once, while streams fire.
async fn run_schedule(seed: u64) -> Result<()> {
    let bundle = start().await?;
    let mut rng = Rng::new(seed);
    let mut chunks = Vec::new();
    let mut sent = Vec::new();
    for number in 0..CHUNKS {
        let mut notifications = Vec::new();
        for place in 0..=rng.below(4) {
            let instance = format!("i-{}", rng.below(2));
            let at = format!("2035-01-05 1{number}:0{place}:{:02}", rng.below(60));
            let notification = match rng.below(5) {
                0 => {
                    let mut exists = exists(&instance, &json!({"launched_at": "2035-01-04 10:00:00"}));
                    exists["message_id"] = json!(super::uuid(&format!("{seed} {number} {place}")));
                    exists
                }
                _ => notification("update", &instance, &at, &json!({})),
            };
            sent.push(notification["message_id"].to_string());
            notifications.push(notification);
        }
        chunks.push((format!("c{number}"), notifications));
    }
    let mut deliveries: Vec<_> = (0..chunks.len()).chain(0..chunks.len()).collect();
    rng.shuffle(&mut deliveries);
    for pair in deliveries.chunks(2) {
        let work = pair.iter().map(|number| {
            let (name, notifications) = &chunks[*number];
            let delivery = [chunk(name, notifications)];
            let bundle = &bundle;
            async move { bundle.process(&delivery).await }
        });
        join_all(work.collect::<Vec<_>>()).await;
        if rng.below(3) == 0 {
            bundle.drain().await?;
        }
        if rng.below(3) == 0 {
            bundle.expire_leases();
            bundle.streams.tick().await?;
        }
    }
    bundle.advance(TimeDelta::seconds(VISIBILITY_SECONDS + LEASE_SECONDS));
    for (name, notifications) in &chunks {
        ensure!(bundle.process(&[chunk(name, notifications)]).await, "{name} is not recorded");
    }
    pass_minutes(&bundle, 3).await?;
    check_invariants(&bundle, &sent).await
}

async fn check_invariants(bundle: &TestBundle, sent: &[String]) -> Result<()> {
    let mut members = BTreeMap::<String, u64>::new();
    let mut active = BTreeMap::<String, u64>::new();
    for stream in streams(bundle).await {
        let state = stream["state"].as_str().unwrap_or_default();
        ensure!(!["firing", "expiring"].contains(&state), "a stream is stuck: {stream}");
        if state == "active" {
            *active.entry(stream["distinguishing_traits"].to_string()).or_default() += 1;
        }
        for event in stream["events"].as_array().into_iter().flatten() {
            *members.entry(event["message_id"].to_string()).or_default() += 1;
        }
    }
    ensure!(
        active.values().all(|count| *count == 1),
        "several active streams have the same traits: {active:?}"
    );
    for message_id in sent {
        ensure!(
            members.get(message_id) == Some(&1),
            "{message_id} is in {:?} streams",
            members.get(message_id)
        );
    }
    for kind in ["verified", "failed", "warnings"] {
        let events = list(bundle, &format!("/v1/events?event_name=compute.instance.exists.{kind}")).await;
        let mut originals = BTreeMap::<String, u64>::new();
        for event in &events {
            if kind != "warnings" {
                *originals.entry(event["original_message_id"].to_string()).or_default() += 1;
            }
        }
        originals.remove("null");
        ensure!(originals.values().all(|count| *count == 1), "{kind} was made twice: {originals:?}");
    }
    Ok(())
}
