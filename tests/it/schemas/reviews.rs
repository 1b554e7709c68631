//! Reviews on a scratch server.

mod interrupted;

use anyhow::{Context, Result};
use schemas::changeset::submission::DetailTexts;
use schemas::lint;
use schemas::record::{Changeset, Classification, ReviewStatus, TaskStatus};
use schemas::refusal::Refusal;

use super::site::{Site, dba, refused};

const ORDERS: &str = "CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, note varchar(10) NOT NULL DEFAULT '') \
                      ENGINE=InnoDB DEFAULT CHARSET=utf8mb4; INSERT INTO orders (note) VALUES ('a'), ('b');";
const CREATE_T1: (&str, &str) =
    ("create table t1 (id int primary key auto_increment) engine=InnoDB", "drop table t1");

#[tokio::test]
async fn a_review_finds_the_checksums_of_each_detail() -> Result<()> {
    let site = Site::new("rv_checksums", ORDERS).await?;
    let version = site.version().await?;
    let details =
        [CREATE_T1, ("alter table t1 add a int; alter table t1 add b int", "alter table t1 drop a, drop b")];
    let changeset = site.reviewed(Classification::Painless, &details).await?;
    assert_eq!(site.logs(&changeset).await?, ["", ""]);
    assert_eq!(changeset.review_status, ReviewStatus::InProgress);
    assert_eq!(changeset.review_version, Some(version.id));
    assert_eq!(
        (changeset.reviewed_by, changeset.before_version, changeset.after_version),
        (Some(3), None, None)
    );
    assert!(changeset.reviewed_at.is_some());

    let details = site.details(&changeset).await?;
    assert_eq!(details[0].before_checksum, version.checksum);
    assert_eq!(details[0].statement_checksums, [details[0].after_checksum.clone()]);
    assert_eq!(details[1].before_checksum, details[0].after_checksum);
    assert_eq!(details[1].statement_checksums.len(), 2);
    assert_ne!(details[1].statement_checksums[0], details[1].statement_checksums[1]);
    assert_eq!(details[1].statement_checksums[1], details[1].after_checksum);
    let expected = super::SERVER.run(&format!(
        "USE {0}; {1}; alter table t1 add a int; alter table t1 add b int",
        site.schema, details[0].apply_sql
    ));
    expected?;
    assert_eq!(
        site.version().await?.checksum,
        details[1].after_checksum,
        "what the server has after the change"
    );

    let task = site.tasks(&changeset).await?.pop().context("the automatic review")?;
    assert_eq!((task.status, task.results.clone()), (TaskStatus::Done, changeset.tests.clone()));
    let messages: Vec<&str> = task.messages.iter().map(|message| message.message.as_str()).collect();
    assert_eq!(messages[0], "Changeset syntax test started.");
    assert_eq!(messages[1], format!("Testing against SchemaVersion: id={}", version.id));
    assert!(messages[2].starts_with("Database schema 'szr_"), "{messages:?}");
    assert_eq!(messages[3], format!("Testing ChangesetDetail: id={}", details[0].id));
    assert_eq!(messages[4], format!("Executing apply_sql: {}", details[0].apply_sql));
    let last =
        ["Changeset syntax test ended.", "Changeset review ended.", "Changeset review task completed."];
    assert_eq!(messages[messages.len() - 3..], last);
    let history = ["created", "review started", "validations passed", "tests passed", "reviewed"];
    assert_eq!(site.history(&changeset).await?, history);
    let events: Vec<_> = site.published().await?.iter().map(|event| event["event"].to_string()).collect();
    assert!(events.contains(&"\"schemas.changeset_reviewed\"".to_owned()), "{events:?}");
    Ok(())
}

#[tokio::test]
async fn a_detail_that_fails_rejects_the_changeset_and_does_not_stop_the_next() -> Result<()> {
    let site = Site::new("rv_failing", ORDERS).await?;
    site.version().await?;
    let details = [
        CREATE_T1,
        ("ccreate table t2 (id int primary key)", "drop table t2"),
        ("create table t3 (id int primary key)", "drop table t3"),
    ];
    let changeset = site.reviewed(Classification::Painless, &details).await?;
    let logs = site.logs(&changeset).await?;
    let prefix =
        "ERROR <class '_mysql_exceptions.ProgrammingError'>: (1064, \"You have an error in your SQL syntax";
    assert!(logs[1].starts_with(prefix), "{logs:?}");
    assert_eq!((logs.len(), logs[0].as_str(), logs[2].as_str()), (3, "", ""));
    assert_eq!(changeset.review_status, ReviewStatus::Rejected);
    let details = site.details(&changeset).await?;
    assert_eq!((details[1].before_checksum.as_str(), details[1].after_checksum.as_str()), ("", ""));
    assert_eq!(details[2].before_checksum, details[0].after_checksum);
    let history = ["created", "review started", "validations passed", "tests failed", "reviewed", "rejected"];
    assert_eq!(site.history(&changeset).await?, history);
    Ok(())
}

