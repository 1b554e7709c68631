//! Requests that are refused, and rules of environments.

use anyhow::Result;
use chrono::TimeDelta;
use schemas::apply::request::{ApplyRequest, Targets};
use schemas::people::Role;
use schemas::record::{ApplyOptions, Classification, Environment, Policy, Server, TaskStatus};
use schemas::refusal::Refusal;

use super::{ADD_A, CREATE_T1, another_server, apply, approve, approved, request, settled, to_server};
use crate::schemas::site::{SERVER_ID, Site, dba, developer, person, refused};

fn options() -> ApplyOptions {
    ApplyOptions::default()
}

async fn environment(site: &Site, id: u64, server: u64, policy: Policy) -> Result<()> {
    let (created_at, updated_at) = (site.registry.now(), site.registry.now());
    let name = format!("env{id}");
    site.put(&Environment { id, name, policy, created_at, updated_at, version: 1 }).await?;
    let row = site.registry.require::<Server>(server).await?;
    site.put(&Server { environment: Some(id), ..row }).await
}

fn text(refusal: &Refusal) -> String {
    refusal.text()
}

#[tokio::test]
async fn requests_are_refused_before_a_task_exists() -> Result<()> {
    let (site, changeset) = approved("ap_refused", &[CREATE_T1]).await?;
    let unapproved = site.reviewed(Classification::Painless, &[ADD_A]).await?;
    let tasks = site.tasks(&changeset).await?.len();

    let unknown = ApplyRequest { changeset: 99, targets: Targets::Server(SERVER_ID), options: options() };
    let missing = site.registry.request_apply(&unknown, &dba()).await.expect_err("no such changeset");
    assert!(
        matches!(&missing, Refusal::NotFound(text) if text.starts_with("Changeset matching query does not exist."))
    );
    let missing = site.registry.request_apply(&to_server(&changeset, 99, options()), &dba()).await;
    assert!(
        matches!(missing, Err(Refusal::NotFound(text)) if text.starts_with("Server matching query does not exist."))
    );

    let early = request(&site, &unapproved, options()).await.expect_err("not approved");
    assert!(matches!(&early, Refusal::WrongState { .. }));
    assert_eq!(text(&early), format!("Changeset {} is not approved.", unapproved.id));

    site.registry.soft_delete(unapproved.id, &dba()).await.map_err(refused)?;
    let deleted = request(&site, &unapproved, options()).await.expect_err("deleted");
    assert_eq!(text(&deleted), format!("Changeset {} is deleted.", unapproved.id));
    assert_eq!(site.tasks(&changeset).await?.len(), tasks);
    Ok(())
}

#[tokio::test]
async fn developers_apply_what_has_a_low_impact() -> Result<()> {
    let (site, painless) = approved("ap_rights", &[CREATE_T1]).await?;
    let impacting = site.reviewed(Classification::Impacting, &[ADD_A]).await?;
    let impacting = site.registry.approve(impacting.id, &dba()).await.map_err(refused)?;
    let by = |changeset| to_server(changeset, SERVER_ID, options());
    let refusal = site.registry.request_apply(&by(&impacting), &developer()).await.expect_err("a developer");
    assert!(matches!(&refusal, Refusal::NotAllowed { .. }));
    assert_eq!(
        text(&refusal),
        format!("User developer-3 is not allowed to apply changeset {}.", impacting.id)
    );
    let task = site.registry.request_apply(&by(&painless), &developer()).await.map_err(refused)?;
    assert_eq!(settled(&site, task.id).await?.status, TaskStatus::Done);
    let refusal = site.registry.request_revert(painless.id, SERVER_ID, &options(), &developer()).await;
    assert!(matches!(refusal, Err(Refusal::NotAllowed { .. })));
    Ok(())
}

