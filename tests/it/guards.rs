//! What each guard of recording and verifying is there for, one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use anyhow::{Context, Result, ensure};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use chrono::TimeDelta;
use domain::ingest::plan::Delivery;
use domain::notification::service::Service;
use serde_json::json;
use tests::TestBundle;
use tests::bundle::chunk;
use tests::faults::Fault;
use tests::generate::World;
use tests::rng::Rng;
use tests::scheduler::{Mishap, Scheduler, Work};
use tests::snapshot::{self, Snapshot};

pub async fn begin() -> Result<TestBundle> {
    let bundle = TestBundle::start().await?;
    bundle.tick().await?;
    Ok(bundle)
}

/// A right instance and a right image, in at most six notifications.
pub fn right(names: u64) -> World {
    World::short(names, &[0], &[0], 6)
}

fn without_chunks(mut snapshot: Snapshot) -> Snapshot {
    snapshot.remove("chunk");
    snapshot
}

#[tokio::test]
async fn posting_everything_a_second_time_changes_no_count_and_no_row() -> Result<()> {
    let bundle = begin().await?;
    let mut all = World::complete(77).notifications;
    let mut endless =
        all.iter().find(|event| event["event_type"] == "compute.instance.exists").cloned().expect("one");
    endless["message_id"] = json!("endless");
    endless["payload"]["audit_period_ending"] = json!(null);
    all.push(endless);
    bundle.record(&json!(all)).await?;
    let recorded = without_chunks(bundle.snapshot().await?);
    bundle.record(&json!(all)).await?;
    let again = without_chunks(bundle.snapshot().await?);
    assert_eq!(snapshot::differences(&again, &recorded), Vec::<String>::new());

    let (judged, announced) = bundle.outcome().await?;
    Rng::new(1).shuffle(&mut all);
    bundle.record(&json!(all)).await?;
    let (again, announced_again) = bundle.outcome().await?;
    assert_eq!(snapshot::differences(&again, &judged), Vec::<String>::new());
    assert!(announced.len() > 20, "{}", announced.len());
    assert!(announced_again.is_empty(), "{announced_again:?}");
    Ok(())
}

/// Lets a worker at one chunk stall half-way while `meanwhile` happens; whether it finished in the end.
async fn half_way(
    bundle: &TestBundle,
    name: &str,
    world: &World,
    meanwhile: impl Future<Output = ()>,
) -> bool {
    let scheduler = Scheduler::default();
    let worker = bundle.worker(&scheduler, 0);
    let mut finished = false;
    let stalling: Work<'_> = Box::pin(async {
        let deliveries = vec![chunk(name, &world.notifications)];
        let outcomes = worker.recorder.process(deliveries, bundle.deadline()).await;
        finished = outcomes.iter().all(|(_, outcome)| outcome.is_ok());
    });
    // Past the ids, the claim and the messages; before the end.
    let mishap = Mishap::Stalls(2 * (2 + world.notifications.len()) + 1);
    scheduler.run(&mut Rng::new(3), vec![stalling], &[mishap], || {}, vec![Box::pin(meanwhile)]).await;
    finished
}

