//! What is reported about a statement that runs.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::FutureExt;
use serde_json::{Value, json};
use tests::bundle::STATEMENT_SECONDS;
use tokio::time::timeout;

use super::disturbances::{Lock, meanwhile};
use super::{Site, ask};

/// Runs an operation and returns what was reported about it while it ran.
async fn reports(site: &Site, path: &str, body: &str) -> Result<Vec<Value>> {
    let id = site.post(path, body).await?;
    let deadline = site.bundle.operations.now().plus_seconds(STATEMENT_SECONDS);
    let message = json!({"task": "run", "id": id}).to_string();
    let mut work = site.bundle.maintenance.work(&message, deadline).boxed_local();
    let (mut reports, started) = (Vec::new(), Instant::now());
    while timeout(Duration::from_millis(10), &mut work).await.is_err() {
        reports.push(site.operation(&id).await);
        ensure!(started.elapsed().as_secs() < 60, "it does not end");
    }
    assert_eq!(site.operation(&id).await["status"], "done");
    Ok(reports)
}

#[tokio::test]
async fn running_statement_has_a_phase_and_a_percentage() -> Result<()> {
    let site = Site::new("progressing").await?;
    site.sql(
        "CREATE TABLE big (id int PRIMARY KEY, body text);
         INSERT INTO big SELECT g, md5(g::text) FROM generate_series(1, 100000) g;
         DELETE FROM big WHERE id % 10 = 0;
         ALTER DATABASE progressing SET vacuum_cost_delay = '20ms';
         ALTER DATABASE progressing SET vacuum_cost_limit = 300;
         ALTER DATABASE progressing SET vacuum_cost_page_hit = 10;
         ALTER DATABASE progressing SET vacuum_cost_page_dirty = 10;",
    );
    for (path, body, statement) in [
        ("schema/public/table/big/vacuum", "", r#"VACUUM "public"."big""#),
        ("schema/public/table/big/analyze", "", r#"ANALYZE "public"."big""#),
    ] {
        let reports = reports(&site, path, body).await?;
        let running: Vec<_> = reports.iter().filter(|report| report["percent"].is_number()).collect();
        assert!(!running.is_empty(), "{path}: {reports:?}");
        for report in running {
            assert!(
                report["percent"].as_f64().is_some_and(|percent| (0.0..=100.0).contains(&percent)),
                "{report}"
            );
            assert_eq!((&report["status"], &report["statement"]), (&json!("doing"), &json!(statement)));
            assert!(report["phase"].is_string() && report["pid"].is_number(), "{report}");
            assert_eq!(report["blockers"], json!([]), "{report}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn statement_that_waits_names_the_sessions_that_it_waits_for() -> Result<()> {
    let site = Site::new("blocked").await?;
    let id = site.post("schema/public/table/city/reindex", "").await?;
    let lock = Lock::new(&site)?;
    let blockers = async || {
        let reply = ask(&site.bundle, "GET", &format!("/maintenance/operations/{id}"), "").await.json();
        let [blocker] = &reply["blockers"].as_array().cloned().unwrap_or_default()[..] else {
            panic!("{reply}");
        };
        assert_eq!((&blocker["user"], &blocker["state"]), (&json!("steward"), &json!("idle in transaction")));
        assert_eq!(blocker["query"], "LOCK TABLE city IN ACCESS EXCLUSIVE MODE;");
        assert_eq!(blocker["application_name"], "psql");
        drop(lock);
    };
    meanwhile(&site, &id, blockers).await?;
    assert_eq!(site.operation(&id).await["status"], "done");
    Ok(())
}