#[tokio::test]
async fn a_changeset_is_applied_to_a_server_once() -> Result<()> {
    let (site, changeset) = approved("ap_once", &[CREATE_T1]).await?;
    let twice = tokio::join!(request(&site, &changeset, options()), request(&site, &changeset, options()));
    let (task, refusal) = match twice {
        (Ok(task), Err(refusal)) | (Err(refusal), Ok(task)) => (task, refusal),
        other => panic!("{other:?}"),
    };
    assert_eq!(text(&refusal), "Changeset is being applied already at server 'srv1'.");
    assert_eq!(settled(&site, task.id).await?.status, TaskStatus::Done);
    let refusal = request(&site, &changeset, options()).await.expect_err("it is applied");
    assert_eq!(text(&refusal), "Changeset has been successfully applied already at server 'srv1'.");
    Ok(())
}

#[tokio::test]
async fn two_workers_execute_each_statement_once() -> Result<()> {
    let (site, changeset) =
        approved("ap_workers", &[("update orders set n = n + 1 where id > 0", ""), ADD_A]).await?;
    let task = request(&site, &changeset, options()).await.map_err(refused)?;
    let message = format!("{{\"task\":\"run\",\"id\":{}}}", task.id);
    let deadline = site.bundle.clock.micros().plus_seconds(900);
    let work = || site.bundle.changesets.work(&message, deadline);
    let results = tokio::join!(work(), work(), work());
    assert!(matches!(results, (Ok(()), Ok(()), Ok(()))), "{results:?}");
    assert_eq!(settled(&site, task.id).await?.status, TaskStatus::Done);
    assert_eq!(crate::schemas::SERVER.run("SELECT sum(n) FROM ap_workers.orders")?, "2");
    Ok(())
}

#[tokio::test]
async fn environments_have_rules() -> Result<()> {
    let (site, changeset) = approved("ap_policy", &[CREATE_T1]).await?;
    another_server(&site, 2).await?;
    let window = site.bundle.clock.now().format("%H:%M").to_string();
    let hours = (site.bundle.clock.now() + TimeDelta::hours(2)).format("%H:%M").to_string();
    let policy = Policy {
        approvals_required: 2,
        after_environment: Some(1),
        window: Some(format!("{window}-{hours}")),
        ..Policy::default()
    };
    environment(&site, 1, SERVER_ID, Policy::default()).await?;
    environment(&site, 2, 2, policy).await?;
    let to_second = to_server(&changeset, 2, options());
    let refusal = async || match site.registry.request_apply(&to_second, &dba()).await {
        Err(refusal @ Refusal::NotAllowed { .. }) => refusal.text(),
        other => panic!("{other:?}"),
    };
    assert!(refusal().await.contains("requires 2 approvals"));
    site.registry.approve(changeset.id, &person(9, Role::Dba)).await.map_err(refused)?;
    assert!(refusal().await.contains("is applied in environment 1 before"));
    assert_eq!(apply(&site, &changeset).await?.status, TaskStatus::Done);
    site.bundle.advance(TimeDelta::hours(3));
    assert!(refusal().await.contains("UTC only"));
    site.bundle.advance(TimeDelta::hours(21));
    super::reset(&site)?;
    let task = site.registry.request_apply(&to_second, &dba()).await.map_err(refused)?;
    let task = settled(&site, task.id).await?;
    assert_eq!(task.status, TaskStatus::Done, "{:?}", super::texts(&task));
    Ok(())
}

#[tokio::test]
async fn a_changeset_that_was_updated_meanwhile_is_not_applied() -> Result<()> {
    let (site, changeset) = approved("ap_updated", &[CREATE_T1]).await?;
    let task = request(&site, &changeset, options()).await.map_err(refused)?;
    let update = schemas::changeset::submission::ChangesetUpdate {
        details: vec![schemas::changeset::submission::DetailChange {
            id: Some(changeset.details[0]),
            apply_sql: Some("create table t2 (id int primary key)".to_owned()),
            ..Default::default()
        }],
        ..Default::default()
    };
    site.registry.update(changeset.id, update, &dba()).await.map_err(refused)?;
    let task = settled(&site, task.id).await?;
    assert_eq!(task.status, TaskStatus::Failed);
    assert!(super::errors(&task)[0].contains("was updated after the task was requested"), "{task:?}");
    let later = approve(&site, &[ADD_A]).await?;
    assert_eq!(apply(&site, &later).await?.status, TaskStatus::Done);
    Ok(())
}