#[tokio::test]
async fn a_chunk_and_its_messages_are_left_to_the_worker_that_holds_them_until_its_lease_is_over()
-> Result<()> {
    let (bundle, world) = (begin().await?, right(1));
    let finished = half_way(&bundle, "a", &world, async {
        assert!(!bundle.process(&[chunk("a", &world.notifications)]).await, "the same chunk");
        assert!(!bundle.process(&[chunk("b", &world.notifications)]).await, "its messages in a later chunk");
    });
    assert!(finished.await);
    bundle.advance(TimeDelta::seconds(61));
    assert!(bundle.process(&[chunk("b", &world.notifications)]).await, "they are recorded");

    let world = right(2);
    let finished = half_way(&bundle, "c", &world, async {
        bundle.advance(TimeDelta::seconds(61));
        assert!(bundle.process(&[chunk("d", &world.notifications)]).await, "its lease is over");
    });
    assert!(!finished.await, "another chunk took its messages over");
    assert!(bundle.process(&[chunk("c", &world.notifications)]).await, "they are recorded");

    let baseline = begin().await?;
    for names in [1, 2] {
        baseline.record(&json!(right(names).notifications)).await?;
    }
    let (baseline, disturbed) =
        (without_chunks(baseline.snapshot().await?), without_chunks(bundle.snapshot().await?));
    let mut differences = snapshot::differences(&disturbed, &baseline);
    differences
        .retain(|difference| !difference.starts_with("due ") && !difference.starts_with("open block "));
    assert_eq!(differences, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn a_body_that_a_producer_queues_itself_is_one_chunk_whatever_the_queue_calls_it() -> Result<()> {
    let bundle = begin().await?;
    let mut nameless = right(1).notifications;
    for notification in &mut nameless {
        notification["message_id"] = json!(null);
    }
    let delivery = |id: &str| Delivery {
        id: id.to_owned(),
        body: json!(nameless).to_string(),
        sent_at: None,
        service: None,
    };
    assert!(bundle.process(&[delivery("first")]).await);
    let once = bundle.snapshot().await?;
    // A redrive gives a message another id.
    assert!(bundle.process(&[delivery("again")]).await);
    assert_eq!(bundle.snapshot().await?, once);
    Ok(())
}

#[tokio::test]
async fn two_chunks_that_each_hold_a_message_of_the_other_do_not_wait_for_each_other() -> Result<()> {
    for seed in 0..10 {
        let (bundle, world) = (begin().await?, right(1));
        let mut backwards = world.clone();
        backwards.notifications.reverse();
        let deliveries = [chunk("a", &world.notifications), chunk("b", &backwards.notifications)];
        let scheduler = Scheduler::default();
        let workers = [bundle.worker(&scheduler, 0), bundle.worker(&scheduler, 1)];
        let work = workers.iter().zip(&deliveries).map(|(worker, delivery)| -> Work<'_> {
            Box::pin(async {
                worker.recorder.process(vec![delivery.clone()], bundle.deadline()).await;
            })
        });
        scheduler.run(&mut Rng::new(seed), work.collect(), &[], || {}, Vec::new()).await;
        for _ in 0..2 {
            bundle.advance(TimeDelta::seconds(61));
            bundle.process(&deliveries).await;
        }
        assert!(bundle.process(&deliveries).await, "seed {seed}");
        assert_eq!(bundle.snapshot().await?["raw"].len(), world.notifications.len());
    }
    Ok(())
}

/// Holds the writes of bodies and rows of notifications up for ever.
#[derive(Debug)]
struct Stuck(SharedHttpConnector);

impl HttpConnector for Stuck {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let writes_body =
            request.body().bytes().is_some_and(|body| String::from_utf8_lossy(body).contains("\"B#"));
        if writes_body {
            return HttpConnectorFuture::new(std::future::pending());
        }
        self.0.call(request)
    }
}

#[tokio::test]
async fn an_exists_that_is_judged_before_its_notification_is_written_is_announced_then() -> Result<()> {
    let (bundle, world) = (begin().await?, right(1));
    let delivery = chunk("a", &world.notifications);
    let worker = bundle.worker_behind(|client| {
        http_client_fn(move |settings, components| {
            SharedHttpConnector::new(Stuck(client.http_connector(settings, components)))
        })
    });
    let is_recorded = async || {
        while bundle.snapshot().await?.get("image exists").is_none_or(BTreeMap::is_empty) {}
        while bundle.snapshot().await?.get("instance exists").is_none_or(BTreeMap::is_empty) {}
        anyhow::Ok(())
    };
    tokio::select! {
        _ = worker.recorder.process(vec![delivery.clone()], bundle.deadline()) => unreachable!("it is stuck"),
        recorded = is_recorded() => recorded?,
    }
    for _ in 0..3 {
        bundle.advance(TimeDelta::minutes(1));
        bundle.tick().await?;
    }
    let snapshot = bundle.snapshot().await?;
    assert!(snapshot["instance exists"].values().all(|row| row["st"] == "verified"));
    assert!(!snapshot.contains_key("raw") && bundle.verified().await?.is_empty());

    assert!(bundle.process(&[delivery]).await);
    let (disturbed, announced) = bundle.outcome().await?;
    let baseline = begin().await?;
    baseline.record(&json!(world.notifications)).await?;
    let (baseline, expected) = baseline.outcome().await?;
    assert_eq!(snapshot::differences(&disturbed, &baseline), Vec::<String>::new());
    assert_eq!(announced, expected);
    Ok(())
}

