//! Workers that crash at every call to the store.

use anyhow::{Context, Result, ensure};
use schemas::record::{ApplyOptions, StepState, Task, TaskStatus};
use tests::faults::Fault;

use super::{another_server, approved, reset, settled, texts, to_server};
use crate::schemas::SERVER;
use crate::schemas::site::{Site, dba, refused};

/// Rows and definitions alternate. Each statement leaves a trace that shows how often it was executed.
const DETAILS: [(&str, &str); 3] = [
    (
        "create table log (id int primary key auto_increment, number int) engine=InnoDB; insert into log (number) values (1)",
        "drop table log",
    ),
    ("alter table orders add a int", "alter table orders drop a"),
    (
        "insert into log (number) values (2); alter table log add b int; insert into log (number, b) values (3, 3)",
        "alter table log drop b",
    ),
];
/// More calls than any application here makes.
const MOST_CALLS: usize = 200;
/// The fewest calls of an application; with fewer, the test would not cover it.
const MIN_CALLS: usize = 30;

/// Returns how often each row was inserted.
fn traces(site: &Site) -> Result<Vec<String>> {
    let count = |number: u64| {
        SERVER.run(&format!("SELECT count(*) FROM {}.log WHERE number = {number}", site.schema))
    };
    (1..=3).map(count).collect()
}

/// Whether the statement in doubt had its effect, which a person would look up.
fn was_executed(site: &Site, task: &Task) -> Result<bool> {
    let step = task.steps.last().context("a step")?;
    let first = task.steps[0].detail;
    let number = match (step.detail - first, step.statement) {
        (0, 1) => 1,
        (2, 0) => 2,
        (2, 2) => 3,
        other => anyhow::bail!("the effect of a definition is never in doubt: {other:?}"),
    };
    Ok(traces(site)?[number - 1] != "0")
}

#[tokio::test]
async fn no_statement_is_executed_twice_wherever_a_worker_crashes() -> Result<()> {
    let (site, changeset) = approved("ap_crashes", &DETAILS).await?;
    let mut server = 1;
    let (mut calls, mut doubts) = (0, 0);
    for fault in Fault::ALL {
        for call in 1..=MOST_CALLS {
            server += 1;
            another_server(&site, server).await?;
            reset(&site)?;
            let request = to_server(&changeset, server, ApplyOptions::default());
            let task = site.registry.request_apply(&request, &dba()).await.map_err(refused)?;
            let message = format!("{{\"task\":\"run\",\"id\":{}}}", task.id);
            let deadline = site.bundle.clock.micros().plus_seconds(900);
            site.bundle.faults.fail_from(call, fault);
            let worked = site.bundle.changesets.work(&message, deadline).await;
            if !site.bundle.faults.clear() {
                ensure!(worked.is_ok(), "{worked:?}");
                calls += call;
                break;
            }
            let mut task = settled(&site, task.id).await?;
            if task.status == TaskStatus::Error {
                doubts += 1;
                ensure!(task.steps.last().is_some_and(|step| step.state == StepState::Starting), "{task:?}");
                let settle = if was_executed(&site, &task)? {
                    site.registry.repair(&task.task_id, &dba()).await
                } else {
                    site.registry.resume(&task.task_id, &dba()).await
                };
                settle.map_err(refused)?;
                task = settled(&site, task.id).await?;
            }
            ensure!(task.status == TaskStatus::Done, "{fault:?} {call}: {:?}", texts(&task));
            ensure!(traces(&site)? == ["1", "1", "1"], "{fault:?} {call}: {:?}", traces(&site)?);
            ensure!(task.results.len() == 3, "{fault:?} {call}: {:?}", task.results);
        }
    }
    ensure!(calls >= 2 * MIN_CALLS, "{calls}");
    ensure!(doubts >= 3, "{doubts}");
    let applied = site.history(&changeset).await?.iter().filter(|entry| *entry == "applied").count();
    ensure!(applied as u64 == server - 1, "{applied} of {server}");
    Ok(())
}
