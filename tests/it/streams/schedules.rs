//! A model of streams, and workers in any order: whatever the schedule, each event is in the streams that it matched
//! once, no two streams of the same traits are active, and no pipeline makes anything twice.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;
use tests::TestBundle;
use tests::bundle::chunk;
use tests::rng::Rng;

use super::{begin, exists, list, notification, streams, wait};

/// Schedules that are tried; each has a seed, so that one that fails can be tried again.
const SCHEDULES: u64 = 12;

#[tokio::test]
async fn no_schedule_of_workers_breaks_what_holds_of_streams() -> Result<()> {
    for seed in 0..SCHEDULES {
        schedule(seed).await.map_err(|problem| problem.context(format!("schedule {seed}")))?;
    }
    Ok(())
}

/// Some chunks of few instances, delivered twice and by two workers at once, while streams fire and are reset.
async fn schedule(seed: u64) -> Result<()> {
    let bundle = begin().await?;
    let mut rng = Rng::new(seed);
    let mut chunks = Vec::new();
    let mut sent = Vec::new();
    for number in 0..6 {
        let mut notifications = Vec::new();
        for place in 0..=rng.below(4) {
            let instance = format!("i-{}", rng.below(2));
            let at = format!("2035-01-05 1{number}:0{place}:{:02}", rng.below(60));
            let one = match rng.below(5) {
                0 => {
                    let mut record = exists(&instance, &json!({"launched_at": "2035-01-04 10:00:00"}));
                    record["message_id"] = json!(super::uuid(&format!("{seed} {number} {place}")));
                    record
                }
                _ => notification("update", &instance, &at, &json!({})),
            };
            sent.push(one["message_id"].to_string());
            notifications.push(one);
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
            bundle.advance(TimeDelta::seconds(61));
            bundle.streams.tick().await?;
        }
    }
    bundle.advance(TimeDelta::seconds(400));
    for (name, notifications) in &chunks {
        ensure!(bundle.process(&[chunk(name, notifications)]).await, "{name} is recorded in the end");
    }
    wait(&bundle, 3).await?;
    holds(&bundle, &sent).await
}

async fn holds(bundle: &TestBundle, sent: &[String]) -> Result<()> {
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
    ensure!(active.values().all(|count| *count == 1), "two are active: {active:?}");
    for message_id in sent {
        ensure!(
            members.get(message_id) == Some(&1),
            "{message_id} is in {:?} streams",
            members.get(message_id)
        );
    }
    for kind in ["verified", "failed", "warnings"] {
        let made = list(bundle, &format!("/v1/events?event_name=compute.instance.exists.{kind}")).await;
        let mut originals = BTreeMap::<String, u64>::new();
        for event in &made {
            if kind != "warnings" {
                *originals.entry(event["original_message_id"].to_string()).or_default() += 1;
            }
        }
        originals.remove("null");
        ensure!(originals.values().all(|count| *count == 1), "{kind} was made twice: {originals:?}");
    }
    Ok(())
}
