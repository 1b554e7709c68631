//! Hints on real tables.

use anyhow::{Context, Result};
use local::private_postgres::WORLD;
use serde_json::{Value, json};

use super::{CLUSTER, Database};

async fn hints(database: &Database) -> Result<Vec<Value>> {
    let advice = database.server.advice(&database.name).await?.context("it is there")?;
    Ok(serde_json::to_value(advice.hints)?.as_array().cloned().unwrap_or_default())
}

/// Waits until the sessions of all scripts have ended: they report their statistics then, and `psql` does not wait for it.
fn wait_for_statistics(database: &Database) -> Result<()> {
    let sessions = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'psql'",
        database.name
    );
    while CLUSTER.run("postgres", &sessions)? != "0" {}
    Ok(())
}

#[tokio::test]
async fn a_fresh_sample_needs_nothing() -> Result<()> {
    let world = Database::with(WORLD)?;
    // Counted when the session of the script ended: the analysis was before its own inserts.
    wait_for_statistics(&world)?;
    world.run("ANALYZE")?;
    wait_for_statistics(&world)?;
    let advice = world.server.advice(&world.name).await?.context("it is there")?;
    assert_eq!(advice.hints, []);
    assert_eq!(advice.autovacuum_freeze_max_age, 200_000_000);
    assert!(advice.frozen_xid_age > 0);
    Ok(())
}

#[tokio::test]
async fn each_kind_of_need_has_a_hint_and_its_request() -> Result<()> {
    let database = Database::with(
        "CREATE SCHEMA \"My Shop\";
         CREATE TABLE \"My Shop\".\"a/b\" (id int PRIMARY KEY, body text);
         INSERT INTO \"My Shop\".\"a/b\" SELECT g, md5(g::text) FROM generate_series(1, 5000) AS g;
         CREATE TABLE bloated (id int PRIMARY KEY, body text);
         INSERT INTO bloated SELECT g, md5(g::text) FROM generate_series(1, 60000) AS g;
         DELETE FROM bloated WHERE id < 59000;
         VACUUM ANALYZE bloated;
         INSERT INTO bloated SELECT 100000, 'the last page stays';
         CREATE TABLE dead (id int, v int);
         INSERT INTO dead SELECT g, 0 FROM generate_series(1, 1000) AS g;
         VACUUM ANALYZE dead;",
    )?;
    wait_for_statistics(&database)?;
    database.run("UPDATE dead SET v = 1; ANALYZE dead; ANALYZE bloated")?;
    wait_for_statistics(&database)?;
    database.run("UPDATE dead SET v = 2")?;
    wait_for_statistics(&database)?;
    let hints = hints(&database).await?;
    let asked: Vec<_> = hints
        .iter()
        .map(|hint| {
            (hint["kind"].as_str().unwrap_or(""), hint["table"].as_str().unwrap_or(""), &hint["request"])
        })
        .collect();
    let path = |rest: &str| format!("/maintenance/{}/schema/{rest}", database.name);
    let request = |rest: &str, body: Value| json!({"method": "POST", "path": path(rest), "body": body});
    assert_eq!(
        asked,
        [
            ("vacuum", "bloated", &request("public/table/bloated/vacuum", json!({"mode": "full,analyze"}))),
            ("vacuum", "dead", &request("public/table/dead/vacuum", json!({}))),
            ("reindex", "bloated", &request("public/index/bloated_pkey/reindex", json!({}))),
            ("analyze", "a/b", &request("My%20Shop/table/-/analyze?table=a%2Fb", json!({}))),
            ("analyze", "dead", &request("public/table/dead/analyze", json!({}))),
        ],
        "{hints:#?}"
    );
    for hint in &hints {
        assert!(hint["numbers"].as_object().is_some_and(|numbers| !numbers.is_empty()), "{hint}");
        assert!(hint["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{hint}");
    }
    Ok(())
}

#[tokio::test]
async fn an_index_that_failed_to_build_is_rebuilt() -> Result<()> {
    let database =
        Database::with("CREATE TABLE city (id int); INSERT INTO city VALUES (1), (1); ANALYZE city")?;
    database.run("CREATE UNIQUE INDEX CONCURRENTLY city_id ON city (id)").expect_err("it is not unique");
    let hints = hints(&database).await?;
    assert_eq!(
        (hints.len(), &hints[0]["kind"], &hints[0]["index"]),
        (1, &json!("reindex"), &json!("city_id")),
        "{hints:?}"
    );
    let report = database.table("public", "city").await?;
    assert!(!report.indexes[0].is_valid);
    Ok(())
}
