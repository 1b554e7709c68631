//! A worker that is held up anywhere, and comes back when others have done its work, changes nothing any more.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use anyhow::Result;
use chrono::TimeDelta;
use domain::ingest::plan::Delivery;
use domain::notification::service::Service;
use domain::usage::confirmation::{Answer, Confirmation};
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::{Worker, chunk};
use tests::faults::Fault;
use tests::generate::World;
use tests::rng::Rng;
use tests::scheduler::{Mishap, Scheduler, Work};
use tests::snapshot;

/// More calls than any flow here makes, each sent and answered.
const MOST_CALLS: usize = 400;
/// Stalls from one tick to the next.
const TICK_EVERY: usize = 8;

/// The exists of a world by service.
fn exists(world: &World) -> [(Service, BTreeSet<String>); 2] {
    let of = |event_type: &str| {
        let events = world.notifications.iter().filter(|event| event["event_type"] == event_type);
        events.filter_map(|event| event["message_id"].as_str().map(str::to_owned)).collect()
    };
    [(Service::Nova, of("compute.instance.exists")), (Service::Glance, of("image.exists"))]
}

/// Downstream answers to every exists of a world.
async fn confirm(bundle: &TestBundle, world: &World) -> Result<()> {
    let [nova, glance] = exists(world).map(|(_, ids)| {
        let answer = Answer { send_status: 200, event_id: Some("down".to_owned()) };
        ids.into_iter().map(|id| (id, answer.clone())).collect::<BTreeMap<_, _>>()
    });
    let messages = nova.len() + glance.len();
    let confirmed = bundle.usage.confirm(&Confirmation { nova, glance }).await?;
    assert!(confirmed.unknown.is_empty() && confirmed.rows >= messages as u64, "{confirmed:?}");
    Ok(())
}

async fn begin() -> Result<TestBundle> {
    let bundle = TestBundle::start().await?;
    bundle.tick().await?;
    Ok(bundle)
}

/// Holds a worker up at its first call, at the reply to it, at its second call and so on, each time in a world with other
/// names. `meanwhile` happens before it goes on. In the end everything is as when each world was recorded, judged and
/// confirmed in peace.
async fn survives(
    told: fn(u64) -> World,
    before: impl AsyncFn(&TestBundle, &World) -> Result<()>,
    work: impl AsyncFn(&TestBundle, &Worker, &World),
    meanwhile: impl AsyncFn(&TestBundle, &World) -> Result<()>,
    after: impl AsyncFn(&TestBundle, &World) -> Result<()>,
) -> Result<usize> {
    let (baseline, disturbed) = (begin().await?, begin().await?);
    let mut stalls = 0;
    for at in 1..MOST_CALLS {
        let world = told(at as u64);
        before(&disturbed, &world).await?;
        let scheduler = Scheduler::default();
        let worker = disturbed.worker(&scheduler, 0);
        let stalling: Work<'_> = Box::pin(work(&disturbed, &worker, &world));
        let successor: Work<'_> = Box::pin(async {
            meanwhile(&disturbed, &world).await.unwrap_or_else(|error| panic!("held up at {at}: {error:?}"));
        });
        let mut rng = Rng::new(at as u64);
        let calls =
            scheduler.run(&mut rng, vec![stalling], &[Mishap::Stalls(at)], || {}, vec![successor]).await;
        after(&disturbed, &world).await?;
        baseline.record(&json!(world.notifications)).await?;
        if at % TICK_EVERY == 0 {
            disturbed.tick().await?;
        }
        stalls = at;
        if calls < at {
            break;
        }
    }
    let (calm_outcome, disturbed) = (baseline.outcome().await?, disturbed.outcome().await?);
    for at in 1..=stalls {
        confirm(&baseline, &told(at as u64)).await?;
    }
    let mut baseline = baseline.snapshot().await?;
    baseline.remove("chunk");
    let differences = snapshot::differences(&disturbed.0, &baseline);
    assert!(differences.is_empty(), "{} differ:\n  {}", differences.len(), differences.join("\n  "));
    assert_eq!(disturbed.1, calm_outcome.1);
    assert!(disturbed.1.values().all(|ids| *ids == 1));
    Ok(stalls)
}

