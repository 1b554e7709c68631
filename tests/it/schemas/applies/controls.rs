//! Cancels, deadlines, locks and statements in doubt.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use schemas::record::{ApplyOptions, Changeset, StepState, Task, TaskStatus};
use schemas::task::running::Runner;
use tests::faults::Fault;
use tokio::task::JoinHandle;

use super::{ADD_A, CREATE_T1, apply, approve, approved, errors, request, settled, texts};
use crate::schemas::SERVER;
use crate::schemas::site::{Site, dba, refused};

const HEARTBEAT: Duration = Duration::from_millis(20);

/// Requests an application, and starts a worker of its own.
#[expect(clippy::disallowed_methods, reason = "the test goes on while the worker waits for a statement")]
async fn start(site: &Site, changeset: &Changeset) -> Result<(Task, JoinHandle<()>)> {
    let task = request(site, changeset, ApplyOptions::default()).await.map_err(refused)?;
    let runner = Runner::new(&site.bundle.platform)?.with_heartbeat(HEARTBEAT);
    let message = format!("{{\"task\":\"run\",\"id\":{}}}", task.id);
    let deadline = site.bundle.clock.micros().plus_seconds(900);
    let worker = tokio::spawn(async move {
        runner.work(&message, deadline).await.expect("it works");
    });
    Ok((task, worker))
}

/// Waits until the last statement of a task is being executed.
#[expect(clippy::disallowed_methods, reason = "a statement of a real server takes real time")]
async fn executing(task: &Task, site: &Site, text: &str) -> Result<()> {
    let query = format!(
        "SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = '{}' AND INFO LIKE '%{text}%' AND ID <> \
         CONNECTION_ID()",
        site.schema
    );
    for _ in 0..500 {
        if SERVER.run(&query)? != "0" {
            return Ok(());
        }
        tokio::time::sleep(HEARTBEAT).await;
    }
    anyhow::bail!("{:?}", site.registry.require::<Task>(task.id).await?)
}

#[tokio::test]
async fn a_waiting_task_is_canceled_at_once() -> Result<()> {
    let (site, changeset) = approved("ap_cancel_waiting", &[CREATE_T1]).await?;
    let task = request(&site, &changeset, ApplyOptions::default()).await.map_err(refused)?;
    let canceled = site.registry.cancel(&task.task_id, &dba()).await.map_err(refused)?;
    assert_eq!(canceled.status, TaskStatus::Canceled);
    assert_eq!(texts(&canceled), ["Canceled by dba-2.", "Changeset apply job completed."]);
    site.bundle.drain().await?;
    assert!(site.registry.cancel(&task.task_id, &dba()).await.is_err());
    assert_eq!(apply(&site, &changeset).await?.status, TaskStatus::Done);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_statement_is_interrupted_by_a_cancel() -> Result<()> {
    // The row exists on the target only, so that the review is fast.
    let slow = ("update orders set n = sleep(if(id = 77, 60, 0)) where id > 0", "");
    let (site, changeset) = approved("ap_cancel_running", &[slow, CREATE_T1]).await?;
    SERVER.run("INSERT INTO ap_cancel_running.orders (id) VALUES (77)")?;
    let (task, worker) = start(&site, &changeset).await?;
    executing(&task, &site, "sleep").await?;
    site.registry.cancel(&task.task_id, &dba()).await.map_err(refused)?;
    tokio::time::timeout(Duration::from_secs(20), worker).await??;
    let task = site.registry.require::<Task>(task.id).await?;
    assert_eq!(task.status, TaskStatus::Canceled, "{:?}", texts(&task));
    assert_eq!(task.steps[0].state, StepState::Failed);
    assert_eq!(SERVER.run("SELECT sum(n) FROM ap_cancel_running.orders")?, "0");
    SERVER.run("DELETE FROM ap_cancel_running.orders WHERE id = 77")?;
    assert_eq!(apply(&site, &changeset).await?.status, TaskStatus::Done);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "a statement of a real server takes real time")]