#[tokio::test]
async fn a_worker_whose_chunk_was_claimed_again_writes_no_row_any_more() -> Result<()> {
    let (bundle, world) = (begin().await?, right(1));
    let delivery = chunk("a", &world.notifications);
    // The ids and the claim.
    let before_messages = 2;
    let scheduler = Scheduler::default();
    let worker = bundle.worker(&scheduler, 0);
    let mut finished = true;
    let stalling: Work<'_> = Box::pin(async {
        let outcomes = worker.recorder.process(vec![delivery.clone()], bundle.deadline()).await;
        finished = outcomes.iter().all(|(_, outcome)| outcome.is_ok());
    });
    let successor: Work<'_> = Box::pin(async {
        bundle.advance(TimeDelta::seconds(61));
        // It dies when it has made sure of the messages.
        bundle.faults.fail_from(before_messages + world.notifications.len() + 1, Fault::Lost);
        assert!(!bundle.process(slice::from_ref(&delivery)).await);
        assert!(bundle.faults.heal());
    });
    let mishap = Mishap::Stalls(2 * before_messages);
    scheduler.run(&mut Rng::new(1), vec![stalling], &[mishap], || {}, vec![successor]).await;
    assert!(!finished);
    let snapshot = bundle.snapshot().await?;
    assert_eq!(snapshot["message"].len(), world.notifications.len());
    assert!(!snapshot.contains_key("raw"), "{:?}", snapshot["raw"]);

    bundle.advance(TimeDelta::seconds(61));
    assert!(bundle.process(&[delivery]).await);
    assert_eq!(bundle.snapshot().await?["raw"].len(), world.notifications.len());
    Ok(())
}

#[tokio::test]
async fn an_id_block_stays_open_until_all_its_chunks_are_done() -> Result<()> {
    let (bundle, world) = (begin().await?, right(1));
    let delivery = chunk("a", &world.notifications);
    let open = async || -> Result<Vec<String>> {
        let snapshot = bundle.snapshot().await?;
        Ok(snapshot.get("open block").into_iter().flat_map(|blocks| blocks.keys().cloned()).collect())
    };
    bundle.faults.fail_from(8, Fault::Lost);
    assert!(!bundle.process(slice::from_ref(&delivery)).await);
    bundle.faults.heal();
    bundle.tick().await?;
    assert_eq!(open().await?, ["in SEQ"], "its deadline is to come");
    bundle.advance(TimeDelta::seconds(61));
    // Whatever the ticker dies of, the block is not lost.
    for fault in [Fault::Lost, Fault::ReplyLost] {
        for call in 1..40 {
            bundle.faults.fail_from(call, fault);
            bundle.sweeper.tick().await.ok();
            let came = bundle.faults.heal();
            assert!(!open().await?.is_empty(), "call {call} {fault:?}");
            if !came {
                break;
            }
        }
    }
    assert_eq!(open().await?.len(), 1, "set aside");
    assert!(bundle.process(&[delivery, chunk("b", &right(2).notifications)]).await);
    bundle.tick().await?;
    assert_eq!(open().await?, Vec::<String>::new());

    // Of two chunks in one invocation one is done: the block is not.
    let held = right(4);
    let deliveries = [chunk("c", &right(3).notifications), chunk("d", &held.notifications)];
    let finished = half_way(&bundle, "d", &held, async {
        assert!(!bundle.process(&deliveries).await);
    });
    assert!(finished.await);
    assert_eq!(open().await?, ["in SEQ"]);
    bundle.advance(TimeDelta::seconds(61));
    bundle.tick().await?;
    assert_eq!(open().await?, Vec::<String>::new(), "both chunks are done by now");
    Ok(())
}

/// Nothing is due any more, and every exists of an instance is verified.
async fn all_are_verified(bundle: &TestBundle) -> Result<()> {
    let snapshot = bundle.snapshot().await?;
    ensure!(!snapshot.contains_key("due"), "{:?}", snapshot["due"]);
    ensure!(snapshot["instance exists"].values().all(|row| row["st"] == "verified"), "{snapshot:?}");
    Ok(())
}

#[tokio::test]
async fn an_exists_that_is_written_late_in_its_minute_is_found_by_the_next_ticks() -> Result<()> {
    let (bundle, world) = (begin().await?, right(1));
    let finished = half_way(&bundle, "a", &world, async {
        // Its due row will be for the minute that begins in half a minute.
        bundle.advance(TimeDelta::seconds(45));
        bundle.tick().await.expect("it ticks");
    });
    assert!(finished.await);
    bundle.advance(TimeDelta::seconds(60));
    bundle.tick().await?;
    all_are_verified(&bundle).await
}