fn whole(world: &World, name: &str) -> Delivery {
    chunk(&format!("{name} {}", world.notifications[0]["message_id"]), &world.notifications)
}

/// The exists of a world and one more event of it, in a chunk of their own.
fn shared(world: &World, name: &str) -> Delivery {
    let is_shared =
        |event: &&Value| event["event_type"].as_str().is_some_and(|name| !name.ends_with("start"));
    let events: Vec<_> = world.notifications.iter().filter(is_shared).cloned().collect();
    chunk(&format!("{name} {}", world.notifications[0]["message_id"]), &events)
}

async fn nothing(_: &TestBundle, _: &World) -> Result<()> {
    Ok(())
}

/// Everything of a world is recorded, and its exists are due.
async fn is_due(bundle: &TestBundle, world: &World) -> Result<()> {
    bundle.record(&json!(world.notifications)).await?;
    bundle.advance(TimeDelta::minutes(1));
    Ok(())
}

/// A worker dies half-way through a chunk, and its lease ends.
async fn dies_with(bundle: &TestBundle, delivery: Delivery) {
    bundle.faults.fail_from(8, Fault::Lost);
    assert!(!bundle.process(&[delivery]).await, "its worker dies");
    bundle.faults.heal();
    bundle.advance(TimeDelta::seconds(61));
}

/// A chunk is delivered again, if need be once more when another worker's lease is over.
async fn is_delivered(bundle: &TestBundle, delivery: Delivery) {
    if !bundle.process(slice::from_ref(&delivery)).await {
        bundle.advance(TimeDelta::seconds(61));
        assert!(bundle.process(&[delivery]).await, "nobody is at it");
    }
}

/// A worker verifies what is due in this minute.
async fn verifies(bundle: &TestBundle, worker: &Worker) {
    let deadline = bundle.deadline();
    for task in bundle.sweeps(bundle.minute(), bundle.minute()) {
        worker.verifier.work(&task.body().expect("it can be written"), deadline).await.ok();
    }
}

/// What came due in the last minutes is verified, and downstream answers.
async fn is_judged_and_confirmed(bundle: &TestBundle, world: &World) -> Result<()> {
    bundle.advance(TimeDelta::minutes(1));
    assert!(bundle.verify(bundle.minute() - 6, bundle.minute()).await);
    confirm(bundle, world).await
}

#[tokio::test]
async fn a_worker_held_up_while_it_records_undoes_no_verdict_and_no_confirmation() -> Result<()> {
    let told = |names| World::short(names, &[1], &[8], 6);
    let stalls = survives(
        told,
        nothing,
        async |bundle, worker, world| {
            let deadline = bundle.deadline();
            worker.recorder.process(vec![whole(world, "c")], deadline).await;
        },
        async |bundle, world| {
            bundle.advance(TimeDelta::seconds(61));
            let from = bundle.minute();
            assert!(bundle.process(&[whole(world, "c")]).await, "its lease is over");
            bundle.advance(TimeDelta::minutes(1));
            assert!(bundle.verify(from - 2, bundle.minute()).await);
            confirm(bundle, world).await
        },
        nothing,
    );
    assert!(Box::pin(stalls).await? > 40);
    Ok(())
}

#[tokio::test]
async fn a_worker_held_up_while_it_takes_messages_over_records_none_that_their_owner_recorded() -> Result<()>
{
    // Of two chunks that hold on to a message, the first by name goes on.
    for (owner, other) in [("a", "b"), ("b", "a")] {
        let stalls = survives(
            |names| World::short(names, &[0], &[], 3),
            async |bundle, world| {
                dies_with(bundle, whole(world, owner)).await;
                Ok(())
            },
            async |bundle, worker, world| {
                let deadline = bundle.deadline();
                worker.recorder.process(vec![shared(world, other)], deadline).await;
            },
            async |bundle, world| {
                is_delivered(bundle, whole(world, owner)).await;
                Ok(())
            },
            async |bundle, world| {
                bundle.advance(TimeDelta::seconds(61));
                assert!(bundle.process(&[shared(world, other)]).await, "nobody is at it");
                is_judged_and_confirmed(bundle, world).await
            },
        );
        assert!(Box::pin(stalls).await? > 20);
    }
    Ok(())
}