#[tokio::test]
async fn every_step_of_a_test_has_its_error() -> Result<()> {
    let site = Site::new("rv_steps", ORDERS).await?;
    site.version().await?;
    let texts = |apply: &str, revert: &str, verify: &str, verify_revert: &str| DetailTexts {
        apply_sql: apply.to_owned(),
        revert_sql: revert.to_owned(),
        apply_verification_sql: verify.to_owned(),
        revert_verification_sql: verify_revert.to_owned(),
        ..DetailTexts::default()
    };
    let add = "alter table orders add c int";
    let drop = "alter table orders drop c";
    for (detail, log) in [
        (texts(add, drop, "select c from orders", "select note from orders"), ""),
        (texts(add, drop, "", ""), ""),
        (
            texts(add, "alter table orders modify c bigint", "", ""),
            "ERROR <class 'utils.exceptions.Error'>: Checksum after revert_sql was applied was not the same as before \
             apply_sql was applied.",
        ),
        (
            texts(add, "", "", ""),
            "ERROR <class 'utils.exceptions.Error'>: Checksum after revert_sql was applied was not the same as before \
             apply_sql was applied.",
        ),
        (
            texts(add, drop, "select nothing from orders", ""),
            "ERROR <class 'utils.exceptions.Error'>: Apply verification failed (Error (1054, \"Unknown column 'nothing' \
             in 'SELECT'\"))",
        ),
        (
            texts(add, drop, "", "select c from orders"),
            "ERROR <class 'utils.exceptions.Error'>: Revert verification failed (Error (1054, \"Unknown column 'c' in \
             'SELECT'\"))",
        ),
        (
            texts(add, "alter table orders drop d", "", ""),
            "ERROR <class '_mysql_exceptions.OperationalError'>: (1091, \"Can't DROP COLUMN `d`; check that it exists\")",
        ),
        // A change of rows need not be reverted, and is then made once.
        (texts("insert into orders (id) values (1)", "", "", ""), ""),
        (texts("insert into orders (id) values (2)", "delete from orders where id = 2", "", ""), ""),
        (
            texts("insert into orders (id) values (3)", "do 1", "", ""),
            "ERROR <class '_mysql_exceptions.IntegrityError'>: (1062, \"Duplicate entry '3' for key 'PRIMARY'\")",
        ),
    ] {
        let sql = detail.apply_sql.clone() + " / " + &detail.revert_sql;
        let changeset = site.submit(Classification::Lowrisk, vec![detail]).await?;
        site.bundle.drain().await?;
        let changeset = site.changeset(changeset.id).await?;
        assert_eq!(site.logs(&changeset).await?, [log], "{sql}");
        let expected = if log.is_empty() { ReviewStatus::InProgress } else { ReviewStatus::Rejected };
        assert_eq!(changeset.review_status, expected, "{sql}");
    }
    Ok(())
}

#[tokio::test]
async fn programs_with_semicolons_are_tested_as_a_whole() -> Result<()> {
    let site = Site::new("rv_programs", ORDERS).await?;
    site.version().await?;
    let procedure =
        "create procedure p() begin insert into orders (note) values ('a;b'); select 1; end; call p()";
    let changeset = site.reviewed(Classification::Lowrisk, &[(procedure, "drop procedure p")]).await?;
    assert_eq!(site.logs(&changeset).await?, [""]);
    let details = site.details(&changeset).await?;
    assert_ne!(details[0].before_checksum, details[0].after_checksum, "routines are part of the structure");
    Ok(())
}

#[tokio::test]
async fn a_review_touches_no_other_schema() -> Result<()> {
    let site = Site::new("rv_others", ORDERS).await?;
    site.version().await?;
    for apply in [
        "create table rv_others.intruder (id int primary key)",
        "create table t1 (id int primary key); drop database rv_others",
        "use rv_others; create table intruder (id int primary key)",
        "create user intruder",
        "prepare s from 'drop database rv_others'; execute s",
    ] {
        let changeset = site.reviewed(Classification::Lowrisk, &[(apply, "do 1")]).await?;
        assert_eq!(changeset.review_status, ReviewStatus::Rejected, "{apply}");
        let logs = site.logs(&changeset).await?;
        assert!(logs[0].starts_with("ERROR <class 'utils.exceptions.Error'>: "), "{apply}: {logs:?}");
    }
    assert_eq!(super::SERVER.run("SHOW TABLES FROM rv_others")?.lines().last(), Some("orders"));
    Ok(())
}

