//! Applications and reverts on a real server.

mod controls;
mod crashes;
mod requests;
mod reverts;
mod several;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use schemas::apply::request::{ApplyRequest, Targets};
use schemas::record::{
    ApplyOptions, Changeset, ChangesetDetailApply, Classification, MessageType, Server, Task, TaskStatus,
};
use schemas::refusal::Refusal;

use super::SERVER;
use super::site::{SERVER_ID, Site, dba, refused};

const ORDERS: &str = "CREATE TABLE orders (id int PRIMARY KEY, n int NOT NULL DEFAULT 0) ENGINE=InnoDB; \
                      INSERT INTO orders (id) VALUES (1), (2);";
const CREATE_T1: (&str, &str) = ("create table t1 (id int primary key) engine=InnoDB", "drop table t1");
const ADD_A: (&str, &str) = ("alter table orders add a int", "alter table orders drop a");
const COMPLETED: &str = "Changeset apply job completed.";

/// Returns a site with a changeset that is approved.
async fn approved(schema: &'static str, details: &[(&str, &str)]) -> Result<(Site, Changeset)> {
    let site = Site::new(schema, ORDERS).await?;
    site.version().await?;
    let changeset = approve(&site, details).await?;
    Ok((site, changeset))
}

/// Submits a changeset, reviews and approves it.
async fn approve(site: &Site, details: &[(&str, &str)]) -> Result<Changeset> {
    let changeset = site.reviewed(Classification::Painless, details).await?;
    let logs = site.logs(&changeset).await?;
    site.registry.approve(changeset.id, &dba()).await.map_err(refused).with_context(|| format!("{logs:?}"))
}

/// Returns the request to apply a changeset to a server.
fn to_server(changeset: &Changeset, server: u64, options: ApplyOptions) -> ApplyRequest {
    ApplyRequest { changeset: changeset.id, targets: Targets::Server(server), options }
}

/// Requests an application.
async fn request(site: &Site, changeset: &Changeset, options: ApplyOptions) -> Result<Task, Refusal> {
    site.registry.request_apply(&to_server(changeset, SERVER_ID, options), &dba()).await
}

/// Applies a changeset and returns its task at rest.
async fn apply_with(site: &Site, changeset: &Changeset, options: ApplyOptions) -> Result<Task> {
    let task = request(site, changeset, options).await.map_err(refused)?;
    settled(site, task.id).await
}

async fn apply(site: &Site, changeset: &Changeset) -> Result<Task> {
    apply_with(site, changeset, ApplyOptions::default()).await
}

/// Works until a task is at rest, and returns it.
async fn settled(site: &Site, id: u64) -> Result<Task> {
    for _ in 0..60 {
        site.bundle.drain().await?;
        let task = site.registry.require::<Task>(id).await?;
        if task.status.is_at_rest() {
            return Ok(task);
        }
        site.bundle.advance(TimeDelta::minutes(1));
        site.bundle.task_schedule.tick().await?;
    }
    anyhow::bail!("task {id} does not end: {:?}", site.registry.require::<Task>(id).await?)
}

/// Returns the texts of the messages of a task.
fn texts(task: &Task) -> Vec<&str> {
    task.messages.iter().map(|message| message.message.as_str()).collect()
}

/// Returns the texts of the errors of a task.
fn errors(task: &Task) -> Vec<&str> {
    let errors = task.messages.iter().filter(|message| message.message_type == MessageType::Error);
    errors.map(|message| message.message.as_str()).collect()
}

async fn rows(site: &Site, task: &Task) -> Result<Vec<ChangesetDetailApply>> {
    Ok(site.registry.find_many(&task.results).await?)
}

/// Stores a row of another server with the address of the first one.
async fn another_server(site: &Site, id: u64) -> Result<()> {
    let first = site.registry.require::<Server>(SERVER_ID).await?;
    site.put(&Server { id, name: format!("srv{id}"), ..first }).await
}

/// Makes the schema what it was at first.
fn reset(site: &Site) -> Result<()> {
    let schema = site.schema;
    SERVER.run(&format!("DROP DATABASE {schema}; CREATE DATABASE {schema}; USE {schema}; {ORDERS}"))?;
    Ok(())
}

