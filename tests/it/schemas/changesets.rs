//! Changesets from their submission to the decision.

use anyhow::{Context, Result};
use schemas::changeset::submission::{DetailChange, DetailTexts};
use schemas::changeset::{ChangesetUpdate, NewChangeset};
use schemas::people::Role;
use schemas::record::{
    Changeset, ChangesetDetail, Classification, Environment, Kind, Policy, ReviewStatus, Task, TaskKind,
    TaskStatus,
};
use schemas::refusal::Refusal;

use super::SERVER;
use super::site::{SERVER_ID, Site, dba, developer, person, refused};

const CREATE_T1: (&str, &str) = ("create table t1 (id int primary key)", "drop table t1");
const CREATE_T2: (&str, &str) = ("create table t2 (id int primary key)", "drop table t2");

fn update(details: Vec<DetailChange>, deleted: Vec<u64>) -> ChangesetUpdate {
    ChangesetUpdate { details, deleted, ..ChangesetUpdate::default() }
}

fn detail(id: Option<u64>, apply_sql: &str) -> DetailChange {
    DetailChange { id, apply_sql: Some(apply_sql.to_owned()), ..DetailChange::default() }
}

#[tokio::test]
async fn a_submission_is_stored_with_its_review() -> Result<()> {
    let site = Site::new("cs_submit", "").await?;
    site.version().await?;
    let changeset = site.submitted(Classification::Painless, &[CREATE_T1, CREATE_T2]).await?;
    assert_eq!(changeset.review_status, ReviewStatus::Needs);
    assert_eq!((changeset.submitted_by, changeset.submitted_at), (Some(3), Some(site.registry.now())));
    assert_eq!(site.changeset(changeset.id).await?, changeset);
    let details = site.details(&changeset).await?;
    assert_eq!(
        details.iter().map(|detail| detail.apply_sql.as_str()).collect::<Vec<_>>(),
        [CREATE_T1.0, CREATE_T2.0]
    );
    let task = site.tasks(&changeset).await?.pop().context("the automatic review")?;
    assert_eq!((task.kind, task.status, task.user), (TaskKind::Review, TaskStatus::Queued, Some(3)));
    assert_eq!(site.registry.task(&task.task_id).await?.map(|task| task.id), Some(task.id));
    let event = site.published().await?.pop().context("the event")?;
    assert_eq!(event["event"], "schemas.changeset_submitted");
    assert_eq!(event["description"], format!("Changeset [id={}] was submitted.", changeset.id));
    assert_eq!((event["user"].as_u64(), event["changeset"].as_u64()), (Some(3), Some(changeset.id)));
    let audited = site.bundle.access.audit_list(10, None).await?.entries;
    let entry = audited.iter().find(|entry| entry.action == "changeset.submit").context("the audit entry")?;
    assert_eq!((entry.actor.as_str(), entry.address.as_str()), ("developer-3", "192.0.2.1"));
    assert_eq!((entry.target.clone(), entry.before, entry.after), (changeset.id.to_string(), None, Some(1)));
    Ok(())
}

