//! Stalls: a worker that stalls anywhere and resumes after others have done its work changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use anyhow::Result;
use chrono::TimeDelta;
use domain::ingest::plan::Delivery;
use domain::notification::service::Service;
use domain::usage::confirmation::{Answer, Confirmation};
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::{WorkerProcess, chunk};
use tests::faults::Fault;
use tests::generate::{DELETED, Scenario, VALID, WRONG_SIZE};
use tests::rng::Rng;
use tests::scheduler::{Disruption, Scheduler, Work};
use tests::stored_state;

use crate::guards::CALL_IN_A_CHUNK;

/// More releases than any flow here has.
const MAX_RELEASES: usize = 400;
/// The fewest stalls in a flow with an instance and an image; with fewer, the test would not cover it.
const MIN_STALLS: usize = 41;
/// The fewest stalls in a flow with an instance.
const MIN_INSTANCE_STALLS: usize = 21;
/// Stalls from one tick to the next.
const TICK_EVERY: usize = 8;

/// Returns the message ids of a scenario's exists by service.
fn exists(scenario: &Scenario) -> [(Service, BTreeSet<String>); 2] {
    let of = |event_type: &str| {
        let events = scenario.notifications.iter().filter(|event| event["event_type"] == event_type);
        events.filter_map(|event| event["message_id"].as_str().map(str::to_owned)).collect()
    };
    [(Service::Nova, of("compute.instance.exists")), (Service::Glance, of("image.exists"))]
}

/// Confirms every exists of a scenario, as the downstream system does.
async fn confirm(bundle: &TestBundle, scenario: &Scenario) -> Result<()> {
    let [nova, glance] = exists(scenario).map(|(_, ids)| {
        let answer = Answer { send_status: 200, event_id: Some("down".to_owned()) };
        ids.into_iter().map(|id| (id, answer.clone())).collect::<BTreeMap<_, _>>()
    });
    let messages = nova.len() + glance.len();
    let confirmed = bundle.usage.confirm(&Confirmation { nova, glance }).await?;
    assert!(confirmed.unknown.is_empty() && confirmed.rows >= messages as u64, "{confirmed:?}");
    Ok(())
}

/// Stalls a worker before its first request, before the reply to it, before its second request and so on, each time in a
/// scenario with other names; `meanwhile` runs before the worker resumes. Checks that the final state is that of
/// scenarios which were recorded, verified and confirmed without stalls, and returns their number.
async fn survives_stalls(
    generate: fn(u64) -> Scenario,
    before: impl AsyncFn(&TestBundle, &Scenario) -> Result<()>,
    work: impl AsyncFn(&TestBundle, &WorkerProcess, &Scenario),
    meanwhile: impl AsyncFn(&TestBundle, &Scenario) -> Result<()>,
    after: impl AsyncFn(&TestBundle, &Scenario) -> Result<()>,
) -> Result<usize> {
    let (baseline, disturbed) = (TestBundle::ticked().await?, TestBundle::ticked().await?);
    let mut stalls = 0;
    for at in 1..MAX_RELEASES {
        let scenario = generate(at as u64);
        before(&disturbed, &scenario).await?;
        let scheduler = Scheduler::default();
        let worker = disturbed.scheduled_worker(&scheduler, 0);
        let stalling: Work<'_> = Box::pin(work(&disturbed, &worker, &scenario));
        let successor: Work<'_> = Box::pin(async {
            meanwhile(&disturbed, &scenario)
                .await
                .unwrap_or_else(|error| panic!("stalled at {at}: {error:?}"));
        });
        let mut rng = Rng::new(at as u64);
        let releases =
            scheduler.run(&mut rng, vec![stalling], &[Disruption::Stall(at)], || {}, vec![successor]).await;
        after(&disturbed, &scenario).await?;
        baseline.record(&json!(scenario.notifications)).await?;
        if at % TICK_EVERY == 0 {
            disturbed.tick().await?;
        }
        stalls = at;
        if releases < at {
            break;
        }
    }
    let (baseline_outcome, disturbed) = (baseline.outcome().await?, disturbed.outcome().await?);
    for at in 1..=stalls {
        confirm(&baseline, &generate(at as u64)).await?;
    }
    let baseline = stored_state::without_chunks(baseline.stored_state().await?);
    let differences = stored_state::differences(&disturbed.0, &baseline);
    assert!(differences.is_empty(), "{} differ:\n  {}", differences.len(), differences.join("\n  "));
    assert_eq!(disturbed.1, baseline_outcome.1);
    assert!(disturbed.1.values().all(|ids| *ids == 1));
    Ok(stalls)
}

