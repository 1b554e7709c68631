//! Deliveries: duplicated, reordered and concurrent deliveries all lead to the same stored state.

use std::cell::RefCell;
use std::collections::BTreeSet;

use anyhow::Result;
use chrono::TimeDelta;
use domain::ingest::plan::Delivery;
use domain::usage::task::UsageTask;
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::{MAX_RECEIVES, WorkerProcess, chunk};
use tests::generate::{DELETED, Scenario, VALID, WRONG_SIZE};
use tests::rng::Rng;
use tests::scheduler::{Disruption, Scheduler, Work};
use tests::stored_state;

/// Schedules of one test.
const SCHEDULES: u64 = 200;
/// Schedules from one tick to the next.
const TICK_EVERY: u64 = 8;
/// Workers of a schedule: two, and the successor of the disrupted one.
const WORKERS: usize = 3;
/// Releases after which a worker is disrupted at the latest.
const MAX_RELEASES: usize = 80;

/// Returns the notifications of one schedule, few of them: an instance and images of random variants.
fn generate(schedule: u64) -> Vec<Value> {
    let mut rng = Rng::new(schedule);
    let (instance, image) =
        (rng.pick(&[VALID, DELETED, 2, 31, 33, 24]), rng.pick(&[DELETED, VALID, WRONG_SIZE, 11, 3]));
    Scenario::small(schedule, &[instance], &[image], 8).notifications
}

/// Distributes notifications over two to four chunks, some of them to two.
fn chunks(rng: &mut Rng, schedule: u64, notifications: &[Value]) -> Vec<Delivery> {
    let mut chunks = vec![Vec::new(); 2 + rng.below(3)];
    for notification in notifications {
        for _ in 0..=usize::from(rng.percent(30)) {
            let chunk = rng.below(chunks.len());
            chunks[chunk].push(notification.clone());
        }
    }
    for chunk in &mut chunks {
        rng.shuffle(chunk);
    }
    let named = chunks.iter().enumerate().filter(|(_, chunk)| !chunk.is_empty());
    named.map(|(number, held)| chunk(&format!("{schedule}-{number}"), held)).collect()
}

/// Shuffles items, duplicates some, and splits them into the invocations of one worker.
fn invocations<T: Clone>(rng: &mut Rng, items: &[T]) -> Vec<Vec<T>> {
    let mut items: Vec<T> = items.to_vec();
    for item in items.clone() {
        if rng.percent(30) {
            items.push(item);
        }
    }
    rng.shuffle(&mut items);
    let mut invocations = Vec::new();
    while !items.is_empty() {
        let size = items.len().min(1 + rng.below(3));
        invocations.push(items.drain(..size).collect());
    }
    invocations
}

fn disruptions(rng: &mut Rng) -> [Disruption; 2] {
    let at = 1 + rng.below(MAX_RELEASES);
    let disruption = rng.pick(&[Disruption::None, Disruption::Crash(at), Disruption::Stall(at)]);
    if rng.percent(50) { [disruption, Disruption::None] } else { [Disruption::None, disruption] }
}

/// Records deliveries in sequential invocations and collects the ids of the completed chunks.
fn record<'a>(
    bundle: &'a TestBundle,
    worker: &'a WorkerProcess,
    invocations: Vec<Vec<Delivery>>,
    done: &'a RefCell<BTreeSet<String>>,
) -> Work<'a> {
    Box::pin(async move {
        for deliveries in invocations {
            let outcomes = worker.recorder.process(deliveries, bundle.deadline()).await;
            done.borrow_mut()
                .extend(outcomes.into_iter().filter_map(|(id, outcome)| outcome.ok().map(|()| id)));
        }
    })
}

fn verify<'a>(
    bundle: &'a TestBundle,
    worker: &'a WorkerProcess,
    invocations: Vec<Vec<UsageTask>>,
) -> Work<'a> {
    Box::pin(async move {
        for task in invocations.concat() {
            // A failed task is repeated by the next tick.
            worker.verifier.work(&task.body().expect("tasks serialize"), bundle.deadline()).await.ok();
        }
    })
}

/// Records the notifications of one schedule with two workers and a successor, to each of which any may be delivered.
async fn record_all(bundle: &TestBundle, rng: &mut Rng, schedule: u64) -> Result<()> {
    let scheduler = Scheduler::default();
    let workers: Vec<_> = (0..WORKERS).map(|number| bundle.scheduled_worker(&scheduler, number)).collect();
    let chunks = chunks(rng, schedule, &generate(schedule));
    let done = RefCell::default();
    let mut work: Vec<_> =
        workers.iter().map(|worker| record(bundle, worker, invocations(rng, &chunks), &done)).collect();
    let successors = work.split_off(WORKERS - 1);
    let disruptions = disruptions(rng);
    scheduler.run(rng, work, &disruptions, || bundle.expire_leases(), successors).await;
    for _ in 0..MAX_RECEIVES {
        let left: Vec<_> =
            chunks.iter().filter(|chunk| !done.borrow().contains(&chunk.id)).cloned().collect();
        if left.is_empty() {
            return Ok(());
        }
        bundle.expire_leases();
        let outcomes = bundle.recorder.process(left, bundle.deadline()).await;
        done.borrow_mut().extend(outcomes.into_iter().filter_map(|(id, outcome)| outcome.ok().map(|()| id)));
    }
    anyhow::bail!("schedule {schedule}: a chunk failed {MAX_RECEIVES} times")
}

/// Verifies what is due with two workers and a successor, to each of which any may be delivered.
async fn verify_all(bundle: &TestBundle, rng: &mut Rng) {
    bundle.advance(TimeDelta::minutes(1));
    let tasks = bundle.sweeps();
    let scheduler = Scheduler::default();
    let workers: Vec<_> = (0..WORKERS).map(|number| bundle.scheduled_worker(&scheduler, number)).collect();
    let mut work: Vec<_> =
        workers.iter().map(|worker| verify(bundle, worker, invocations(rng, &tasks))).collect();
    let successors = work.split_off(WORKERS - 1);
    let disruptions = disruptions(rng);
    scheduler.run(rng, work, &disruptions, || bundle.expire_leases(), successors).await;
}

#[tokio::test]
async fn duplicate_late_and_concurrent_deliveries_store_and_announce_the_same() -> Result<()> {
    let (baseline, disturbed) = (TestBundle::ticked().await?, TestBundle::ticked().await?);
    for schedule in 0..SCHEDULES {
        let mut rng = Rng::new(schedule);
        record_all(&disturbed, &mut rng, schedule).await?;
        verify_all(&disturbed, &mut rng).await;
        if schedule % TICK_EVERY == 0 {
            disturbed.tick().await?;
        }
        baseline.record(&json!(generate(schedule))).await?;
    }
    let (baseline, disturbed) = (baseline.outcome().await?, disturbed.outcome().await?);
    let differences = stored_state::differences(&disturbed.0, &baseline.0);
    assert!(differences.is_empty(), "{} differ:\n  {}", differences.len(), differences.join("\n  "));
    assert_eq!(disturbed.1, baseline.1);
    assert!(baseline.1.values().all(|ids| *ids == 1));
    Ok(())
}
