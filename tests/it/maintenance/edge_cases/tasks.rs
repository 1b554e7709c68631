//! Operations: cases 41 to 55, 59 and 60.

use anyhow::Result;
use chrono::TimeDelta;
use futures::FutureExt;
use serde_json::json;
use tests::TestBundle;
use tests::bundle::{FIRST_SECRET, STATEMENT_SECONDS};

use super::{Auth, Edges};
use crate::operations::disturbances::{Lock, meanwhile};
use crate::operations::pass;

const TABLE: &str = "/edges/schema/public/table";

pub async fn same_requests(edges: &Edges) -> Result<()> {
    let path = format!("{TABLE}/same/vacuum");
    let later = r#"{"datetime": "2035-04-01T00:00:00Z"}"#;
    let first = edges.post(&path, later).await;
    assert_eq!(edges.post(&path, later).await, first);
    edges.done(41);
    let full = edges.post(&path, r#"{"datetime": "2035-04-01T00:00:00Z", "mode": "full"}"#).await;
    assert_ne!(full, first);
    edges.done(42);
    Ok(())
}

pub async fn objects(edges: &Edges) -> Result<()> {
    for (case, path, error) in [
        (43, "/schema/public/table/nope/vacuum", "Table public.nope not found"),
        (43, "/schema/public/index/nope/reindex", "Index public.nope not found"),
        (43, "/schema/nope/table/city/vacuum", "Table nope.city not found"),
        (44, "/schema/other/index/city_pkey/reindex", "Index other.city_pkey not found"),
        (44, "/schema/public/index/city/reindex", "Index public.city not found"),
        (45, "/schema/public/table/seen/vacuum", "Table public.seen not found"),
    ] {
        edges.check(case, Auth::Key, ("POST", &format!("/edges{path}"), "{}"), 404, error).await;
    }
    for (case, path) in [
        (45, "/edges/schema/public/table/kept/vacuum"),
        (46, "/edges/schema/public/table/part/vacuum"),
        (47, "/edges/schema/Mixed%20Case/table/My%20%22Table%22/vacuum"),
        (48, "/Edges%20Upper/reindex"),
        (49, "/edges/schema/other/vacuum"),
    ] {
        let id = edges.post(path, "{}").await;
        edges.run(&id).await?;
        edges.done(case);
    }
    edges.site.wait_for(
        "SELECT sum(pg_stat_get_vacuum_count(oid)) FROM pg_class WHERE relname LIKE 'part\\__'",
        "2",
    );
    edges.site.wait_for("SELECT pg_stat_get_vacuum_count('kept'::regclass)", "1");
    Ok(())
}

pub async fn cancels(edges: &Edges) -> Result<()> {
    let check = async |case, path: &str, status, error: &str| {
        edges.check(case, Auth::Key, ("DELETE", path, ""), status, error).await;
    };
    check(50, "/vacuum/00000000", 404, "Scheduled operation not found").await;
    for id in ["xyz", "2CEC00F2", "2cec00f2a"] {
        check(51, &format!("/vacuum/{id}"), 404, "URL not found.").await;
    }
    let id = edges.post(&format!("{TABLE}/same/vacuum"), r#"{"datetime": "2035-04-01T00:00:00Z"}"#).await;
    check(52, &format!("/analyze/{id}"), 404, "Scheduled operation not found").await;
    check(52, &format!("/vacuum/{id}"), 200, "").await;
    assert_eq!(edges.site.operation(&id).await["status"], "canceled");

    let id = edges.post(&format!("{TABLE}/city/vacuum"), r#"{"mode": "full"}"#).await;
    let lock = Lock::new(&edges.site)?;
    let cancel = async || {
        let reply = edges.send(Auth::Key, "DELETE", &format!("/vacuum/{id}"), "").await;
        assert_eq!((reply.status, reply.json()), (200, json!({"response": "ok"})));
    };
    meanwhile(&edges.site, &id, cancel).await?;
    drop(lock);
    assert_eq!(edges.site.operation(&id).await["status"], "aborted");
    edges.done(53);
    Ok(())
}

pub async fn lists(edges: &Edges) -> Result<()> {
    for (case, path) in
        [(54, "/nodb/vacuum/scheduled".to_owned()), (55, format!("{TABLE}/nope/vacuum/scheduled"))]
    {
        assert_eq!(edges.get(&path).await, json!([]), "{path}");
        edges.done(case);
    }
    let down = TestBundle::with_settings([("POSTGRES_URL", "postgres://u:p@127.0.0.1:1/x")]).await?;
    for kind in ["vacuum", "analyze", "reindex"] {
        let path = format!("/maintenance/{kind}/scheduled");
        let reply = down.request("GET", &path, &[("x-api-key", FIRST_SECRET)], "").await;
        assert_eq!((reply.status, reply.body.as_str()), (200, "[]"), "{path}");
    }
    edges.done(59);
    Ok(())
}

/// An operation that was due while nothing ran, and whose message is delivered late and twice.
pub async fn restart(edges: &Edges) -> Result<()> {
    let bundle = &edges.site.bundle;
    // The ticker has run before.
    bundle.schedule.tick().await?;
    let due = bundle.operations.now().whole_second().plus_seconds(600);
    let body = json!({"datetime": maintenance::operation::datetime::print(due)}).to_string();
    let id = edges.post(&format!("{TABLE}/v1/vacuum"), &body).await;
    bundle.advance(TimeDelta::minutes(30));
    bundle.take_messages(&bundle.queue_url("MaintenanceQueue")).await?;
    assert_eq!(edges.site.operation(&id).await["status"], "todo");
    pass(bundle, 2).await?;
    let message = json!({"task": "run", "id": id}).to_string();
    let deadline = bundle.operations.now().plus_seconds(STATEMENT_SECONDS);
    let again = bundle.maintenance.work(&message, deadline).boxed_local().await;
    again.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    assert_eq!(edges.site.operation(&id).await["status"], "done");
    edges.site.wait_for("SELECT pg_stat_get_vacuum_count('v1'::regclass)", "1");
    edges.done(60);
    Ok(())
}