#[tokio::test]
async fn the_first_tick_ever_finds_what_came_due_long_before_it() -> Result<()> {
    let bundle = TestBundle::start().await?;
    bundle.record(&json!(right(1).notifications)).await?;
    bundle.advance(TimeDelta::hours(2));
    bundle.record(&json!(right(2).notifications)).await?;
    bundle.tick().await?;
    bundle.advance(TimeDelta::minutes(1));
    bundle.tick().await?;
    all_are_verified(&bundle).await
}

#[tokio::test]
async fn a_tick_that_dies_leaves_everything_that_came_due_to_the_next() -> Result<()> {
    let bundle = begin().await?;
    for call in 1..20 {
        bundle.record(&json!(right(call as u64).notifications)).await?;
        // Longer than what every tick looks at again.
        bundle.advance(TimeDelta::minutes(10));
        bundle.faults.fail_from(call, Fault::Lost);
        bundle.sweeper.tick().await.ok();
        let came = bundle.faults.heal();
        bundle.queue_faults.fail_from(1, Fault::Lost);
        bundle.sweeper.tick().await.ok();
        assert!(bundle.queue_faults.heal());
        bundle.advance(TimeDelta::minutes(1));
        bundle.tick().await?;
        all_are_verified(&bundle).await.with_context(|| format!("call {call}"))?;
        if !came {
            return Ok(());
        }
    }
    unreachable!("a tick has fewer calls")
}

/// Holds a worker up at this call of its verification; whether a record was in this working state then. If so, others
/// leave it alone until the lease is over.
async fn is_left_alone(bundle: &TestBundle, kind: &str, state: &str, at: usize) -> bool {
    let minute = bundle.minute();
    let scheduler = Scheduler::default();
    let worker = bundle.worker(&scheduler, 0);
    let verifying: Work<'_> = Box::pin(async {
        for task in bundle.sweeps(minute, minute) {
            worker.verifier.work(&task.body().expect("it can be written"), bundle.deadline()).await.ok();
        }
    });
    let mut was_in_state = false;
    let others: Work<'_> = Box::pin(async {
        let is_in_state = async || {
            let snapshot = bundle.snapshot().await.expect("it is seen");
            snapshot[kind].values().any(|row| row["st"] == state)
        };
        was_in_state = is_in_state().await;
        if was_in_state {
            assert!(!bundle.verify(minute, minute).await, "{state} {kind}: its worker may come back");
            assert!(is_in_state().await, "{state} {kind}");
            bundle.advance(TimeDelta::seconds(61));
            assert!(bundle.verify(minute, minute).await, "{state} {kind}: its lease is over");
        }
    });
    scheduler.run(&mut Rng::new(0), vec![verifying], &[Mishap::Stalls(at)], || {}, vec![others]).await;
    was_in_state
}

#[tokio::test]
async fn a_record_in_any_working_state_is_left_to_its_worker_until_the_lease_is_over() -> Result<()> {
    for (is_repaired, state, sent) in [(false, "verifying", 0), (true, "sent_verifying", 201)] {
        for (instances, images, kind) in [(&[0][..], &[][..], "instance exists"), (&[], &[0], "image exists")]
        {
            let bundle = begin().await?;
            let mut messages = 0;
            let mut was_in_state = async |at: usize| -> Result<bool> {
                let world = World::short(at as u64, instances, images, 6);
                bundle.record(&json!(world.notifications)).await?;
                let ids: BTreeSet<_> = world.meant.into_keys().map(|(message_id, _)| message_id).collect();
                let ids: Vec<_> = ids.into_iter().collect();
                messages += ids.len();
                if is_repaired {
                    let service = if instances.is_empty() { Service::Glance } else { Service::Nova };
                    bundle.usage.repair(service, &ids).await?;
                }
                bundle.advance(TimeDelta::minutes(1));
                Ok(is_left_alone(&bundle, kind, state, at).await)
            };
            let mut calls = 1..100;
            while !was_in_state(calls.next().expect("a record is in the state at some call")).await? {}
            let (snapshot, announced) = bundle.outcome().await?;
            for row in snapshot[kind].values() {
                assert_eq!((&row["st"], &row["ss"]), (&json!("verified"), &json!(sent)));
            }
            assert!(announced.values().all(|ids| *ids == 1));
            assert_eq!(announced.len(), if is_repaired { 0 } else { messages });
        }
    }
    Ok(())
}