#[tokio::test]
async fn a_message_that_two_chunks_take_over_from_a_third_is_recorded_by_one() -> Result<()> {
    for (other, third) in [("b", "c"), ("c", "b")] {
        let stalls = survives(
            |names| World::short(names, &[0], &[], 3),
            async |bundle, world| {
                dies_with(bundle, whole(world, "a")).await;
                Ok(())
            },
            async |bundle, worker, world| {
                let deadline = bundle.deadline();
                worker.recorder.process(vec![shared(world, other)], deadline).await;
            },
            async |bundle, world| {
                is_delivered(bundle, shared(world, third)).await;
                Ok(())
            },
            async |bundle, world| {
                bundle.advance(TimeDelta::seconds(61));
                assert!(bundle.process(&[shared(world, other)]).await, "nobody is at it");
                assert!(bundle.process(&[whole(world, "a")]).await, "nobody is at it");
                is_judged_and_confirmed(bundle, world).await
            },
        );
        assert!(Box::pin(stalls).await? > 20);
    }
    Ok(())
}

#[tokio::test]
async fn a_confirmation_that_comes_at_any_moment_of_a_verification_stays() -> Result<()> {
    let stalls = survives(
        |names| World::short(names, &[1], &[8], 6),
        is_due,
        async |bundle, worker, _| verifies(bundle, worker).await,
        confirm,
        nothing,
    );
    assert!(Box::pin(stalls).await? > 40);
    Ok(())
}

#[tokio::test]
async fn a_worker_held_up_while_it_verifies_leaves_the_verdict_of_its_successor() -> Result<()> {
    let stalls = survives(
        |names| World::short(names, &[1], &[8], 6),
        is_due,
        async |bundle, worker, _| verifies(bundle, worker).await,
        async |bundle, world| {
            let minute = bundle.minute();
            confirm(bundle, world).await?;
            bundle.verify(minute, minute).await;
            bundle.advance(TimeDelta::seconds(61));
            assert!(bundle.verify(minute, minute).await, "its lease is over");
            Ok(())
        },
        nothing,
    );
    assert!(Box::pin(stalls).await? > 40);
    Ok(())
}

#[tokio::test]
async fn an_exists_repaired_at_any_moment_is_announced_only_if_the_repair_came_too_late() -> Result<()> {
    let bundle = begin().await?;
    let (mut repaired, mut late) = (BTreeSet::new(), BTreeSet::new());
    for at in 1..MOST_CALLS {
        let world = World::short(at as u64, &[0], &[0], 6);
        bundle.record(&json!(world.notifications)).await?;
        bundle.advance(TimeDelta::minutes(1));
        let scheduler = Scheduler::default();
        let worker = bundle.worker(&scheduler, 0);
        let verifying: Work<'_> = Box::pin(verifies(&bundle, &worker));
        let repairing: Work<'_> = Box::pin(async {
            for (service, ids) in exists(&world) {
                let ids: Vec<_> = ids.into_iter().collect();
                let result = bundle.usage.repair(service, &ids).await.expect("it is repaired");
                assert!(result.absent_exists.is_empty());
                repaired.extend(ids.into_iter().filter(|id| !result.exists_not_pending.contains(id)));
                late.extend(result.exists_not_pending);
            }
        });
        let mut rng = Rng::new(at as u64);
        let calls =
            scheduler.run(&mut rng, vec![verifying], &[Mishap::Stalls(at)], || {}, vec![repairing]).await;
        if calls < at {
            break;
        }
    }
    let (snapshot, announced) = bundle.outcome().await?;
    let announced: BTreeSet<_> = announced.into_keys().map(|id| id.trim_matches('"').to_owned()).collect();
    assert_eq!(announced, late);
    assert!(repaired.len() > 20 && late.len() > 20, "{} {}", repaired.len(), late.len());
    let rows = ["instance exists", "image exists"].into_iter().flat_map(|kind| snapshot[kind].values());
    for row in rows {
        let sent = if repaired.contains(row["mi"].as_str().unwrap_or_default()) { 201 } else { 0 };
        assert_eq!((&row["st"], &row["ss"]), (&json!("verified"), &json!(sent)), "{row}");
    }
    Ok(())
}
