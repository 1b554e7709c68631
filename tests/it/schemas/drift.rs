//! Checks for drift on a real server.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use schemas::apply::request::{ApplyRequest, Targets};
use schemas::record::{
    ApplyOptions, Classification, DatabaseSchema, Name, ServerData, Task, TaskKind, TaskStatus,
};
use schemas::refusal::Refusal;

use super::SERVER;
use super::site::{SERVER_ID, Site, dba, refused};

const TABLE: &str = "CREATE TABLE orders (id int PRIMARY KEY) ENGINE=InnoDB;";

async fn check(site: &Site) -> Result<Task> {
    let schema = site.registry.find_by_name::<DatabaseSchema>(site.schema).await?.context("a schema")?;
    let tasks = site.registry.request_check(schema.id, &[SERVER_ID], &dba()).await.map_err(refused)?;
    site.bundle.drain().await?;
    Ok(site.registry.require(tasks[0].id).await?)
}

async fn known(site: &Site) -> Result<ServerData> {
    let found = site.registry.rows(Name::ServerData).await?;
    assert_eq!(found.len(), 1, "{found:?}");
    Ok(serde_json::from_value(found.into_iter().next().map(serde_json::Value::Object).context("a row")?)?)
}

/// Returns the ids of the checks that are still to be made.
async fn scheduled(site: &Site) -> Result<Vec<u64>> {
    let tasks = site.registry.find_all::<Task>().await?;
    let open = tasks.iter().filter(|task| task.kind == TaskKind::Check && task.status.is_active());
    Ok(open.map(|task| task.id).collect())
}

#[tokio::test]
async fn a_check_finds_the_difference_to_the_expected_version() -> Result<()> {
    let site = Site::new("dr_found", TABLE).await?;
    let version = site.version().await?;
    let task = check(&site).await?;
    assert_eq!(task.status, TaskStatus::Done);
    let text = format!("Schema 'dr_found' has version [id={}] at server [id=1, name=srv1].", version.id);
    assert_eq!(task.messages[0].message, text);
    assert_eq!(known(&site).await?.expected_version, Some(version.id));

    SERVER.run("ALTER TABLE dr_found.orders ADD stray int")?;
    site.bundle.advance(TimeDelta::minutes(1));
    check(&site).await?;
    let drifted = known(&site).await?;
    assert!(drifted.has_drifted && drifted.schema_exists);
    assert_eq!((drifted.schema_version, drifted.expected_version), (None, Some(version.id)));
    assert!(drifted.schema_version_diff.contains("+  `stray` int(11)"), "{}", drifted.schema_version_diff);
    let events = site.published().await?;
    assert_eq!(events.iter().filter(|event| event["type"] == "schema_check").count(), 2);

    SERVER.run("ALTER TABLE dr_found.orders DROP stray")?;
    check(&site).await?;
    let settled = known(&site).await?;
    assert!(!settled.has_drifted && settled.schema_version_diff.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_drifted_schema_is_changed_by_force_only() -> Result<()> {
    let site = Site::new("dr_refused", TABLE).await?;
    site.version().await?;
    check(&site).await?;
    let details = [("alter table orders add a int", "alter table orders drop a")];
    let changeset = site.reviewed(Classification::Painless, &details).await?;
    site.registry.approve(changeset.id, &dba()).await.map_err(refused)?;
    SERVER.run("ALTER TABLE dr_refused.orders ADD stray int")?;
    check(&site).await?;
    SERVER.run("ALTER TABLE dr_refused.orders DROP stray")?;
    let request = |force| ApplyRequest {
        changeset: changeset.id,
        targets: Targets::Server(SERVER_ID),
        options: ApplyOptions { force, ..ApplyOptions::default() },
    };
    let refusal = site.registry.request_apply(&request(false), &dba()).await.expect_err("it has drifted");
    assert!(matches!(&refusal, Refusal::WrongState { .. }));
    assert!(refusal.text().starts_with("The schema has drifted at server 'srv1'."), "{refusal:?}");
    let task = site.registry.request_apply(&request(true), &dba()).await.map_err(refused)?;
    site.bundle.drain().await?;
    assert_eq!(site.registry.require::<Task>(task.id).await?.status, TaskStatus::Done);
    assert!(!known(&site).await?.has_drifted);
    Ok(())
}

#[tokio::test]
async fn a_structure_that_is_stored_as_a_version_is_accepted() -> Result<()> {
    let site = Site::new("dr_accepted", TABLE).await?;
    let first = site.version().await?;
    check(&site).await?;
    SERVER.run("ALTER TABLE dr_accepted.orders ADD wanted int")?;
    site.bundle.advance(TimeDelta::minutes(1));
    check(&site).await?;
    assert!(known(&site).await?.has_drifted);
    site.bundle.advance(TimeDelta::minutes(1));
    let second = site.version().await?;
    check(&site).await?;
    let settled = known(&site).await?;
    assert_eq!((settled.has_drifted, settled.expected_version), (false, Some(second.id)));
    assert_ne!(first.id, second.id);
    Ok(())
}

/// Does what has come due.
async fn tick(site: &Site) -> Result<()> {
    site.bundle.task_schedule.tick().await?;
    site.bundle.drain().await
}

#[tokio::test]
async fn one_check_is_scheduled_per_schema_and_server() -> Result<()> {
    let site = Site::new("dr_scheduled", TABLE).await?;
    site.version().await?;
    assert_eq!(scheduled(&site).await?, Vec::<u64>::new());
    check(&site).await?;
    let first = scheduled(&site).await?;
    check(&site).await?;
    check(&site).await?;
    assert_eq!((first.len(), scheduled(&site).await?), (1, first.clone()));

    SERVER.run("DROP TABLE dr_scheduled.orders")?;
    site.bundle.advance(TimeDelta::hours(23));
    tick(&site).await?;
    assert!(!known(&site).await?.has_drifted, "it is not due yet");
    site.bundle.advance(TimeDelta::minutes(61));
    tick(&site).await?;
    let found = known(&site).await?;
    assert!(found.has_drifted, "{found:?}");
    let next = scheduled(&site).await?;
    assert!(next.len() == 1 && next != first, "{next:?}");
    assert_eq!(found.next_check, next.first().copied());
    Ok(())
}

#[tokio::test]
async fn a_schema_that_disappears_has_drifted() -> Result<()> {
    let site = Site::new("dr_gone", TABLE).await?;
    site.version().await?;
    check(&site).await?;
    SERVER.run("DROP DATABASE dr_gone")?;
    let task = check(&site).await?;
    assert_eq!(task.messages[0].message, "Schema 'dr_gone' does not exist at server [id=1, name=srv1].");
    let found = known(&site).await?;
    assert!(found.has_drifted && !found.schema_exists && found.checksum.is_empty());
    Ok(())
}
