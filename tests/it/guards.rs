//! The concurrency guards of recording and verifying, one by one: leases, tokens, conditions and sweeps.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;
use std::time::Duration;

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
use tests::bundle::{LEASE_SECONDS, chunk};
use tests::faults::Fault;
use tests::generate::{Scenario, VALID};
use tests::rng::Rng;
use tests::scheduler::{Disruption, Scheduler, Work};
use tests::stored_state::{self, without_chunks};

/// Calls of a new worker before it writes a chunk's messages: it reads the last ids, stores its open block, allocates ids,
/// and claims the chunk.
const CALLS_BEFORE_MESSAGES: usize = 4;
/// A call of a worker after it has claimed a chunk and before it completes it.
pub const CALL_IN_A_CHUNK: usize = 8;
/// More calls than a tick makes.
const MAX_TICK_CALLS: usize = 40;
/// More calls than a verification makes.
const MAX_VERIFY_CALLS: usize = 100;
/// Seeds of the schedules of two workers.
const SCHEDULES: u64 = 10;
/// How long a test waits for rows to be written.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Returns a valid instance and a valid image, in at most six notifications.
pub fn valid_scenario(name_seed: u64) -> Scenario {
    Scenario::small(name_seed, &[VALID], &[VALID], 6)
}

#[tokio::test]
async fn reposted_notifications_change_no_row_and_no_counter() -> Result<()> {
    let bundle = TestBundle::ticked().await?;
    let mut all = Scenario::complete(77).notifications;
    let mut endless = all
        .iter()
        .find(|event| event["event_type"] == "compute.instance.exists")
        .cloned()
        .expect("an exists");
    endless["message_id"] = json!("endless");
    endless["payload"]["audit_period_ending"] = json!(null);
    all.push(endless);
    bundle.record(&json!(all)).await?;
    let recorded = without_chunks(bundle.stored_state().await?);
    bundle.record(&json!(all)).await?;
    let again = without_chunks(bundle.stored_state().await?);
    assert_eq!(stored_state::differences(&again, &recorded), Vec::<String>::new());

    let (verified, announced) = bundle.outcome().await?;
    Rng::new(1).shuffle(&mut all);
    bundle.record(&json!(all)).await?;
    let (again, announced_again) = bundle.outcome().await?;
    assert_eq!(stored_state::differences(&again, &verified), Vec::<String>::new());
    assert!(announced.len() > 20, "{}", announced.len());
    assert!(announced_again.is_empty(), "{announced_again:?}");
    Ok(())
}

/// Runs `meanwhile` while a worker is stalled in the middle of a chunk; returns whether the worker completed the chunk.
async fn stall_in_chunk(
    bundle: &TestBundle,
    name: &str,
    scenario: &Scenario,
    meanwhile: impl Future<Output = ()>,
) -> bool {
    let scheduler = Scheduler::default();
    let worker = bundle.scheduled_worker(&scheduler, 0);
    let mut finished = false;
    let stalling: Work<'_> = Box::pin(async {
        let deliveries = vec![chunk(name, &scenario.notifications)];
        let outcomes = worker.recorder.process(deliveries, bundle.deadline()).await;
        finished = outcomes.iter().all(|(_, outcome)| outcome.is_ok());
    });
    // Each call is released twice: the worker stalls after its messages, before their rows.
    let calls = CALLS_BEFORE_MESSAGES + scenario.notifications.len();
    let disruption = Disruption::Stall(2 * calls + 1);
    scheduler.run(&mut Rng::new(3), vec![stalling], &[disruption], || {}, vec![Box::pin(meanwhile)]).await;
    finished
}

