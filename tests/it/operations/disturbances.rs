//! Operations that are killed, detached, cancelled, blocked and kept waiting.

use std::io::Write;
use std::process::{Child, Stdio};

use anyhow::{Context, Result};
use chrono::TimeDelta;
use futures::FutureExt;
use serde_json::{Value, json};
use tests::bundle::{STATEMENT_SECONDS, TestBundle};
use tests::faults::Fault;

use super::{SERVER, Site, ask, events, pass};

pub const NODE: &str = "SELECT pg_relation_filenode('city')";
pub const BLOCKED: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// A session that holds a lock on `city` until it is dropped.
pub struct Lock(Child);

impl Lock {
    pub fn new(site: &Site) -> Result<Self> {
        let mut session = SERVER.psql(site.database).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let input = session.stdin.as_mut().context("psql has an input")?;
        input.write_all(b"BEGIN; LOCK TABLE city IN ACCESS EXCLUSIVE MODE;\n")?;
        input.flush()?;
        site.wait_for("SELECT count(*) > 0 FROM pg_locks WHERE relation = 'city'::regclass AND mode = 'AccessExclusiveLock'", "t");
        Ok(Self(session))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Works on an operation, and meanwhile does something else once its statement is blocked.
pub async fn meanwhile(site: &Site, id: &str, act: impl AsyncFnOnce()) -> Result<()> {
    let deadline = site.bundle.operations.now().plus_seconds(STATEMENT_SECONDS);
    let message = json!({"task": "run", "id": id}).to_string();
    let mut work = site.bundle.maintenance.work(&message, deadline).boxed_local();
    let started = std::time::Instant::now();
    while site.sql(BLOCKED) == "0" {
        anyhow::ensure!(started.elapsed().as_secs() < 20, "no statement is blocked");
        let pause = std::time::Duration::from_millis(20);
        let ended = tokio::time::timeout(pause, &mut work).await;
        anyhow::ensure!(ended.is_err(), "it ended: {ended:?}");
    }
    act().await;
    work.await.map_err(|failure| anyhow::anyhow!("{failure:?}"))
}

#[tokio::test]
async fn operation_ends_once_wherever_its_worker_is_killed() -> Result<()> {
    let site = Site::new("killed").await?;
    let mut kills = 0;
    for fault in [Fault::RequestLost, Fault::ReplyLost] {
        for call in 1.. {
            site.bundle.advance(TimeDelta::seconds(1));
            let id = site.post("schema/public/table/city/vacuum", "").await?;
            site.bundle.faults.fail_from(call, fault);
            let message = json!({"task": "run", "id": id}).to_string();
            let deadline = site.bundle.operations.now().plus_seconds(STATEMENT_SECONDS);
            let _ = site.bundle.maintenance.work(&message, deadline).await;
            let died = site.bundle.faults.clear();
            pass(&site.bundle, 6).await?;
            let operation = site.operation(&id).await;
            assert_eq!(
                (&operation["status"], &operation["error"]),
                (&json!("done"), &Value::Null),
                "{call}: {operation}"
            );
            assert_eq!(events(&site.bundle, &id).await?.len(), 1, "{fault:?} at call {call}");
            if !died {
                break;
            }
            kills += 1;
        }
    }
    assert!(kills > 8, "{kills}");
    Ok(())
}

#[tokio::test]
async fn statement_that_outlives_its_worker_is_found_done() -> Result<()> {
    let site = Site::new("detached").await?;
    let before = site.sql(NODE);
    let id = site.post("schema/public/table/city/vacuum", r#"{"mode": "full"}"#).await?;
    let lock = Lock::new(&site)?;
    let late = async || site.bundle.advance(TimeDelta::seconds(STATEMENT_SECONDS - 30));
    meanwhile(&site, &id, late).await?;
    let doing = site.operation(&id).await;
    assert_eq!((&doing["status"], &doing["relations_finished"]), (&json!("doing"), &json!(0)));
    assert_eq!(site.sql(BLOCKED), "1", "its backend goes on");
    let blockers = doing["blockers"].as_array().cloned().unwrap_or_default();
    assert_eq!(blockers.len(), 1, "{doing}");

    // It is looked at, and left alone.
    pass(&site.bundle, 2).await?;
    assert_eq!(site.operation(&id).await["status"], "doing");
    assert_eq!((site.sql(BLOCKED), site.sql(NODE) == before), ("1".to_owned(), true));
    drop(lock);
    site.wait_for("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'op:%'", "0");
    let after = site.sql(NODE);
    assert_ne!(after, before);
    pass(&site.bundle, 3).await?;
    let done = site.operation(&id).await;
    assert_eq!((&done["status"], &done["relations_finished"]), (&json!("done"), &json!(1)), "{done}");
    assert_eq!(site.sql(NODE), after, "it ran once");
    Ok(())
}

#[tokio::test]
async fn cancel_ends_a_running_statement() -> Result<()> {
    let site = Site::new("canceled").await?;
    let before = site.sql(NODE);
    let id = site.post("schema/public/table/city/vacuum", r#"{"mode": "full"}"#).await?;
    let lock = Lock::new(&site)?;
    let cancel = async || {
        let reply = ask(&site.bundle, "DELETE", &format!("/maintenance/vacuum/{id}"), "").await;
        assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"response":"ok"}"#));
    };
    meanwhile(&site, &id, cancel).await?;
    drop(lock);
    let aborted = site.operation(&id).await;
    assert_eq!(aborted["status"], "aborted", "{aborted}");
    pass(&site.bundle, 3).await?;
    site.sql("VACUUM city");
    assert_eq!(site.sql(NODE), before, "nothing was rewritten");
    assert_eq!(events(&site.bundle, &id).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn limit_of_a_server_counts_backends_that_lost_their_workers() -> Result<()> {
    let site = Site::new("limited").await?;
    let url = SERVER.url("postgres");
    let settings = [("POSTGRES_URL", url.as_str()), ("MAINTENANCE_CONCURRENCY", "1")];
    let site = Site { bundle: TestBundle::with_settings(settings).await?, ..site };
    // Others run on the shared server; this one is enough.
    let name = "SET application_name = 'op:other:1'; SELECT pg_sleep(60);";
    let mut other = SERVER.psql("limited").arg("-c").arg(name).stdout(Stdio::null()).spawn()?;
    site.wait_for("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'op:other:1'", "1");
    let id = site.post("schema/public/table/city/analyze", "").await?;
    site.bundle.drain().await?;
    let waiting = site.operation(&id).await;
    assert_eq!(
        (&waiting["status"], &waiting["waiting"]),
        (&json!("queued"), &json!("the server runs its limit of 1 operations"))
    );
    other.kill()?;
    other.wait()?;
    site.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'op:other:1'");
    Ok(())
}
