//! Reverts, as a task of their own and after a failure.

use anyhow::Result;
use schemas::record::{ApplyOptions, Changeset, OnFailure, Task, TaskStatus};
use schemas::refusal::Refusal;

use super::{ADD_A, CREATE_T1, apply, apply_with, approved, errors, request, rows, settled, texts};
use crate::schemas::SERVER;
use crate::schemas::site::{SERVER_ID, Site, dba, refused};

async fn revert(site: &Site, changeset: &Changeset, options: ApplyOptions) -> Result<Task, Refusal> {
    site.registry.request_revert(changeset.id, SERVER_ID, &options, &dba()).await
}

fn forced() -> ApplyOptions {
    ApplyOptions { force: true, ..ApplyOptions::default() }
}

#[tokio::test]
async fn an_applied_changeset_is_reverted_and_applied_again() -> Result<()> {
    let (site, changeset) = approved("ap_revert", &[CREATE_T1, ADD_A]).await?;
    let early = revert(&site, &changeset, ApplyOptions::default()).await.expect_err("it is not applied");
    assert_eq!(early.text(), "Changeset is not applied at server 'srv1'.");
    let before = site.version().await?;
    let applied = apply(&site, &changeset).await?;
    let task = revert(&site, &changeset, ApplyOptions::default()).await.map_err(refused)?;
    let busy = request(&site, &changeset, ApplyOptions::default()).await.expect_err("it is being reverted");
    assert_eq!(busy.text(), "Changeset is being reverted at server 'srv1'.");
    let task = settled(&site, task.id).await?;
    assert_eq!(task.status, TaskStatus::Done, "{:?}", texts(&task));
    let second = format!("revert_sql: {}", ADD_A.1);
    let first = format!("revert_sql: {}", CREATE_T1.1);
    assert_eq!(texts(&task), [second.as_str(), first.as_str(), "Changeset revert job completed."]);
    assert_eq!(site.version().await?.id, before.id);
    assert!(rows(&site, &applied).await?.iter().all(|row| row.reverted_at.is_some()));
    assert_eq!(site.history(&changeset).await?.last().map(String::as_str), Some("reverted"));
    assert_eq!(apply(&site, &changeset).await?.status, TaskStatus::Done);
    Ok(())
}

#[tokio::test]
async fn a_revert_needs_the_structure_that_the_changeset_left() -> Result<()> {
    let (site, changeset) = approved("ap_revert_other", &[CREATE_T1]).await?;
    apply(&site, &changeset).await?;
    SERVER.run("ALTER TABLE ap_revert_other.t1 ADD b int")?;
    let task = revert(&site, &changeset, ApplyOptions::default()).await.map_err(refused)?;
    let task = settled(&site, task.id).await?;
    assert_eq!(task.status, TaskStatus::Failed);
    assert!(errors(&task)[0].contains("Cannot revert changeset, existing schema on host does not match"));
    assert_eq!(SERVER.run("SHOW TABLES IN ap_revert_other LIKE 't1'")?, "t1");
    SERVER.run("ALTER TABLE ap_revert_other.t1 DROP b")?;
    let task = revert(&site, &changeset, ApplyOptions::default()).await.map_err(refused)?;
    assert_eq!(settled(&site, task.id).await?.status, TaskStatus::Done);
    Ok(())
}

#[tokio::test]
async fn details_without_revert_sql_are_left_by_force_only() -> Result<()> {
    let (site, changeset) =
        approved("ap_revert_rows", &[("update orders set n = 7 where id > 0", ""), CREATE_T1]).await?;
    apply(&site, &changeset).await?;
    let refusal =
        revert(&site, &changeset, ApplyOptions::default()).await.expect_err("rows cannot be reverted");
    assert!(
        refusal.text().ends_with("has no revert_sql. With force, the others are reverted."),
        "{refusal:?}"
    );
    let task = revert(&site, &changeset, forced()).await.map_err(refused)?;
    assert_eq!(settled(&site, task.id).await?.status, TaskStatus::Done);
    assert_eq!(SERVER.run("SELECT sum(n) FROM ap_revert_rows.orders")?, "14");
    Ok(())
}

#[tokio::test]
async fn a_failed_application_reverts_what_it_applied_on_request() -> Result<()> {
    let details =
        [CREATE_T1, ADD_A, ("insert into orders (id) values (9)", "delete from orders where id = 9")];
    let (site, changeset) = approved("ap_undo", &details).await?;
    let before = site.version().await?;
    SERVER.run("INSERT INTO ap_undo.orders (id) VALUES (9)")?;
    let options = ApplyOptions { on_failure: OnFailure::Revert, ..ApplyOptions::default() };
    let task = apply_with(&site, &changeset, options).await?;
    assert_eq!(task.status, TaskStatus::Failed, "{:?}", texts(&task));
    assert!(errors(&task)[1].contains("the details before it were reverted"), "{:?}", texts(&task));
    assert_eq!(site.version().await?.id, before.id);
    let reverted: Vec<_> = rows(&site, &task).await?.iter().map(|row| row.reverted_at.is_some()).collect();
    assert_eq!(reverted, [true, true, false]);
    SERVER.run("DELETE FROM ap_undo.orders WHERE id = 9")?;
    assert_eq!(apply(&site, &changeset).await?.status, TaskStatus::Done);
    Ok(())
}