#[tokio::test]
async fn a_refused_submission_stores_nothing() -> Result<()> {
    let site = Site::new("cs_refused", "").await?;
    let version = site.version().await?;
    SERVER.run("CREATE DATABASE cs_refused_other")?;
    let other = site.registry.save_schema_dump(SERVER_ID, "cs_refused_other", &site.servers, &dba()).await;
    let other = other.map_err(refused)?;
    let good = NewChangeset {
        database_schema: version.database_schema,
        details: vec![DetailTexts { apply_sql: CREATE_T1.0.to_owned(), ..DetailTexts::default() }],
        ..NewChangeset::default()
    };
    for (new, text) in [
        (
            NewChangeset { database_schema: 99, ..good.clone() },
            "DatabaseSchema matching query does not exist. Lookup parameters were {'pk': 99}",
        ),
        (
            NewChangeset { review_version: Some(99), ..good.clone() },
            "SchemaVersion matching query does not exist. Lookup parameters were {'pk': 99}",
        ),
        (
            NewChangeset { review_version: Some(other.id), ..good.clone() },
            "SchemaVersion [id=2] is not a version of DatabaseSchema [id=1].",
        ),
        (
            NewChangeset { details: Vec::new(), ..good },
            "a changeset has 0 changeset_details: 1 to 80 are expected",
        ),
    ] {
        let refusal = site.registry.submit(new, &developer()).await.expect_err("refused");
        assert_eq!(refusal.text(), text);
    }
    assert!(site.registry.find_all::<Changeset>().await?.is_empty());
    assert!(site.registry.find_all::<ChangesetDetail>().await?.is_empty());
    assert!(site.registry.find_all::<Task>().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn decisions_follow_the_review() -> Result<()> {
    let site = Site::new("cs_decisions", "").await?;
    site.version().await?;
    let changeset = site.submitted(Classification::Painless, &[CREATE_T1]).await?;
    let id = changeset.id;
    let text = "User is not allowed to approve changeset.";
    let early = site.registry.approve(id, &dba()).await.expect_err("it needs a review");
    assert!(
        matches!(&early, Refusal::WrongState { text: found, changeset: Some(_) } if found == text),
        "{early:?}"
    );
    site.bundle.drain().await?;
    let before = site.changeset(id).await?;
    let refusal = site.registry.approve(id, &developer()).await.expect_err("a developer may not");
    let Refusal::NotAllowed { text: found, changeset: Some(shown) } = refusal else {
        anyhow::bail!("{refusal:?}");
    };
    assert_eq!((found.as_str(), *shown), (text, before.clone()));
    assert_eq!(site.changeset(id).await?, before, "nothing changed");

    let approved = site.registry.approve(id, &dba()).await.map_err(refused)?;
    assert_eq!((approved.review_status, approved.approved_by), (ReviewStatus::Approved, Some(2)));
    let again = site.registry.approve(id, &person(9, Role::Admin)).await.expect_err("it is approved");
    assert!(matches!(again, Refusal::WrongState { .. }), "{again:?}");
    let rejected = site.registry.reject(id, &dba()).await.map_err(refused)?;
    assert_eq!((rejected.review_status, rejected.approved_by), (ReviewStatus::Rejected, Some(2)));
    let again = site.registry.reject(id, &dba()).await.expect_err("it is rejected");
    assert_eq!(again.text(), "User is not allowed to reject changeset.");

    let deleted = site.registry.soft_delete(id, &developer()).await.map_err(refused)?;
    assert_eq!((deleted.is_deleted, deleted.review_status), (true, ReviewStatus::Rejected));
    let again = site.registry.soft_delete(id, &dba()).await.expect_err("it is deleted");
    assert_eq!(again.text(), "Soft delete changeset is not allowed.");
    for refusal in [
        site.registry.approve(id, &dba()).await.expect_err("deleted"),
        site.registry.reject(id, &dba()).await.expect_err("deleted"),
        site.registry.update(id, update(Vec::new(), Vec::new()), &dba()).await.expect_err("deleted"),
        site.registry.request_review(id, None, &dba()).await.expect_err("deleted"),
    ] {
        assert!(matches!(refusal, Refusal::WrongState { .. }), "{refusal:?}");
    }
    let missing = site.registry.approve(999, &dba()).await.expect_err("no changeset");
    let text = "Changeset matching query does not exist. Lookup parameters were {'pk': 999}";
    assert!(matches!(&missing, Refusal::NotFound(found) if found == text), "{missing:?}");
    let history = site.history(&changeset).await?;
    assert_eq!(history[5..], ["approved", "rejected", "deleted"]);
    let events = site.published().await?;
    let kinds: Vec<_> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(
        kinds[2..],
        ["changeset_reviewed", "changeset_approved", "changeset_rejected", "changeset_soft_deleted"]
    );
    Ok(())
}

#[tokio::test]
async fn a_developer_neither_updates_nor_deletes_an_approved_changeset() -> Result<()> {
    let site = Site::new("cs_approved", "").await?;
    site.version().await?;
    let changeset = site.reviewed(Classification::Painless, &[CREATE_T1]).await?;
    let approved = site.registry.approve(changeset.id, &dba()).await.map_err(refused)?;
    let change = ChangesetUpdate { kind: Some(Kind::Delete), ..ChangesetUpdate::default() };
    let refusal =
        site.registry.update(changeset.id, change.clone(), &developer()).await.expect_err("approved");
    let Refusal::NotAllowed { text, changeset: Some(shown) } = refusal else { anyhow::bail!("{refusal:?}") };
    assert_eq!((text.as_str(), *shown), ("User is not allowed to update changeset.", approved.clone()));
    let refusal = site.registry.soft_delete(changeset.id, &developer()).await.expect_err("approved");
    assert!(
        matches!(&refusal, Refusal::NotAllowed { text, .. } if text == "Soft delete changeset is not allowed.")
    );
    assert_eq!(site.changeset(changeset.id).await?, approved);

    let updated = site.registry.update(changeset.id, change, &dba()).await.map_err(refused)?;
    assert_eq!((updated.review_status, updated.kind), (ReviewStatus::Needs, Kind::Delete));
    assert_eq!((updated.approved_by, updated.approved_at), (approved.approved_by, approved.approved_at));
    assert_eq!(updated.reviewed_at, approved.reviewed_at);
    assert_eq!(updated.tests, approved.tests, "the tests stay");
    assert_eq!(site.tasks(&changeset).await?.len(), 1, "no review is requested");
    Ok(())
}

#[tokio::test]
async fn an_update_changes_inserts_and_deletes_details_together() -> Result<()> {
    let site = Site::new("cs_update", "").await?;
    site.version().await?;
    let changeset = site.reviewed(Classification::Painless, &[CREATE_T1, CREATE_T2]).await?;
    let before = site.details(&changeset).await?;
    let [first, second] = [before[0].id, before[1].id];
    let described =
        DetailChange { id: Some(first), description: Some("d".to_owned()), ..DetailChange::default() };
    let added = detail(None, "create table t3 (id int primary key)");
    let updated =
        site.registry.update(changeset.id, update(vec![described, added], vec![second]), &developer()).await;
    let updated = updated.map_err(refused)?;
    assert_eq!(updated.details.len(), 2);
    let after = site.details(&updated).await?;
    assert_eq!((after[0].id, after[0].description.as_str()), (first, "d"));
    assert_eq!(after[0].after_checksum, before[0].after_checksum, "its statements are the same");
    assert_eq!(after[1].apply_sql, "create table t3 (id int primary key)");
    assert_eq!(site.registry.find::<ChangesetDetail>(second).await?, None);
    assert_eq!(site.tests(&updated).await?.len(), 1, "the test of the deleted detail is deleted");

    let other_sql = detail(Some(first), "create table t1 (other int primary key)");
    site.registry
        .update(changeset.id, update(vec![other_sql], Vec::new()), &developer())
        .await
        .map_err(refused)?;
    let after = site.details(&site.changeset(changeset.id).await?).await?;
    assert_eq!((after[0].before_checksum.as_str(), after[0].after_checksum.as_str()), ("", ""));
    Ok(())
}

#[tokio::test]
async fn an_update_with_details_of_another_changeset_changes_nothing() -> Result<()> {
    let site = Site::new("cs_foreign", "").await?;
    site.version().await?;
    let changeset = site.submitted(Classification::Painless, &[CREATE_T1]).await?;
    let other = site.submitted(Classification::Painless, &[CREATE_T2]).await?;
    let (own, foreign) = (changeset.details[0], other.details[0]);
    for (change, text) in [
        (
            update(vec![detail(Some(own), "do 1"), detail(Some(foreign), "do 1")], Vec::new()),
            "One of the changeset details have invalid changeset value.",
        ),
        (
            update(vec![detail(Some(own), "do 1")], vec![foreign]),
            "to_be_deleted_changeset_details contain and invalid changeset detail.",
        ),
        (update(Vec::new(), vec![own]), "a changeset has 0 changeset_details: 1 to 80 are expected"),
        (
            ChangesetUpdate {
                review_version: Some(Some(99)),
                ..update(vec![detail(Some(own), "do 1")], Vec::new())
            },
            "SchemaVersion matching query does not exist. Lookup parameters were {'pk': 99}",
        ),
    ] {
        let refusal = site.registry.update(changeset.id, change, &developer()).await.expect_err("refused");
        assert_eq!(refusal.text(), text);
    }
    assert_eq!(site.changeset(changeset.id).await?, changeset);
    assert_eq!(site.details(&changeset).await?[0].apply_sql, CREATE_T1.0);
    assert_eq!(site.details(&other).await?[0].apply_sql, CREATE_T2.0);
    Ok(())
}

#[tokio::test]
async fn a_changeset_moves_to_another_schema_without_its_version() -> Result<()> {
    let site = Site::new("cs_moves", "").await?;
    site.version().await?;
    SERVER.run("CREATE DATABASE cs_moves_other")?;
    let other = site.registry.save_schema_dump(SERVER_ID, "cs_moves_other", &site.servers, &dba()).await;
    let other = other.map_err(refused)?;
    let changeset = site.reviewed(Classification::Painless, &[CREATE_T1]).await?;
    assert!(changeset.review_version.is_some());
    let moved =
        ChangesetUpdate { database_schema: Some(other.database_schema), ..ChangesetUpdate::default() };
    let moved = site.registry.update(changeset.id, moved, &dba()).await.map_err(refused)?;
    assert_eq!((moved.database_schema, moved.review_version), (other.database_schema, None));
    let reviewed = site.review_again(changeset.id).await?;
    assert_eq!((reviewed.review_status, reviewed.review_version), (ReviewStatus::InProgress, Some(other.id)));
    Ok(())
}

#[tokio::test]
async fn concurrent_decisions_happen_one_after_the_other() -> Result<()> {
    let site = Site::new("cs_races", "").await?;
    site.version().await?;
    let changeset = site.reviewed(Classification::Painless, &[CREATE_T1]).await?;
    let decide = |id| {
        let site = &site;
        async move {
            match id % 2 {
                0 => site.registry.approve(changeset.id, &person(id, Role::Dba)).await,
                _ => site.registry.soft_delete(changeset.id, &person(id, Role::Dba)).await,
            }
        }
    };
    let decisions = futures::future::join_all((10..18).map(decide)).await;
    let made = decisions.iter().filter(|decision| decision.is_ok()).count();
    let stored = site.changeset(changeset.id).await?;
    assert!(stored.is_deleted, "one of the deletions won");
    assert_eq!(stored.version, changeset.version + made as u64);
    let expected = if stored.review_status == ReviewStatus::Approved { 2 } else { 1 };
    assert_eq!(made, expected, "one deletion, and at most one approval before it");
    assert_eq!(site.history(&changeset).await?.len(), 5 + made);
    Ok(())
}

#[tokio::test]
async fn further_approvals_are_recorded_if_an_environment_requires_them() -> Result<()> {
    let site = Site::new("cs_approvals", "").await?;
    site.version().await?;
    let (id, now) = (1, site.registry.now());
    let policy = Policy { approvals_required: 2, forbid_own_approval: true, ..Policy::default() };
    let prod =
        Environment { id, name: "prod".to_owned(), policy, created_at: now, updated_at: now, version: 1 };
    site.put(&prod).await?;
    let changeset = site.reviewed(Classification::Painless, &[CREATE_T1]).await?;
    site.registry.approve(changeset.id, &dba()).await.map_err(refused)?;
    let twice = site.registry.approve(changeset.id, &dba()).await.expect_err("it is the same person");
    assert!(matches!(twice, Refusal::WrongState { .. }));
    let second = site.registry.approve(changeset.id, &person(8, Role::Admin)).await.map_err(refused)?;
    assert_eq!((second.review_status, second.approvals), (ReviewStatus::Approved, vec![2, 8]));
    let third =
        site.registry.approve(changeset.id, &person(9, Role::Dba)).await.expect_err("there are enough");
    assert!(matches!(third, Refusal::WrongState { .. }));
    Ok(())
}
