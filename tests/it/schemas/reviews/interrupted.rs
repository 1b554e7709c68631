//! Reviews whose worker is killed, whose changeset changes meanwhile, or whose scratch server does not answer.

use std::future::Future;
use std::pin::pin;
use std::time::Instant;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use local::private_mariadb::{FOR_TESTS, PrivateMariadb};
use schemas::changeset::ChangesetUpdate;
use schemas::changeset::submission::DetailChange;
use schemas::record::{Changeset, ChangesetTest, Classification, ReviewStatus, TaskStatus};

use super::super::site::{Site, dba, left_behind, refused};
use super::{CREATE_T1, ORDERS};

/// A detail that is being tested for a while.
const SLOW: (&str, &str) = ("create table t2 (id int primary key); do sleep(0.4)", "drop table t2");

/// Works until the messages of the only task contain a text. Returns whether the work is not over.
async fn work_until(site: &Site, changeset: &Changeset, text: &str, work: impl Future) -> Result<bool> {
    let mut work = pin!(work);
    loop {
        let reached = async {
            let task = site.tasks(changeset).await?.pop().context("the automatic review")?;
            Ok::<_, anyhow::Error>(task.messages.iter().any(|message| message.message.contains(text)))
        };
        tokio::select! {
            _ = work.as_mut() => return Ok(false),
            reached = reached => if reached? { return Ok(true) },
        }
    }
}