/// Returns a chunk with all notifications of a scenario.
fn whole(scenario: &Scenario, name: &str) -> Delivery {
    chunk(&format!("{name} {}", scenario.notifications[0]["message_id"]), &scenario.notifications)
}

/// Returns another chunk with the scenario's exists and some of its other notifications.
fn shared(scenario: &Scenario, name: &str) -> Delivery {
    let is_shared =
        |event: &&Value| event["event_type"].as_str().is_some_and(|name| !name.ends_with("start"));
    let events: Vec<_> = scenario.notifications.iter().filter(is_shared).cloned().collect();
    chunk(&format!("{name} {}", scenario.notifications[0]["message_id"]), &events)
}

async fn nothing(_: &TestBundle, _: &Scenario) -> Result<()> {
    Ok(())
}

/// Records a scenario and lets its exists become due.
async fn record_until_due(bundle: &TestBundle, scenario: &Scenario) -> Result<()> {
    bundle.record(&json!(scenario.notifications)).await?;
    bundle.advance(TimeDelta::minutes(1));
    Ok(())
}

/// Crashes a worker in the middle of a chunk and lets its lease expire.
async fn crash_in(bundle: &TestBundle, delivery: Delivery) {
    bundle.faults.fail_from(CALL_IN_A_CHUNK, Fault::RequestLost);
    assert!(!bundle.process(&[delivery]).await, "the worker crashes");
    bundle.faults.clear();
    bundle.expire_leases();
}

/// Delivers a chunk, and once more after another worker's lease has expired if it fails.
async fn deliver(bundle: &TestBundle, delivery: Delivery) {
    if !bundle.process(slice::from_ref(&delivery)).await {
        bundle.expire_leases();
        assert!(bundle.process(&[delivery]).await, "no lease is held");
    }
}

/// Verifies what is due in this minute with this worker process.
async fn verify(bundle: &TestBundle, worker: &WorkerProcess) {
    let deadline = bundle.deadline();
    for task in bundle.sweeps() {
        worker.verifier.work(&task.body().expect("tasks serialize"), deadline).await.ok();
    }
}

/// Verifies what became due in the last minutes, and confirms it.
async fn verify_and_confirm(bundle: &TestBundle, scenario: &Scenario) -> Result<()> {
    bundle.advance(TimeDelta::minutes(1));
    assert!(bundle.verify().await);
    confirm(bundle, scenario).await
}

#[tokio::test]
async fn worker_stalled_while_recording_undoes_no_verdict_and_no_confirmation() -> Result<()> {
    let stalls = survives_stalls(
        |name_seed| Scenario::small(name_seed, &[DELETED], &[WRONG_SIZE], 6),
        nothing,
        async |bundle, worker, scenario| {
            let deadline = bundle.deadline();
            worker.recorder.process(vec![whole(scenario, "c")], deadline).await;
        },
        async |bundle, scenario| {
            bundle.expire_leases();
            assert!(bundle.process(&[whole(scenario, "c")]).await, "the lease has expired");
            bundle.advance(TimeDelta::minutes(1));
            assert!(bundle.verify().await);
            confirm(bundle, scenario).await
        },
        nothing,
    );
    assert!(Box::pin(stalls).await? >= MIN_STALLS);
    Ok(())
}

#[tokio::test]
async fn worker_stalled_while_taking_over_messages_does_not_record_them_twice() -> Result<()> {
    // Of two chunks that claim a message, the first by name keeps it.
    for (owner, other) in [("a", "b"), ("b", "a")] {
        let stalls = survives_stalls(
            |name_seed| Scenario::small(name_seed, &[VALID], &[], 3),
            async |bundle, scenario| {
                crash_in(bundle, whole(scenario, owner)).await;
                Ok(())
            },
            async |bundle, worker, scenario| {
                let deadline = bundle.deadline();
                worker.recorder.process(vec![shared(scenario, other)], deadline).await;
            },
            async |bundle, scenario| {
                deliver(bundle, whole(scenario, owner)).await;
                Ok(())
            },
            async |bundle, scenario| {
                bundle.expire_leases();
                assert!(bundle.process(&[shared(scenario, other)]).await, "no lease is held");
                verify_and_confirm(bundle, scenario).await
            },
        );
        assert!(Box::pin(stalls).await? >= MIN_INSTANCE_STALLS);
    }
    Ok(())
}