#[tokio::test]
async fn lints_reject_a_changeset_until_a_dba_waives_them() -> Result<()> {
    let site = Site::new("rv_lints", ORDERS).await?;
    site.version().await?;
    let delete = ("delete from orders", "insert into orders (note) values ('a')");
    let changeset = site.reviewed(Classification::Impacting, &[delete]).await?;
    assert_eq!(site.logs(&changeset).await?, [""], "the server accepts it");
    assert_eq!(changeset.review_status, ReviewStatus::Rejected);
    let findings = site.findings(&changeset).await?;
    let rule = u64::from(lint::rule_of_key("no-where").context("a rule")?.id.0);
    let found = findings.iter().find(|found| found.validation_type == rule).context("the finding")?;
    assert_eq!((found.severity.as_str(), found.is_waived), ("error", false));
    assert_eq!(found.changeset_detail, Some(changeset.details[0]));
    let history = ["created", "review started", "validations failed", "tests passed", "reviewed", "rejected"];
    assert_eq!(site.history(&changeset).await?, history);

    let waived = site.registry.waive(changeset.id, rule, &dba()).await.map_err(refused)?;
    assert_eq!((waived.review_status, waived.waived.as_slice()), (ReviewStatus::Rejected, &[rule][..]));
    assert!(
        site.findings(&waived).await?.iter().any(|found| found.validation_type == rule && found.is_waived)
    );
    let reviewed = site.review_again(changeset.id).await?;
    assert_eq!(reviewed.review_status, ReviewStatus::InProgress);
    let unknown = site.registry.waive(changeset.id, 999, &dba()).await.expect_err("no such lint");
    assert!(matches!(&unknown, Refusal::NotFound(text) if text.starts_with("ValidationType matching query")));
    Ok(())
}

#[tokio::test]
async fn the_lock_impact_of_changes_is_measured() -> Result<()> {
    let site = Site::new("rv_impact", ORDERS).await?;
    site.version().await?;
    let details = [
        ("alter table orders add c int", "alter table orders drop c"),
        ("create index i on orders (c) -- for reports", "drop index i on orders"),
        (
            "alter table orders modify note text",
            "alter table orders modify note varchar(10) not null default ''",
        ),
        CREATE_T1,
    ];
    let changeset = site.reviewed(Classification::Painless, &details).await?;
    assert_eq!(site.logs(&changeset).await?, ["", "", "", ""]);
    let impacts: Vec<_> = site.details(&changeset).await?.into_iter().map(|detail| detail.impact).collect();
    let names: Vec<_> = impacts
        .iter()
        .map(|impact| impact.as_ref().map(|impact| format!("{} {}", impact.algorithm, impact.lock)))
        .collect();
    let names: Vec<_> = names.iter().map(Option::as_deref).collect();
    assert_eq!(names, [Some("INSTANT NONE"), Some("NOCOPY NONE"), Some("COPY SHARED"), None]);
    let reason = &impacts[2].as_ref().context("measured")?.reason;
    assert!(reason.contains("ALGORITHM=INPLACE is not supported"), "{reason}");

    assert_eq!(changeset.review_status, ReviewStatus::Rejected, "a painless changeset copies no table");
    let rule = u64::from(lint::lock_impact().id.0);
    let findings = site.findings(&changeset).await?;
    let found: Vec<_> = findings.iter().filter(|found| found.validation_type == rule).collect();
    assert_eq!(
        found.iter().map(|found| found.changeset_detail).collect::<Vec<_>>(),
        [Some(changeset.details[2])]
    );
    Ok(())
}

#[tokio::test]
async fn the_sizes_of_touched_tables_are_read_from_the_server() -> Result<()> {
    let site = Site::new(
        "rv_sizes",
        &format!("{ORDERS} CREATE TABLE other (id int PRIMARY KEY); ANALYZE TABLE orders;"),
    )
    .await?;
    site.version().await?;
    let details = [("alter table orders add c int", "alter table orders drop c"), CREATE_T1];
    let changeset = site.reviewed(Classification::Painless, &details).await?;
    let details = site.details(&changeset).await?;
    let sizes: serde_json::Value = serde_json::from_str(&details[0].volumetric_values)?;
    assert_eq!(sizes["srv1"]["orders"]["rows"], 2, "{sizes}");
    assert_eq!(sizes["srv1"].as_object().map(serde_json::Map::len), Some(1), "{sizes}");
    assert_eq!(details[1].volumetric_values, "");

    super::SERVER.run("INSERT INTO rv_sizes.orders (id) VALUES (8), (9); ANALYZE TABLE rv_sizes.orders")?;
    let server = site.registry.require(super::site::SERVER_ID).await?;
    let impact = site.registry.impact_on(&changeset, &server, &site.servers).await?;
    assert_eq!(impact[0].tables["orders"]["rows"], 4, "the present size: {impact:?}");
    assert_eq!(impact[1].tables, serde_json::json!({}));
    Ok(())
}