#[tokio::test]
async fn an_approved_changeset_is_applied() -> Result<()> {
    let details = [
        CREATE_T1,
        (
            "insert into t1 values (1); alter table orders add a int",
            "alter table orders drop a; delete from t1",
        ),
    ];
    let (site, changeset) = approved("ap_applied", &details).await?;
    let before = site.version().await?;
    site.published().await?;
    let task = apply(&site, &changeset).await?;
    assert_eq!(task.status, TaskStatus::Done, "{:?}", task.messages);
    let first = format!("apply_sql: {}", details[0].0);
    let second = format!("apply_sql: {}", details[1].0);
    assert_eq!(texts(&task), [first.as_str(), second.as_str(), COMPLETED]);
    let rows = rows(&site, &task).await?;
    let logs: Vec<_> =
        rows.iter().map(|row| (row.changeset_detail, row.server, row.results_log.as_str())).collect();
    assert_eq!(
        logs,
        [(changeset.details[0], Some(SERVER_ID), ""), (changeset.details[1], Some(SERVER_ID), "")]
    );
    let stored = site.changeset(changeset.id).await?;
    assert_eq!(stored.before_version, Some(before.id));
    assert_eq!(stored.after_version, Some(site.version().await?.id));
    assert_eq!(SERVER.run("SELECT count(*) FROM ap_applied.t1")?, "1");
    let steps: Vec<_> =
        task.steps.iter().map(|step| step.before != step.after.clone().unwrap_or_default()).collect();
    assert_eq!(steps, [true, false, true], "{:?}", task.steps);
    assert_eq!(site.history(&changeset).await?.last().map(String::as_str), Some("applied"));
    let events = site.published().await?;
    let applied = events.iter().find(|event| event["type"] == "changeset_applied").context("an event")?;
    let text = format!("Changeset [id={}] was applied at server [id=1, name=srv1].", changeset.id);
    assert_eq!(applied["description"], text);
    Ok(())
}

#[tokio::test]
async fn an_unknown_structure_is_left_alone() -> Result<()> {
    let (site, changeset) = approved("ap_unknown", &[CREATE_T1]).await?;
    SERVER.run("CREATE TABLE ap_unknown.stray (id int)")?;
    let task = apply(&site, &changeset).await?;
    assert_eq!(task.status, TaskStatus::Failed);
    let unknown = "ERROR <class 'utils.exceptions.Error'>: Schema version on host is unknown.";
    assert_eq!(texts(&task), [unknown, COMPLETED]);
    assert_eq!((task.results.len(), site.changeset(changeset.id).await?.before_version), (0, None));
    assert_eq!(site.history(&changeset).await?.last().map(String::as_str), Some("applied - failed"));
    SERVER.run("DROP TABLE ap_unknown.stray")?;
    assert_eq!(apply(&site, &changeset).await?.status, TaskStatus::Done);
    Ok(())
}

#[tokio::test]
async fn a_later_application_needs_the_version_of_the_first() -> Result<()> {
    let (site, changeset) = approved("ap_later", &[CREATE_T1]).await?;
    assert_eq!(apply(&site, &changeset).await?.status, TaskStatus::Done);
    another_server(&site, 2).await?;
    let to_second = to_server(&changeset, 2, ApplyOptions::default());
    let task = site.registry.request_apply(&to_second, &dba()).await.map_err(refused)?;
    let task = settled(&site, task.id).await?;
    assert_eq!(task.status, TaskStatus::Failed);
    let text = "ERROR <class 'utils.exceptions.Error'>: Cannot apply changeset, existing schema on host does not match \
                the expected schema.";
    assert_eq!(texts(&task), [text, COMPLETED]);
    let extra: serde_json::Value =
        serde_json::from_str(task.messages[0].extra.as_deref().context("a delta")?)?;
    let delta = extra["delta"].as_str().context("a text")?;
    assert!(delta.contains("--- expected") && delta.contains("+CREATE TABLE `t1`"), "{delta}");
    reset(&site)?;
    let task = site.registry.request_apply(&to_second, &dba()).await.map_err(refused)?;
    assert_eq!(settled(&site, task.id).await?.status, TaskStatus::Done);
    Ok(())
}