#[tokio::test]
async fn message_taken_over_by_two_chunks_is_recorded_by_one() -> Result<()> {
    for (other, third) in [("b", "c"), ("c", "b")] {
        let stalls = survives_stalls(
            |name_seed| Scenario::small(name_seed, &[VALID], &[], 3),
            async |bundle, scenario| {
                crash_in(bundle, whole(scenario, "a")).await;
                Ok(())
            },
            async |bundle, worker, scenario| {
                let deadline = bundle.deadline();
                worker.recorder.process(vec![shared(scenario, other)], deadline).await;
            },
            async |bundle, scenario| {
                deliver(bundle, shared(scenario, third)).await;
                Ok(())
            },
            async |bundle, scenario| {
                bundle.expire_leases();
                assert!(bundle.process(&[shared(scenario, other)]).await, "no lease is held");
                assert!(bundle.process(&[whole(scenario, "a")]).await, "no lease is held");
                verify_and_confirm(bundle, scenario).await
            },
        );
        assert!(Box::pin(stalls).await? >= MIN_INSTANCE_STALLS);
    }
    Ok(())
}

#[tokio::test]
async fn confirmation_during_verification_is_kept() -> Result<()> {
    let stalls = survives_stalls(
        |name_seed| Scenario::small(name_seed, &[DELETED], &[WRONG_SIZE], 6),
        record_until_due,
        async |bundle, worker, _| verify(bundle, worker).await,
        confirm,
        nothing,
    );
    assert!(Box::pin(stalls).await? >= MIN_STALLS);
    Ok(())
}

#[tokio::test]
async fn worker_stalled_while_verifying_keeps_its_successors_verdict() -> Result<()> {
    let stalls = survives_stalls(
        |name_seed| Scenario::small(name_seed, &[DELETED], &[WRONG_SIZE], 6),
        record_until_due,
        async |bundle, worker, _| verify(bundle, worker).await,
        async |bundle, scenario| {
            confirm(bundle, scenario).await?;
            bundle.verify().await;
            bundle.expire_leases();
            assert!(bundle.verify().await, "the lease has expired");
            Ok(())
        },
        nothing,
    );
    assert!(Box::pin(stalls).await? >= MIN_STALLS);
    Ok(())
}

#[tokio::test]
async fn exists_is_announced_only_if_its_repair_was_too_late() -> Result<()> {
    let bundle = TestBundle::ticked().await?;
    let (mut repaired, mut late) = (BTreeSet::new(), BTreeSet::new());
    for at in 1..MAX_RELEASES {
        let scenario = Scenario::small(at as u64, &[VALID], &[VALID], 6);
        bundle.record(&json!(scenario.notifications)).await?;
        bundle.advance(TimeDelta::minutes(1));
        let scheduler = Scheduler::default();
        let worker = bundle.scheduled_worker(&scheduler, 0);
        let verifying: Work<'_> = Box::pin(verify(&bundle, &worker));
        let repairing: Work<'_> = Box::pin(async {
            for (service, ids) in exists(&scenario) {
                let ids: Vec<_> = ids.into_iter().collect();
                let result = bundle.usage.repair(service, &ids).await.expect("the repair succeeds");
                assert!(result.absent_exists.is_empty());
                repaired.extend(ids.into_iter().filter(|id| !result.exists_not_pending.contains(id)));
                late.extend(result.exists_not_pending);
            }
        });
        let mut rng = Rng::new(at as u64);
        let releases =
            scheduler.run(&mut rng, vec![verifying], &[Disruption::Stall(at)], || {}, vec![repairing]).await;
        if releases < at {
            break;
        }
    }
    let (stored, announced) = bundle.outcome().await?;
    let announced: BTreeSet<_> = announced.into_keys().map(|id| id.trim_matches('"').to_owned()).collect();
    assert_eq!(announced, late);
    assert!(repaired.len() > 20 && late.len() > 20, "{} {}", repaired.len(), late.len());
    let rows = ["instance exists", "image exists"].into_iter().flat_map(|kind| stored[kind].values());
    for row in rows {
        let send_status = if repaired.contains(row["mi"].as_str().unwrap_or_default()) { 201 } else { 0 };
        assert_eq!((&row["st"], &row["ss"]), (&json!("verified"), &json!(send_status)), "{row}");
    }
    Ok(())
}