#[tokio::test]
async fn another_review_replaces_the_result_and_the_approval() -> Result<()> {
    let site = Site::new("rv_again", ORDERS).await?;
    site.version().await?;
    let first = site.reviewed(Classification::Painless, &[CREATE_T1]).await?;
    site.registry.approve(first.id, &dba()).await.map_err(refused)?;
    let second = site.review_again(first.id).await?;
    assert_eq!((second.review_status, second.approvals.as_slice()), (ReviewStatus::InProgress, &[][..]));
    assert_ne!(second.tests, first.tests);
    assert!(site.tests(&first).await?.is_empty(), "the old tests are gone");
    let rows = site.registry.find_all::<schemas::record::ChangesetTest>().await?;
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), second.tests);
    Ok(())
}

#[tokio::test]
async fn a_large_result_is_visible_as_a_whole() -> Result<()> {
    let site = Site::new("rv_large", "").await?;
    site.version().await?;
    // Only the first of them succeeds, and each has findings.
    let details = [("create table t (price float, b enum('x'))", "drop table t"); 80];
    let first = site.reviewed(Classification::Painless, &details).await?;
    assert_eq!(first.tests.len(), 80);
    assert!(first.validations.len() >= 160, "{}", first.validations.len());
    assert_eq!(site.findings(&first).await?.len(), first.validations.len());
    let second = site.review_again(first.id).await?;
    let rows = site.registry.find_all::<schemas::record::ChangesetTest>().await?;
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), second.tests);
    let rows = site.registry.find_all::<schemas::record::ChangesetValidation>().await?;
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), second.validations);
    Ok(())
}

#[tokio::test]
async fn a_schema_without_versions_cannot_be_reviewed() -> Result<()> {
    let site = Site::new("rv_unknown", ORDERS).await?;
    let now = site.registry.now();
    let schema = schemas::record::DatabaseSchema {
        id: 77,
        name: "x".to_owned(),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    site.put(&schema).await?;
    let new = schemas::changeset::NewChangeset {
        database_schema: 77,
        details: vec![DetailTexts { apply_sql: CREATE_T1.0.to_owned(), ..DetailTexts::default() }],
        ..schemas::changeset::NewChangeset::default()
    };
    let changeset = site.registry.submit(new, &dba()).await.map_err(refused)?;
    site.bundle.drain().await?;
    let stored = site.changeset(changeset.id).await?;
    assert_eq!((stored.review_status, stored.tests.as_slice()), (ReviewStatus::Needs, &[][..]));
    let task = site.tasks(&changeset).await?.pop().context("the automatic review")?;
    let text = "No schema version found for database schema 'x'.";
    assert_eq!((task.status, task.messages[0].message.as_str()), (TaskStatus::Failed, text));
    let refusal = site.registry.request_review(changeset.id, None, &dba()).await.expect_err("no version");
    assert!(matches!(&refusal, Refusal::WrongState { changeset: Some(_), .. }), "{refusal:?}");
    assert_eq!(refusal.text(), text);
    Ok(())
}

#[tokio::test]
async fn a_version_of_another_schema_is_refused() -> Result<()> {
    let site = Site::new("rv_foreign", ORDERS).await?;
    let own = site.version().await?;
    super::SERVER.run("CREATE DATABASE rv_foreign_third")?;
    let third = site
        .registry
        .save_schema_dump(1, "rv_foreign_third", &site.servers, &dba())
        .await
        .map_err(refused)?;
    assert_ne!(own.database_schema, third.database_schema);
    let changeset: Changeset = site.reviewed(Classification::Painless, &[CREATE_T1]).await?;
    let refusal =
        site.registry.request_review(changeset.id, Some(third.id), &dba()).await.expect_err("another schema");
    assert!(matches!(refusal, Refusal::Malformed(_)), "{refusal:?}");
    let missing =
        site.registry.request_review(changeset.id, Some(999), &dba()).await.expect_err("no version");
    let text = "SchemaVersion matching query does not exist. Lookup parameters were {'pk': 999}";
    assert!(matches!(&missing, Refusal::NotFound(found) if found == text), "{missing:?}");
    Ok(())
}
