//! Several workers on one operation: races, workers that are paused, and cancels without a worker.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use domain::storage::item::item;
use domain::storage::key::Key;
use domain::storage::table::Write;
use domain::time::Micros;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use maintenance::operation::record::Operation;
use serde_json::{Value, json};
use tests::bundle::STATEMENT_SECONDS;
use tests::faults::Fault;
use tokio::time::timeout;

use super::disturbances::{BLOCKED, Lock, NODE, meanwhile};
use super::{SERVER, Site, ask, events, pass};

const VACUUMS: &str = "SELECT pg_stat_get_vacuum_count('city'::regclass)";
const SESSIONS: &str = "
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'op:%'";

type Work<'a> = LocalBoxFuture<'a, Result<()>>;

/// Returns a worker that has received the message of an operation.
fn worker<'a>(site: &'a Site, id: &str) -> Work<'a> {
    let deadline: Micros = site.bundle.operations.now().plus_seconds(STATEMENT_SECONDS);
    let message = json!({"task": "run", "id": id}).to_string();
    let work = async move {
        let worked = site.bundle.maintenance.work(&message, deadline).await;
        worked.map_err(|failure| anyhow::anyhow!("{failure:?}"))
    };
    work.boxed_local()
}

/// Lets a worker proceed until its statement waits for a lock. It does nothing more until it is polled again.
async fn until_blocked(site: &Site, work: &mut Work<'_>) -> Result<()> {
    for _ in 0..1_000 {
        if site.sql(BLOCKED) != "0" {
            return Ok(());
        }
        anyhow::ensure!(timeout(Duration::from_millis(20), &mut *work).await.is_err(), "it ended");
    }
    anyhow::bail!("no statement is blocked")
}

async fn stored(site: &Site, id: &str) -> Result<Operation> {
    site.bundle.operations.get(id).await?.context("the operation is stored")
}

#[tokio::test]
async fn one_of_two_workers_runs_an_operation() -> Result<()> {
    let site = Site::new("raced").await?;
    for round in 1..=5 {
        site.bundle.advance(TimeDelta::seconds(1));
        let id = site.post("schema/public/table/city/vacuum", "").await?;
        let (one, other) = futures::join!(worker(&site, &id), worker(&site, &id));
        one.and(other)?;
        assert_eq!(site.operation(&id).await["status"], "done");
        site.wait_for(VACUUMS, &round.to_string());
        assert_eq!(stored(&site, &id).await?.token, 1);
    }
    Ok(())
}

#[tokio::test]
async fn message_of_a_held_operation_has_no_effect() -> Result<()> {
    let site = Site::new("held").await?;
    let id = site.post("schema/public/table/city/vacuum", "").await?;
    let lock = Lock::new(&site)?;
    let mut first = worker(&site, &id);
    until_blocked(&site, &mut first).await?;
    worker(&site, &id).await?;
    assert_eq!((site.sql(SESSIONS), stored(&site, &id).await?.token), ("1".to_owned(), 1));
    drop(lock);
    first.await?;
    assert_eq!(site.operation(&id).await["status"], "done");
    Ok(())
}