#[tokio::test]
async fn chunk_and_its_messages_belong_to_one_worker_until_its_lease_expires() -> Result<()> {
    let (bundle, scenario) = (TestBundle::ticked().await?, valid_scenario(1));
    let finished = stall_in_chunk(&bundle, "a", &scenario, async {
        assert!(!bundle.process(&[chunk("a", &scenario.notifications)]).await, "the same chunk");
        assert!(
            !bundle.process(&[chunk("b", &scenario.notifications)]).await,
            "another chunk with its messages"
        );
    });
    assert!(finished.await);
    bundle.expire_leases();
    assert!(bundle.process(&[chunk("b", &scenario.notifications)]).await, "the lease has expired");

    let scenario = valid_scenario(2);
    let finished = stall_in_chunk(&bundle, "c", &scenario, async {
        bundle.expire_leases();
        assert!(bundle.process(&[chunk("d", &scenario.notifications)]).await, "the lease has expired");
    });
    assert!(!finished.await, "another chunk took over its messages");
    assert!(bundle.process(&[chunk("c", &scenario.notifications)]).await, "a repeat succeeds");

    let baseline = TestBundle::ticked().await?;
    for name_seed in [1, 2] {
        baseline.record(&json!(valid_scenario(name_seed).notifications)).await?;
    }
    let (baseline, disturbed) =
        (without_chunks(baseline.stored_state().await?), without_chunks(bundle.stored_state().await?));
    let mut differences = stored_state::differences(&disturbed, &baseline);
    differences
        .retain(|difference| !difference.starts_with("due ") && !difference.starts_with("open block "));
    assert_eq!(differences, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn directly_queued_body_is_one_chunk_under_any_message_id() -> Result<()> {
    let bundle = TestBundle::ticked().await?;
    let mut nameless = valid_scenario(1).notifications;
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
    let once = bundle.stored_state().await?;
    // A redriven message has another id.
    assert!(bundle.process(&[delivery("again")]).await);
    assert_eq!(bundle.stored_state().await?, once);
    Ok(())
}

#[tokio::test]
async fn chunks_that_share_messages_do_not_deadlock() -> Result<()> {
    for seed in 0..SCHEDULES {
        let (bundle, scenario) = (TestBundle::ticked().await?, valid_scenario(1));
        let mut reversed = scenario.clone();
        reversed.notifications.reverse();
        let deliveries = [chunk("a", &scenario.notifications), chunk("b", &reversed.notifications)];
        let scheduler = Scheduler::default();
        let workers = [bundle.scheduled_worker(&scheduler, 0), bundle.scheduled_worker(&scheduler, 1)];
        let work = workers.iter().zip(&deliveries).map(|(worker, delivery)| -> Work<'_> {
            Box::pin(async {
                worker.recorder.process(vec![delivery.clone()], bundle.deadline()).await;
            })
        });
        scheduler.run(&mut Rng::new(seed), work.collect(), &[], || {}, Vec::new()).await;
        // Each round completes one of the two chunks.
        for _ in 0..deliveries.len() {
            bundle.expire_leases();
            bundle.process(&deliveries).await;
        }
        assert!(bundle.process(&deliveries).await, "seed {seed}");
        assert_eq!(bundle.stored_state().await?["raw"].len(), scenario.notifications.len());
    }
    Ok(())
}

/// Never sends the writes of notifications' bodies and rows.
#[derive(Debug)]
struct WithoutBodies(SharedHttpConnector);

impl HttpConnector for WithoutBodies {
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
async fn exists_verified_before_its_notification_is_written_is_announced_afterwards() -> Result<()> {
    let (bundle, scenario) = (TestBundle::ticked().await?, valid_scenario(1));
    let delivery = chunk("a", &scenario.notifications);
    let worker = bundle.worker_with(|client| {
        http_client_fn(move |settings, components| {
            SharedHttpConnector::new(WithoutBodies(client.http_connector(settings, components)))
        })
    });
    let exists_are_written = async || {
        while bundle.stored_state().await?.get("image exists").is_none_or(BTreeMap::is_empty) {}
        while bundle.stored_state().await?.get("instance exists").is_none_or(BTreeMap::is_empty) {}
        anyhow::Ok(())
    };
    tokio::select! {
        _ = worker.recorder.process(vec![delivery.clone()], bundle.deadline()) => unreachable!("it never finishes"),
        written = tokio::time::timeout(TIMEOUT, exists_are_written()) => written??,
    }
    for _ in 0..3 {
        bundle.advance(TimeDelta::minutes(1));
        bundle.tick().await?;
    }
    let stored = bundle.stored_state().await?;
    assert!(stored["instance exists"].values().all(|row| row["st"] == "verified"));
    assert!(!stored.contains_key("raw") && bundle.verified().await?.is_empty());

    assert!(bundle.process(&[delivery]).await);
    let (disturbed, announced) = bundle.outcome().await?;
    let baseline = TestBundle::ticked().await?;
    baseline.record(&json!(scenario.notifications)).await?;
    let (baseline, expected) = baseline.outcome().await?;
    assert_eq!(stored_state::differences(&disturbed, &baseline), Vec::<String>::new());
    assert_eq!(announced, expected);
    Ok(())
}

#[tokio::test]
async fn worker_that_lost_its_claim_writes_no_rows() -> Result<()> {
    let (bundle, scenario) = (TestBundle::ticked().await?, valid_scenario(1));
    let delivery = chunk("a", &scenario.notifications);
    let scheduler = Scheduler::default();
    let worker = bundle.scheduled_worker(&scheduler, 0);
    let mut finished = true;
    let stalling: Work<'_> = Box::pin(async {
        let outcomes = worker.recorder.process(vec![delivery.clone()], bundle.deadline()).await;
        finished = outcomes.iter().all(|(_, outcome)| outcome.is_ok());
    });
    let successor: Work<'_> = Box::pin(async {
        bundle.expire_leases();
        // It crashes after it has written the messages.
        let calls = CALLS_BEFORE_MESSAGES + scenario.notifications.len();
        bundle.faults.fail_from(calls + 1, Fault::RequestLost);
        assert!(!bundle.process(slice::from_ref(&delivery)).await);
        assert!(bundle.faults.clear());
    });
    let disruption = Disruption::Stall(2 * CALLS_BEFORE_MESSAGES);
    scheduler.run(&mut Rng::new(1), vec![stalling], &[disruption], || {}, vec![successor]).await;
    assert!(!finished);
    let stored = bundle.stored_state().await?;
    assert_eq!(stored["message"].len(), scenario.notifications.len());
    assert!(!stored.contains_key("raw"), "{:?}", stored["raw"]);

    bundle.expire_leases();
    assert!(bundle.process(&[delivery]).await);
    assert_eq!(bundle.stored_state().await?["raw"].len(), scenario.notifications.len());
    Ok(())
}