async fn a_statement_outlives_its_worker_and_is_not_repeated() -> Result<()> {
    let slow = (
        "create table t1 (a int primary key) select sleep(if(count(*) > 2, 3, 0)) as a from orders",
        "drop table t1",
    );
    let (site, changeset) = approved("ap_detached", &[slow, ADD_A]).await?;
    SERVER.run("INSERT INTO ap_detached.orders (id) VALUES (77)")?;
    let (task, worker) = start(&site, &changeset).await?;
    executing(&task, &site, "sleep").await?;
    site.bundle.advance(TimeDelta::seconds(880));
    tokio::time::timeout(Duration::from_secs(2), worker)
        .await
        .context("the worker leaves near its deadline")??;
    let left = site.registry.require::<Task>(task.id).await?;
    assert_eq!((left.status, left.steps[0].state), (TaskStatus::Queued, StepState::Starting));
    // The next worker finds the lock held, and waits.
    site.bundle.advance(TimeDelta::seconds(20));
    site.bundle.drain().await?;
    let waiting = site.registry.require::<Task>(task.id).await?;
    assert_eq!((waiting.status, waiting.unreachable), (TaskStatus::Queued, None), "{:?}", texts(&waiting));
    tokio::time::sleep(Duration::from_secs(4)).await;
    let task = settled(&site, task.id).await?;
    assert_eq!(task.status, TaskStatus::Done, "{:?}", texts(&task));
    let log = SERVER.run("SELECT count(*) FROM ap_detached.t1")?;
    assert_eq!(log, "1");
    Ok(())
}

#[tokio::test]
async fn a_worker_that_is_late_starts_no_statement() -> Result<()> {
    let (site, changeset) = approved("ap_late", &[CREATE_T1]).await?;
    let task = request(&site, &changeset, ApplyOptions::default()).await.map_err(refused)?;
    let message = format!("{{\"task\":\"run\",\"id\":{}}}", task.id);
    let deadline = site.bundle.clock.micros().plus_seconds(20);
    site.bundle
        .changesets
        .work(&message, deadline)
        .await
        .map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    let released = site.registry.require::<Task>(task.id).await?;
    assert_eq!((released.status, released.steps.len()), (TaskStatus::Queued, 0));
    assert_eq!(settled(&site, task.id).await?.status, TaskStatus::Done);
    Ok(())
}

