//! Servers that are standbys.

use std::fs;

use anyhow::{Context, Result};
use domain::platform::id::Ids;
use local::private_postgres::{FOR_TESTS, PrivatePostgres};
use maintenance::operation::record::Draft;
use maintenance::operation::target::{Object, Target};
use serde_json::json;
use tests::TestBundle;

use super::{ask, draft, request};

/// A directory that is removed with its contents.
struct Directory(std::path::PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn standby_is_refused_at_the_request_and_when_the_operation_runs() -> Result<()> {
    let directory = Directory(std::env::temp_dir().join(format!("steward-standby-{}", Ids::random().uuid())));
    let primary = PrivatePostgres::start(&directory.0, FOR_TESTS)?;
    primary.run("postgres", "CREATE DATABASE world")?;
    primary.run("world", "CREATE TABLE city (id int)")?;
    drop(primary);
    fs::write(directory.0.join("data/standby.signal"), "")?;
    let standby = PrivatePostgres::start(&directory.0, FOR_TESTS)?;
    assert_eq!(standby.run("world", "SELECT pg_is_in_recovery()")?, "t");

    let bundle = TestBundle::with_settings([("POSTGRES_URL", standby.url("postgres").as_str())]).await?;
    let text = "The server is a standby: it cannot run maintenance.";
    for path in ["world/vacuum", "world/schema/public/table/city/analyze", "world/schema/public/reindex"] {
        for body in ["{}", r#"{"dry_run": true}"#] {
            let reply = ask(&bundle, "POST", &format!("/maintenance/{path}"), body).await;
            assert_eq!((reply.status, reply.json()), (409, json!({"error": text})), "{path} {body}");
        }
    }
    assert_eq!(ask(&bundle, "GET", "/maintenance/world/schema/public/table/city", "").await.status, 200);

    // The server became a standby after the request.
    for object in [Object::Database, Object::Table("public".to_owned(), "city".to_owned())] {
        let target = Target { server: String::new(), database: "world".to_owned(), object };
        let id = request(&bundle, &Draft { target, ..draft(&bundle, None, 0) }).await?.id;
        bundle.drain().await?;
        let failed = bundle.operations.get(&id).await?.context("it is stored")?;
        let reason = failed.error.context("a reason")?;
        assert_eq!((failed.status.name(), reason.message.as_str()), ("failed", text));
        assert_eq!(failed.started, None, "no statement was sent");
    }
    Ok(())
}