#[tokio::test]
async fn worker_that_was_paused_past_its_lease_changes_nothing() -> Result<()> {
    let site = Site::new("paused").await?;
    let before = site.sql(NODE);
    let id = site.post("schema/public/table/city/vacuum", r#"{"mode": "full"}"#).await?;
    let lock = Lock::new(&site)?;
    let mut paused = worker(&site, &id);
    until_blocked(&site, &mut paused).await?;
    site.bundle.advance(TimeDelta::seconds(91));
    worker(&site, &id).await?;
    let taken_over = stored(&site, &id).await?;
    assert_eq!((taken_over.token, taken_over.status.name()), (2, "doing"));
    assert_eq!(site.sql(SESSIONS), "1", "its statement goes on");
    drop(lock);
    site.wait_for(&format!("SELECT '{before}' <> pg_relation_filenode('city')"), "t");
    let after = site.sql(NODE);
    pass(&site.bundle, 5).await?;
    let done = stored(&site, &id).await?;
    assert_eq!(done.status.name(), "done");

    paused.await?;
    assert_eq!(stored(&site, &id).await?, done);
    assert_eq!(site.sql(NODE), after, "it ran once");
    assert_eq!(events(&site.bundle, &id).await?.len(), 1);
    Ok(())
}

/// A worker may be paused between the record of its statement and the statement itself.
#[tokio::test]
async fn statement_that_was_not_sent_yet_is_never_sent_after_a_takeover() -> Result<()> {
    let site = Site::new("unsent").await?;
    let id = site.post("schema/public/table/city/vacuum", "").await?;
    let (mut call, mut is_split) = (0, false);
    // Once the relations are stored, the call that records the statement is the first one after which there is one.
    while stored(&site, &id).await?.current.is_none() {
        call += 1;
        anyhow::ensure!(call < 20, "no statement is recorded");
        if !is_split && stored(&site, &id).await?.total.is_some() {
            (call, is_split) = (1, true);
        }
        site.bundle.faults.fail_from(call, Fault::ReplyLost);
        let _ = worker(&site, &id).await;
        site.bundle.faults.clear();
        site.bundle.advance(TimeDelta::seconds(91));
    }
    let mut recorded = stored(&site, &id).await?;
    let mut current = recorded.current.clone().context("its statement")?;
    let name = format!("SET application_name = '{}'", current.application);
    let mut psql = SERVER.psql("unsent");
    psql.args(["-c", &name, "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut paused = psql.spawn()?;
    site.wait_for(SESSIONS, "1");
    let session =
        "SELECT pid || ' ' || (extract(epoch FROM backend_start) * 1000000)::bigint FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name LIKE 'op:%'";
    let (pid, start) =
        site.sql(session).split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())).context("two")?;
    (current.pid, current.backend_start) = (pid.parse()?, start.parse()?);
    recorded.current = Some(current);
    let table = site.bundle.platform.table(domain::operations::TABLE)?;
    table.write_all(vec![Write::Put(item(&Key::operation(&id), &recorded)?)]).await?;

    worker(&site, &id).await?;
    site.wait_for(SESSIONS, "0");
    let waiting = stored(&site, &id).await?;
    assert_eq!((waiting.status.name(), waiting.attempts), ("doing", 0), "its session must end first");
    pass(&site.bundle, 5).await?;
    assert_eq!(stored(&site, &id).await?.status.name(), "done");
    site.wait_for(VACUUMS, "1");
    paused.kill()?;
    paused.wait()?;
    Ok(())
}

#[tokio::test]
async fn cancel_reaches_the_statement_of_a_dead_worker() -> Result<()> {
    let site = Site::new("orphaned").await?;
    let before = site.sql(NODE);
    let id = site.post("schema/public/table/city/vacuum", r#"{"mode": "full"}"#).await?;
    let lock = Lock::new(&site)?;
    let mut dead = worker(&site, &id);
    until_blocked(&site, &mut dead).await?;
    drop(dead);
    assert_eq!(site.sql(BLOCKED), "1", "its statement goes on");
    let reply = ask(&site.bundle, "DELETE", &format!("/maintenance/vacuum/{id}"), "").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"response":"ok"}"#));
    site.wait_for(SESSIONS, "0");
    assert_eq!(site.operation(&id).await["status"], "abort");
    drop(lock);
    pass(&site.bundle, 3).await?;
    let aborted = site.operation(&id).await;
    assert_eq!((&aborted["status"], &aborted["relations_finished"]), (&json!("aborted"), &json!(0)));
    assert_eq!(site.sql(NODE), before, "nothing was rewritten");
    assert_eq!(events(&site.bundle, &id).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn cancel_after_the_statement_had_its_effect_leaves_the_operation_done() -> Result<()> {
    let site = Site::new("too_late").await?;
    let id = site.post("schema/public/table/city/vacuum", "").await?;
    let lock = Lock::new(&site)?;
    let mut dead = worker(&site, &id);
    until_blocked(&site, &mut dead).await?;
    drop(dead);
    drop(lock);
    site.wait_for(VACUUMS, "1");
    site.wait_for(SESSIONS, "0");
    let reply = ask(&site.bundle, "DELETE", &format!("/maintenance/vacuum/{id}"), "").await;
    assert_eq!(reply.status, 200);
    pass(&site.bundle, 3).await?;
    let done = site.operation(&id).await;
    assert_eq!((&done["status"], &done["relations_finished"]), (&json!("done"), &json!(1)), "{done}");
    assert_eq!(site.sql(VACUUMS), "1");
    Ok(())
}

/// PostgreSQL ignores a cancel between statements, and some statements take long to notice one.
#[tokio::test]
async fn session_that_ignores_a_cancel_is_ended_after_a_while() -> Result<()> {
    let site = Site::new("stubborn").await?;
    let id = site.post("schema/public/table/city/vacuum", r#"{"mode": "full"}"#).await?;
    let lock = Lock::new(&site)?;
    let cancel = async || {
        // The cancel is requested, and its signal is lost.
        let log = domain::access::AuditLog::new(&site.bundle.platform).expect("a table");
        let kind = maintenance::operation::kind::Kind::Vacuum;
        let canceled = site.bundle.operations.cancel(kind, &id, &super::origin(), &log).await;
        assert!(canceled.expect("it is stored").is_some());
        site.bundle.advance(TimeDelta::seconds(31));
    };
    meanwhile(&site, &id, cancel).await?;
    drop(lock);
    pass(&site.bundle, 3).await?;
    let aborted = site.operation(&id).await;
    assert_eq!((&aborted["status"], &aborted["error"]), (&json!("aborted"), &Value::Null), "{aborted}");
    Ok(())
}
