//! Whatever the queue delivers, twice, in any order, to several workers at once, the same is stored in the end.

use std::cell::RefCell;
use std::collections::BTreeSet;

use anyhow::Result;
use chrono::TimeDelta;
use domain::ingest::plan::Delivery;
use domain::usage::task::UsageTask;
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::{Worker, chunk};
use tests::generate::World;
use tests::rng::Rng;
use tests::scheduler::{Mishap, Scheduler, Work};
use tests::snapshot;

/// Schedules of one test.
const SCHEDULES: u64 = 200;
/// Deliveries after which a queue gives a message up.
const MOST_DELIVERIES: usize = 5;
/// Schedules from one tick to the next.
const TICK_EVERY: u64 = 8;

/// What one schedule tells, in few words: an instance, and images, that are right or wrong in ways that go round.
fn told(schedule: u64) -> Vec<Value> {
    let mut rng = Rng::new(schedule);
    let (instance, image) = (rng.pick(&[0, 1, 2, 31, 33, 24]), rng.pick(&[1, 0, 8, 11, 3]));
    World::short(schedule, &[instance], &[image], 8).notifications
}

/// Notifications in two to four chunks; some of them in two.
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

/// Things in any order, some of them twice, cut into the invocations of one worker.
fn invocations<T: Clone>(rng: &mut Rng, things: &[T]) -> Vec<Vec<T>> {
    let mut things: Vec<T> = things.to_vec();
    for thing in things.clone() {
        if rng.percent(30) {
            things.push(thing);
        }
    }
    rng.shuffle(&mut things);
    let mut cut = Vec::new();
    while !things.is_empty() {
        let most = things.len().min(1 + rng.below(3));
        cut.push(things.drain(..most).collect());
    }
    cut
}

fn mishaps(rng: &mut Rng) -> [Mishap; 2] {
    let at = 1 + rng.below(80);
    let mishap = rng.pick(&[Mishap::None, Mishap::Dies(at), Mishap::Stalls(at)]);
    if rng.percent(50) { [mishap, Mishap::None] } else { [Mishap::None, mishap] }
}

/// Records deliveries, invocation after invocation, and notes the chunks that are done.
fn record<'a>(
    bundle: &'a TestBundle,
    worker: &'a Worker,
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

fn verify<'a>(bundle: &'a TestBundle, worker: &'a Worker, invocations: Vec<Vec<UsageTask>>) -> Work<'a> {
    Box::pin(async move {
        for task in invocations.concat() {
            // What fails is found again by the next tick.
            worker.verifier.work(&task.body().expect("it can be written"), bundle.deadline()).await.ok();
        }
    })
}

/// Records what one schedule tells by two workers and a successor, all of whom may get any of it.
async fn record_all(bundle: &TestBundle, rng: &mut Rng, schedule: u64) -> Result<()> {
    let scheduler = Scheduler::default();
    let workers: Vec<_> = (0..3).map(|number| bundle.worker(&scheduler, number)).collect();
    let chunks = chunks(rng, schedule, &told(schedule));
    let done = RefCell::default();
    let mut work: Vec<_> =
        workers.iter().map(|worker| record(bundle, worker, invocations(rng, &chunks), &done)).collect();
    let successors = work.split_off(2);
    let mishaps = mishaps(rng);
    scheduler.run(rng, work, &mishaps, || bundle.advance(TimeDelta::seconds(61)), successors).await;
    for _ in 0..MOST_DELIVERIES {
        let left: Vec<_> =
            chunks.iter().filter(|chunk| !done.borrow().contains(&chunk.id)).cloned().collect();
        if left.is_empty() {
            return Ok(());
        }
        bundle.advance(TimeDelta::seconds(61));
        let outcomes = bundle.recorder.process(left, bundle.deadline()).await;
        done.borrow_mut().extend(outcomes.into_iter().filter_map(|(id, outcome)| outcome.ok().map(|()| id)));
    }
    anyhow::bail!("schedule {schedule}: a chunk was delivered too often")
}

/// Verifies what came due since a minute by two workers and a successor, all of whom may get any of it.
async fn verify_all(bundle: &TestBundle, rng: &mut Rng, from: i64) {
    bundle.advance(TimeDelta::minutes(1));
    let tasks = bundle.sweeps(from, bundle.minute());
    let scheduler = Scheduler::default();
    let workers: Vec<_> = (0..3).map(|number| bundle.worker(&scheduler, number)).collect();
    let mut work: Vec<_> =
        workers.iter().map(|worker| verify(bundle, worker, invocations(rng, &tasks))).collect();
    let successors = work.split_off(2);
    let mishaps = mishaps(rng);
    scheduler.run(rng, work, &mishaps, || bundle.advance(TimeDelta::seconds(61)), successors).await;
}

#[tokio::test]
async fn the_same_is_stored_and_announced_whatever_is_delivered_twice_late_or_to_several_workers()
-> Result<()> {
    let (baseline, disturbed) = (TestBundle::start().await?, TestBundle::start().await?);
    baseline.tick().await?;
    disturbed.tick().await?;
    for schedule in 0..SCHEDULES {
        let mut rng = Rng::new(schedule);
        let from = disturbed.minute();
        record_all(&disturbed, &mut rng, schedule).await?;
        verify_all(&disturbed, &mut rng, from).await;
        if schedule % TICK_EVERY == 0 {
            disturbed.tick().await?;
        }
        baseline.record(&json!(told(schedule))).await?;
    }
    let (baseline, disturbed) = (baseline.outcome().await?, disturbed.outcome().await?);
    let differences = snapshot::differences(&disturbed.0, &baseline.0);
    assert!(differences.is_empty(), "{} differ:\n  {}", differences.len(), differences.join("\n  "));
    assert_eq!(disturbed.1, baseline.1);
    assert!(baseline.1.values().all(|ids| *ids == 1));
    Ok(())
}