#[tokio::test]
async fn a_review_whose_worker_is_killed_starts_again_and_has_one_result() -> Result<()> {
    let scratch = PrivateMariadb::temporary(FOR_TESTS)?;
    let site = Site::with_scratch("rv_killed", ORDERS, &scratch.url()).await?;
    site.version().await?;
    let changeset = site.submitted(Classification::Painless, &[CREATE_T1, SLOW]).await?;
    let ids: Vec<String> =
        changeset.details.iter().map(|id| format!("Testing ChangesetDetail: id={id}")).collect();
    for text in ["Testing against", "was created", &ids[0], &ids[1]] {
        assert!(work_until(&site, &changeset, text, site.bundle.drain()).await?, "killed at: {text}");
        let stored = site.changeset(changeset.id).await?;
        assert_eq!((stored.review_status, stored.tests.as_slice()), (ReviewStatus::Needs, &[][..]), "{text}");
        // The lease, and the time for which the queue hides the message.
        site.bundle.advance(TimeDelta::seconds(6 * 900 + 1));
    }
    site.bundle.drain().await?;
    let reviewed = site.changeset(changeset.id).await?;
    assert_eq!(reviewed.review_status, ReviewStatus::InProgress);
    assert_eq!(site.logs(&reviewed).await?, ["", ""]);
    assert_eq!(site.registry.find_all::<ChangesetTest>().await?.len(), 2);
    let history = ["created", "review started", "validations passed", "tests passed", "reviewed"];
    assert_eq!(site.history(&reviewed).await?, history);
    assert_eq!(left_behind(&scratch)?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn a_changeset_that_changes_during_its_review_needs_another() -> Result<()> {
    let site = Site::new("rv_changed", ORDERS).await?;
    site.version().await?;
    let changeset = site.submitted(Classification::Painless, &[CREATE_T1, SLOW]).await?;
    let work = async {
        let mut work = pin!(site.bundle.drain());
        let text = format!("Testing ChangesetDetail: id={}", changeset.details[1]);
        assert!(work_until(&site, &changeset, &text, work.as_mut()).await?);
        let detail = DetailChange {
            id: Some(changeset.details[0]),
            apply_sql: Some("create table t1 (other int primary key)".to_owned()),
            ..DetailChange::default()
        };
        let update = ChangesetUpdate { details: vec![detail], ..ChangesetUpdate::default() };
        site.registry.update(changeset.id, update, &dba()).await.map_err(refused)?;
        work.await
    };
    work.await?;
    let stored = site.changeset(changeset.id).await?;
    assert_eq!((stored.review_status, stored.tests.as_slice()), (ReviewStatus::Needs, &[][..]));
    let task = site.tasks(&changeset).await?.pop().context("the automatic review")?;
    let text = "The changeset was changed during its review. It needs another review.";
    assert_eq!(task.status, TaskStatus::Failed);
    assert_eq!(task.messages.last().map(|message| message.message.as_str()), Some(text));
    assert_eq!(site.review_again(changeset.id).await?.review_status, ReviewStatus::InProgress);
    Ok(())
}

#[tokio::test]
async fn a_review_waits_for_the_scratch_server_and_fails_in_the_end() -> Result<()> {
    let scratch = PrivateMariadb::temporary(FOR_TESTS)?;
    let url = scratch.url();
    drop(scratch);
    let site = Site::with_scratch("rv_unreachable", ORDERS, &url).await?;
    site.version().await?;
    let changeset = site.submitted(Classification::Painless, &[CREATE_T1]).await?;
    site.bundle.drain().await?;
    let task = site.tasks(&changeset).await?.pop().context("the automatic review")?;
    assert_eq!(task.status, TaskStatus::Queued, "it waits");
    for _ in 0..20 {
        site.bundle.advance(TimeDelta::minutes(1));
        site.bundle.task_schedule.tick().await?;
        site.bundle.drain().await?;
    }
    let task = site.tasks(&changeset).await?.pop().context("the automatic review")?;
    assert_eq!(task.status, TaskStatus::Failed);
    let text = "The scratch server cannot be used: it is unreachable.";
    assert_eq!(task.messages.last().map(|message| message.message.as_str()), Some(text));
    assert_eq!(site.changeset(changeset.id).await?.review_status, ReviewStatus::Needs);
    Ok(())
}

#[tokio::test]
async fn schemas_that_were_left_behind_are_dropped_after_an_hour() -> Result<()> {
    let scratch = PrivateMariadb::temporary(FOR_TESTS)?;
    let site = Site::with_scratch("rv_leftovers", ORDERS, &scratch.url()).await?;
    site.version().await?;
    let now = site.registry.now().epoch_seconds();
    let name = |age: i64| format!("szr_{:x}_{:032x}_1t", now - age, age);
    for age in [60, 3_500, 3_700, 90_000] {
        scratch.run(&format!("CREATE DATABASE {}; CREATE TABLE {}.t (a int)", name(age), name(age)))?;
    }
    scratch.run("CREATE DATABASE szr_mine; CREATE DATABASE szrxy")?;
    site.reviewed(Classification::Painless, &[CREATE_T1]).await?;
    let mut left = [name(60), name(3_500), "szr_mine".to_owned()];
    left.sort();
    assert_eq!(left_behind(&scratch)?, left);
    assert!(scratch.run("SHOW DATABASES")?.contains("szrxy"));
    Ok(())
}

#[tokio::test]
async fn a_hundred_reviews_leave_no_schema_behind() -> Result<()> {
    let scratch = PrivateMariadb::temporary(FOR_TESTS)?;
    let site = Site::with_scratch("rv_hundred", ORDERS, &scratch.url()).await?;
    site.version().await?;
    let add = ("alter table orders add c int", "alter table orders drop c");
    let mut passed = 0;
    let started = Instant::now();
    for number in 0..100 {
        // Every fourth one is wrong.
        let second = if number % 4 == 0 { ("alter table nothing add c int", "do 1") } else { add };
        let changeset = site.reviewed(Classification::Painless, &[CREATE_T1, second]).await?;
        assert_eq!(changeset.tests.len(), 2);
        passed += usize::from(changeset.review_status == ReviewStatus::InProgress);
    }
    println!("100 reviews of 2 details: {} ms per detail", started.elapsed().as_millis() / 200);
    assert_eq!(passed, 75);
    assert_eq!(left_behind(&scratch)?, Vec::<String>::new());
    Ok(())
}