#[tokio::test]
async fn id_block_stays_open_until_all_its_chunks_are_done() -> Result<()> {
    let (bundle, scenario) = (TestBundle::ticked().await?, valid_scenario(1));
    let delivery = chunk("a", &scenario.notifications);
    let open_blocks = async || -> Result<Vec<String>> {
        let stored = bundle.stored_state().await?;
        Ok(stored.get("open block").into_iter().flat_map(|blocks| blocks.keys().cloned()).collect())
    };
    bundle.faults.fail_from(CALL_IN_A_CHUNK, Fault::RequestLost);
    assert!(!bundle.process(slice::from_ref(&delivery)).await);
    bundle.faults.clear();
    bundle.tick().await?;
    assert_eq!(open_blocks().await?, ["a"], "its deadline has not passed");
    bundle.expire_leases();
    bundle.advance(TimeDelta::minutes(2));
    // No crash of the ticker loses the block.
    for fault in Fault::ALL {
        for call in 1..MAX_TICK_CALLS {
            bundle.faults.fail_from(call, fault);
            bundle.sweeper.tick().await.ok();
            let is_reached = bundle.faults.clear();
            assert!(!open_blocks().await?.is_empty(), "call {call} {fault:?}");
            if !is_reached {
                break;
            }
        }
    }
    assert_eq!(open_blocks().await?, ["a"], "its chunk is not done");
    assert!(bundle.process(&[delivery, chunk("b", &valid_scenario(2).notifications)]).await);
    bundle.tick().await?;
    assert_eq!(open_blocks().await?, Vec::<String>::new());

    // One of an invocation's two chunks is done: the block stays open for the other.
    let held = valid_scenario(4);
    let deliveries = [chunk("c", &valid_scenario(3).notifications), chunk("d", &held.notifications)];
    let finished = stall_in_chunk(&bundle, "d", &held, async {
        assert!(!bundle.process(&deliveries).await);
    });
    assert!(finished.await);
    assert_eq!(open_blocks().await?, ["d"]);
    bundle.expire_leases();
    bundle.advance(TimeDelta::minutes(2));
    bundle.tick().await?;
    assert_eq!(open_blocks().await?, Vec::<String>::new(), "both chunks are done");
    Ok(())
}

/// Checks that nothing is due and that every exists of an instance is verified.
async fn ensure_all_verified(bundle: &TestBundle) -> Result<()> {
    let stored = bundle.stored_state().await?;
    ensure!(!stored.contains_key("due"), "{:?}", stored["due"]);
    ensure!(stored["instance exists"].values().all(|row| row["st"] == "verified"), "{stored:?}");
    Ok(())
}

#[tokio::test]
async fn exists_written_after_its_minute_was_swept_is_found_by_a_later_tick() -> Result<()> {
    let (bundle, scenario) = (TestBundle::ticked().await?, valid_scenario(1));
    let finished = stall_in_chunk(&bundle, "a", &scenario, async {
        // The due row belongs to the minute that starts in 30 seconds.
        bundle.advance(TimeDelta::seconds(45));
        bundle.tick().await.expect("the tick succeeds");
    });
    assert!(finished.await);
    bundle.advance(TimeDelta::seconds(60));
    bundle.tick().await?;
    ensure_all_verified(&bundle).await
}

