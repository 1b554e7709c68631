//! Workers that are killed at random moments, while PostgreSQL runs their statements.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use futures::FutureExt;
use serde_json::{Value, json};
use tests::bundle::STATEMENT_SECONDS;
use tests::rng::Rng;
use tokio::time::timeout;

use super::{Site, events, pass};

/// Path, body, and what has to change, exactly once if it is a number.
const OPERATIONS: [(&str, &str, &str); 8] = [
    ("table/big/vacuum", r#"{"mode": "full"}"#, "file"),
    ("table/big/vacuum", r#"{"mode": "full,analyze"}"#, "analyzes"),
    ("table/big/vacuum", "", "vacuums"),
    ("table/big/vacuum", r#"{"mode": "freeze,analyze"}"#, "analyzes"),
    ("table/big/analyze", "", "analyzes"),
    ("table/big/reindex", "", "indexes"),
    ("table/big/reindex", r#"{"concurrently": true}"#, "indexes"),
    ("index/big_body/reindex", r#"{"concurrently": true}"#, "index"),
];
const EVIDENCE: &str = "
SELECT json_build_object(
  'file', pg_relation_filenode('big'), 'index', pg_relation_filenode('big_body'),
  'indexes', (SELECT json_object_agg(indexrelid::regclass, pg_relation_filenode(indexrelid))
              FROM pg_index WHERE indrelid = 'big'::regclass),
  'vacuums', pg_stat_get_vacuum_count('big'::regclass), 'analyzes', pg_stat_get_analyze_count('big'::regclass))";
const SESSIONS: &str = "
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'op:%'";
const TERMINATE: &str = "
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'op:%'";

/// Starts a worker, kills it after this time, and ends its backend as well if the server notices that. Returns whether
/// the worker was killed before it had finished.
async fn kill_worker(site: &Site, id: &str, after: Duration, is_noticed: bool) -> Result<bool> {
    let deadline = site.bundle.operations.now().plus_seconds(STATEMENT_SECONDS);
    let message = json!({"task": "run", "id": id}).to_string();
    let work = site.bundle.maintenance.work(&message, deadline).boxed_local();
    let is_killed = timeout(after, work).await.is_err();
    if is_noticed {
        site.sql(TERMINATE);
    }
    Ok(is_killed)
}

/// Lets time pass until the operation has ended.
async fn end(site: &Site, id: &str) -> Result<Value> {
    let started = Instant::now();
    loop {
        pass(&site.bundle, 1).await?;
        let operation = site.operation(id).await;
        if !operation["ended"].is_null() {
            return Ok(operation);
        }
        ensure!(started.elapsed().as_secs() < 30, "it does not end: {operation}");
    }
}

#[tokio::test]
async fn statement_of_a_killed_worker_takes_effect_once_and_is_reported_truly() -> Result<()> {
    let site = Site::new("kills").await?;
    site.sql(
        "CREATE TABLE big (id int PRIMARY KEY, body text);
         INSERT INTO big SELECT g, md5(g::text) FROM generate_series(1, 60000) g;
         CREATE INDEX big_body ON big (body);",
    );
    let (mut rng, mut kills) = (Rng::new(1), 0);
    for (path, body, proof) in OPERATIONS {
        for is_noticed in [false, true] {
            site.sql("DELETE FROM big WHERE id % 100 = 0");
            site.bundle.advance(TimeDelta::seconds(1));
            let before: Value = serde_json::from_str(&site.sql(EVIDENCE))?;
            let id = site.post(&format!("schema/public/{path}"), body).await?;
            let after = Duration::from_millis(rng.between(40, 200).unsigned_abs());
            kills += u32::from(kill_worker(&site, &id, after, is_noticed).await?);
            let operation = end(&site, &id).await?;
            let context = format!("{path} {body} {is_noticed} {after:?}: {operation}");
            assert_eq!(
                (&operation["status"], &operation["error"]),
                (&json!("done"), &Value::Null),
                "{context}"
            );
            assert_eq!(events(&site.bundle, &id).await?.len(), 1, "{context}");
            site.wait_for(SESSIONS, "0");
            let after: Value = serde_json::from_str(&site.sql(EVIDENCE))?;
            match (before[proof].as_i64(), before[proof].as_object()) {
                (Some(count), _) => assert_eq!(after[proof], count + 1, "{context}"),
                (None, Some(files)) => {
                    assert_eq!(
                        after[proof].as_object().map(serde_json::Map::len),
                        Some(files.len()),
                        "{context}"
                    );
                    assert!(files.iter().all(|(name, file)| after[proof][name] != *file), "{context}");
                }
                _ => assert_ne!(after[proof], before[proof], "{context}"),
            }
        }
    }
    assert!(kills > 5, "{kills} workers were killed while they worked");
    Ok(())
}