#[tokio::test]
async fn an_application_stops_at_the_first_failing_detail() -> Result<()> {
    let details = [CREATE_T1, ("insert into orders (id) values (9)", ""), ADD_A];
    let (site, changeset) = approved("ap_stops", &details).await?;
    SERVER.run("INSERT INTO ap_stops.orders (id) VALUES (9)")?;
    let task = apply(&site, &changeset).await?;
    assert_eq!(task.status, TaskStatus::Error);
    let rejected =
        "ERROR <class '_mysql_exceptions.IntegrityError'>: (1062, \"Duplicate entry '9' for key 'PRIMARY'\")";
    assert_eq!(errors(&task)[0], rejected);
    assert_eq!(texts(&task).last(), Some(&COMPLETED));
    let logs: Vec<_> = rows(&site, &task).await?.into_iter().map(|row| row.results_log).collect();
    assert_eq!(logs, ["", rejected]);
    let columns = "SELECT count(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'ap_stops' AND COLUMN_NAME = 'a'";
    assert_eq!(SERVER.run(columns)?, "0");
    assert_eq!(site.changeset(changeset.id).await?.before_version, None);
    let again = request(&site, &changeset, ApplyOptions::default()).await.expect_err("it has not ended");
    assert!(matches!(&again, Refusal::WrongState { .. }), "{again:?}");

    SERVER.run("DELETE FROM ap_stops.orders WHERE id = 9")?;
    site.registry.resume(&task.task_id, &dba()).await.map_err(refused)?;
    let task = settled(&site, task.id).await?;
    assert_eq!(task.status, TaskStatus::Done, "{:?}", texts(&task));
    let logs: Vec<_> = rows(&site, &task).await?.into_iter().map(|row| row.results_log).collect();
    assert_eq!(logs, ["", "", ""]);
    assert_eq!(SERVER.run(columns)?, "1");
    Ok(())
}

#[tokio::test]
async fn a_failure_of_the_first_statement_changes_nothing() -> Result<()> {
    let (site, changeset) =
        approved("ap_first", &[("insert into orders (id) values (9)", ""), ADD_A]).await?;
    SERVER.run("INSERT INTO ap_first.orders (id) VALUES (9)")?;
    let task = apply(&site, &changeset).await?;
    assert_eq!(task.status, TaskStatus::Failed);
    assert_eq!(rows(&site, &task).await?.len(), 1);
    SERVER.run("DELETE FROM ap_first.orders WHERE id = 9")?;
    assert_eq!(apply(&site, &changeset).await?.status, TaskStatus::Done);
    Ok(())
}

#[tokio::test]
async fn a_dry_run_executes_nothing() -> Result<()> {
    let (site, changeset) = approved("ap_dry", &[CREATE_T1, ("insert into t1 values (1)", "")]).await?;
    let before = site.version().await?;
    let history = site.history(&changeset).await?;
    let options = ApplyOptions { dry_run: true, ..ApplyOptions::default() };
    let task = apply_with(&site, &changeset, options).await?;
    assert_eq!(task.status, TaskStatus::Done, "{:?}", texts(&task));
    let predicted = site.details(&changeset).await?[1].after_checksum.clone();
    let texts = texts(&task);
    assert!(
        texts[0].starts_with("Would execute (its effect shows in the checksum): create table t1"),
        "{texts:?}"
    );
    assert!(texts[1].starts_with("Would execute (its effect shows in no checksum"), "{texts:?}");
    assert_eq!(texts[2..], [format!("The predicted checksum is {predicted}.").as_str(), COMPLETED]);
    assert_eq!(site.version().await?.id, before.id);
    assert_eq!(site.history(&changeset).await?, history);
    assert_eq!(apply(&site, &changeset).await?.status, TaskStatus::Done);
    assert_eq!(site.version().await?.checksum, predicted);
    Ok(())
}

#[tokio::test]
async fn an_unreachable_server_fails_the_task_after_the_retry_window() -> Result<()> {
    let (site, changeset) = approved("ap_unreachable", &[CREATE_T1]).await?;
    SERVER.run("DROP DATABASE ap_unreachable")?;
    let task = apply(&site, &changeset).await?;
    let unknown =
        "ERROR <class '_mysql_exceptions.OperationalError'>: (1049, \"Unknown database 'ap_unreachable'\")";
    assert_eq!((task.status, texts(&task)), (TaskStatus::Failed, vec![unknown, COMPLETED]));
    let first = site.registry.require::<Server>(SERVER_ID).await?;
    site.put(&Server { hostname: "192.0.2.1".to_owned(), ..first }).await?;
    let task = apply(&site, &changeset).await?;
    assert_eq!(task.status, TaskStatus::Failed);
    assert!(
        errors(&task)[0].contains("no credentials are configured for server 'srv1'"),
        "{:?}",
        texts(&task)
    );
    Ok(())
}