#[tokio::test]
async fn first_tick_finds_exists_that_became_due_long_before() -> Result<()> {
    let bundle = TestBundle::start().await?;
    bundle.record(&json!(valid_scenario(1).notifications)).await?;
    bundle.advance(TimeDelta::hours(2));
    bundle.record(&json!(valid_scenario(2).notifications)).await?;
    bundle.tick().await?;
    bundle.advance(TimeDelta::minutes(1));
    bundle.tick().await?;
    ensure_all_verified(&bundle).await
}

#[tokio::test]
async fn crashed_tick_leaves_due_exists_to_the_next_tick() -> Result<()> {
    let bundle = TestBundle::ticked().await?;
    for call in 1..MAX_TICK_CALLS {
        bundle.record(&json!(valid_scenario(call as u64).notifications)).await?;
        // Longer than the overlap that every tick sweeps again.
        bundle.advance(TimeDelta::minutes(10));
        bundle.faults.fail_from(call, Fault::RequestLost);
        bundle.sweeper.tick().await.ok();
        let is_reached = bundle.faults.clear();
        bundle.queue_faults.fail_from(1, Fault::RequestLost);
        bundle.sweeper.tick().await.ok();
        assert!(bundle.queue_faults.clear());
        bundle.advance(TimeDelta::minutes(1));
        bundle.tick().await?;
        ensure_all_verified(&bundle).await.with_context(|| format!("call {call}"))?;
        if !is_reached {
            return Ok(());
        }
    }
    unreachable!("a tick makes fewer calls")
}

/// Stalls a worker after `releases` of its verification and returns whether a record was in this status then. If so,
/// checks that other workers do not change it until the lease has expired.
async fn is_guarded_by_a_lease(bundle: &TestBundle, kind: &str, status: &str, releases: usize) -> bool {
    let scheduler = Scheduler::default();
    let worker = bundle.scheduled_worker(&scheduler, 0);
    // The record's lease is longer than that of the sweep.
    let deadline = bundle.deadline().plus_seconds(2 * LEASE_SECONDS);
    let verifying: Work<'_> = Box::pin(async {
        for task in bundle.sweeps() {
            worker.verifier.work(&task.body().expect("tasks serialize"), deadline).await.ok();
        }
    });
    let mut was_in_status = false;
    let others: Work<'_> = Box::pin(async {
        let is_in_status = async || {
            let stored = bundle.stored_state().await.expect("the table is readable");
            stored[kind].values().any(|row| row["st"] == status)
        };
        was_in_status = is_in_status().await;
        if was_in_status {
            assert!(bundle.verify().await && is_in_status().await, "{status} {kind}: the sweep has a lease");
            bundle.expire_leases();
            assert!(bundle.verify().await && is_in_status().await, "{status} {kind}: the record has one");
            bundle.advance(TimeDelta::seconds(2 * LEASE_SECONDS));
            assert!(bundle.verify().await && !is_in_status().await, "{status} {kind}: it has expired");
        }
    });
    scheduler
        .run(&mut Rng::new(0), vec![verifying], &[Disruption::Stall(releases)], || {}, vec![others])
        .await;
    was_in_status
}

#[tokio::test]
async fn record_being_verified_belongs_to_its_worker_until_the_lease_expires() -> Result<()> {
    for (is_repaired, status, send_status) in [(false, "verifying", 0), (true, "sent_verifying", 201)] {
        for (instances, images, kind) in
            [(&[VALID][..], &[][..], "instance exists"), (&[], &[VALID], "image exists")]
        {
            let bundle = TestBundle::ticked().await?;
            let mut messages = 0;
            let mut was_in_status = async |releases: usize| -> Result<bool> {
                let scenario = Scenario::small(releases as u64, instances, images, 6);
                bundle.record(&json!(scenario.notifications)).await?;
                let ids: BTreeSet<_> =
                    scenario.intended.into_keys().map(|(message_id, _)| message_id).collect();
                let ids: Vec<_> = ids.into_iter().collect();
                messages += ids.len();
                if is_repaired {
                    let service = if instances.is_empty() { Service::Glance } else { Service::Nova };
                    bundle.usage.repair(service, &ids).await?;
                }
                bundle.advance(TimeDelta::minutes(1));
                Ok(is_guarded_by_a_lease(&bundle, kind, status, releases).await)
            };
            let mut releases = 1..MAX_VERIFY_CALLS;
            while !was_in_status(releases.next().expect("a record has the status after some release")).await?
            {
            }
            let (stored, announced) = bundle.outcome().await?;
            for row in stored[kind].values() {
                assert_eq!((&row["st"], &row["ss"]), (&json!("verified"), &json!(send_status)));
            }
            assert!(announced.values().all(|ids| *ids == 1));
            assert_eq!(announced.len(), if is_repaired { 0 } else { messages });
        }
    }
    Ok(())
}