#[tokio::test]
async fn a_schema_that_another_task_works_on_is_waited_for() -> Result<()> {
    let (site, changeset) = approved("ap_locked", &[CREATE_T1]).await?;
    let mut other = schemas::mysql::session::Session::open(
        &crate::schemas::endpoint(&SERVER.url()),
        None,
        crate::schemas::LIMITS,
    )
    .await?;
    assert!(other.get_lock("steward:ap_locked", 0).await?);
    let task = request(&site, &changeset, ApplyOptions::default()).await.map_err(refused)?;
    site.bundle.drain().await?;
    let waiting = site.registry.require::<Task>(task.id).await?;
    assert!(waiting.status == TaskStatus::Queued && waiting.unreachable.is_some(), "{waiting:?}");
    let failed = settled(&site, task.id).await?;
    assert_eq!(failed.status, TaskStatus::Failed);
    assert!(errors(&failed)[0].contains("Another task works on schema 'ap_locked' at server 'srv1'."));
    other.close().await;
    assert_eq!(apply(&site, &changeset).await?.status, TaskStatus::Done);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_waits_for_a_lock_is_tried_again() -> Result<()> {
    let (site, changeset) = approved("ap_lock_wait", &[ADD_A]).await?;
    let schema = crate::schemas::identifier("ap_lock_wait");
    let endpoint = crate::schemas::endpoint(&SERVER.url());
    let open = schemas::mysql::session::Session::open(&endpoint, Some(&schema), crate::schemas::LIMITS);
    let mut reader = open.await?;
    reader.execute("START TRANSACTION").await?;
    reader.rows("SELECT * FROM orders", &[]).await?;
    let options = ApplyOptions { lock_wait_timeout: Some(1), ..ApplyOptions::default() };
    let task = request(&site, &changeset, options).await.map_err(refused)?;
    site.bundle.drain().await?;
    let waiting = site.registry.require::<Task>(task.id).await?;
    assert_eq!((waiting.status, waiting.steps.len()), (TaskStatus::Queued, 0), "{:?}", texts(&waiting));
    reader.close().await;
    assert_eq!(settled(&site, task.id).await?.status, TaskStatus::Done);
    Ok(())
}

/// Applies a changeset with a worker that stops once its only statement, an update, was executed or recorded.
async fn in_doubt(schema: &'static str, is_executed: bool) -> Result<(Arc<Site>, Changeset, Task)> {
    let (site, changeset) =
        approved(schema, &[("update orders set n = n + 1 where id > 0", ""), ADD_A]).await?;
    let task = request(&site, &changeset, ApplyOptions::default()).await.map_err(refused)?;
    let (mut call, mut has_begun) = (0, false);
    while call < 200 {
        call += 1;
        site.bundle.faults.fail_from(call, Fault::ReplyLost);
        let message = format!("{{\"task\":\"run\",\"id\":{}}}", task.id);
        let deadline = site.bundle.clock.micros().plus_seconds(900);
        // It fails, as its calls do.
        drop(site.bundle.changesets.work(&message, deadline).await);
        site.bundle.faults.clear();
        let found = site.registry.require::<Task>(task.id).await?;
        let is_started = found.steps.last().is_some_and(|step| step.state == StepState::Starting);
        let executed = SERVER.run(&format!("SELECT sum(n) FROM {schema}.orders"))? != "0";
        if is_started && executed == is_executed {
            let task = settled(&site, task.id).await?;
            return Ok((Arc::new(site), changeset, task));
        }
        anyhow::ensure!(!is_started && !executed, "the point was passed: {found:?}");
        // A worker that continues makes fewer calls than the one that began.
        if !has_begun && found.schema_version.is_some() {
            (call, has_begun) = (0, true);
        }
        site.bundle.advance(TimeDelta::seconds(120));
    }
    anyhow::bail!("no call is the right one")
}

#[tokio::test]
async fn rows_in_doubt_are_a_matter_of_a_person_who_repairs() -> Result<()> {
    let (site, changeset, task) = in_doubt("ap_doubt", false).await?;
    assert_eq!(task.status, TaskStatus::Error);
    assert!(errors(&task)[0].contains("nothing shows whether it was executed"), "{:?}", texts(&task));
    assert_eq!(SERVER.run("SELECT sum(n) FROM ap_doubt.orders")?, "0");
    site.registry.resume(&task.task_id, &dba()).await.map_err(refused)?;
    let task = settled(&site, task.id).await?;
    assert_eq!(task.status, TaskStatus::Done, "{:?}", texts(&task));
    assert_eq!(SERVER.run("SELECT sum(n) FROM ap_doubt.orders")?, "2");
    assert!(site.changeset(changeset.id).await?.after_version.is_some());
    assert!(site.registry.resume(&task.task_id, &dba()).await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_repaired_statement_is_not_executed() -> Result<()> {
    let (site, _, task) = in_doubt("ap_repaired", false).await?;
    SERVER.run("UPDATE ap_repaired.orders SET n = n + 1")?;
    site.registry.repair(&task.task_id, &dba()).await.map_err(refused)?;
    let task = settled(&site, task.id).await?;
    assert_eq!((task.status, task.steps[0].state), (TaskStatus::Done, StepState::Repaired));
    assert_eq!(SERVER.run("SELECT sum(n) FROM ap_repaired.orders")?, "2");
    Ok(())
}

#[tokio::test]
async fn a_task_in_error_can_be_given_up() -> Result<()> {
    let (site, changeset, task) = in_doubt("ap_given_up", false).await?;
    let ended = site.registry.cancel(&task.task_id, &dba()).await.map_err(refused)?;
    assert_eq!(ended.status, TaskStatus::Canceled);
    assert_eq!(site.history(&changeset).await?.last().map(String::as_str), Some("applied - canceled"));
    assert_eq!(apply(&site, &changeset).await?.status, TaskStatus::Done);
    assert_eq!(SERVER.run("SELECT sum(n) FROM ap_given_up.orders")?, "2");
    Ok(())
}

#[tokio::test]
async fn a_structure_that_changes_between_two_workers_stops_the_task() -> Result<()> {
    let details = [CREATE_T1, ADD_A];
    let (site, changeset) = approved("ap_meddled", &details).await?;
    let task = request(&site, &changeset, ApplyOptions::default()).await.map_err(refused)?;
    for call in 1..200 {
        site.bundle.faults.fail_from(call, Fault::RequestLost);
        let message = format!("{{\"task\":\"run\",\"id\":{}}}", task.id);
        let deadline = site.bundle.clock.micros().plus_seconds(900);
        drop(site.bundle.changesets.work(&message, deadline).await);
        site.bundle.faults.clear();
        let found = site.registry.require::<Task>(task.id).await?;
        site.bundle.advance(TimeDelta::seconds(120));
        if found.steps.len() == 1 && found.steps[0].state == StepState::Done {
            break;
        }
    }
    SERVER.run("CREATE TABLE ap_meddled.stray (id int)")?;
    let task = settled(&site, task.id).await?;
    assert_eq!((task.status, task.steps.len()), (TaskStatus::Error, 1), "{:?}", texts(&task));
    assert!(errors(&task)[0].contains("The schema was changed between two statements"), "{:?}", texts(&task));
    SERVER.run("DROP TABLE ap_meddled.stray")?;
    site.registry.resume(&task.task_id, &dba()).await.map_err(refused)?;
    assert_eq!(settled(&site, task.id).await?.status, TaskStatus::Done);
    let other = approve(&site, &[("alter table t1 add b int", "alter table t1 drop b")]).await?;
    assert_eq!(apply(&site, &other).await?.status, TaskStatus::Done);
    Ok(())
}
