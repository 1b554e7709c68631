//! Operations on PostgreSQL servers: requested, listed, cancelled, run, and found out about after a crash.

pub mod disturbances;
mod kills;
mod names;
mod partitions;
mod progress;
mod recurrences;
mod requests;
mod running;
mod standby;
mod takeovers;

use std::sync::LazyLock;

use anyhow::{Context, Result};
use domain::access::AuditLog;
use domain::access::audit::Caller;
use local::private_postgres::{FOR_TESTS, PrivatePostgres};
use maintenance::operation::kind::Kind;
use maintenance::operation::options::Options;
use maintenance::operation::record::{Draft, Operation};
use maintenance::operation::target::{Object, Target};
use serde_json::Value;
use tests::TestBundle;
use tests::bundle::FIRST_SECRET;
use tests::calling::Reply;

/// A server that the tests share. Each has a database of its own.
pub static SERVER: LazyLock<PrivatePostgres> =
    LazyLock::new(|| PrivatePostgres::temporary(FOR_TESTS).expect("PostgreSQL starts"));

/// A bundle with a database of its own.
pub struct Site {
    pub bundle: TestBundle,
    pub database: &'static str,
}

impl Site {
    /// Creates the database, with some tables.
    pub async fn new(database: &'static str) -> Result<Self> {
        SERVER.run("postgres", &format!("CREATE DATABASE {database}"))?;
        SERVER.run(
            database,
            r#"
            CREATE TABLE city (id int PRIMARY KEY, name text);
            INSERT INTO city SELECT n, 'city ' || n FROM generate_series(1, 500) n;
            CREATE SCHEMA "Mixed Case";
            CREATE TABLE "Mixed Case"."My ""Table""" (id int PRIMARY KEY);
            INSERT INTO "Mixed Case"."My ""Table""" VALUES (1);
            CREATE TABLE part (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
            CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20);
            "#,
        )?;
        let url = SERVER.url("postgres");
        // Tests that run at the same time share the server.
        let settings = [("POSTGRES_URL", url.as_str()), ("MAINTENANCE_CONCURRENCY", "100")];
        Ok(Self { bundle: TestBundle::with_settings(settings).await?, database })
    }

    /// Runs a statement in the database and returns what it prints.
    pub fn sql(&self, script: &str) -> String {
        SERVER.run(self.database, script).expect("the script runs")
    }

    /// Requests `<path>` below the database, which has to succeed, and returns the id.
    pub async fn post(&self, path: &str, body: &str) -> Result<String> {
        let reply = ask(&self.bundle, "POST", &format!("/maintenance/{}/{path}", self.database), body).await;
        anyhow::ensure!(reply.status == 200, "{path}: {reply:?}");
        Ok(reply.json()["id"].as_str().context("an id")?.to_owned())
    }

    /// Returns everything that is known about an operation.
    pub async fn operation(&self, id: &str) -> Value {
        let reply = ask(&self.bundle, "GET", &format!("/maintenance/operations/{id}"), "").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// Waits for what a query prints.
    pub fn wait_for(&self, query: &str, expected: &str) {
        let started = std::time::Instant::now();
        while self.sql(query) != expected {
            assert!(started.elapsed().as_secs() < 20, "{query} does not become {expected}");
        }
    }
}

/// Sends a request with the first administrator's key.
pub async fn ask(bundle: &TestBundle, method: &str, path: &str, body: &str) -> Reply {
    bundle.request(method, path, &[("x-api-key", FIRST_SECRET)], body).await
}

/// Returns a draft of a VACUUM that is due some seconds from now.
pub fn draft(bundle: &TestBundle, table: Option<&str>, seconds: i64) -> Draft {
    let object = match table {
        None => Object::Database,
        Some(table) => Object::Table("public".to_owned(), table.to_owned()),
    };
    let target = Target { server: String::new(), database: "world".to_owned(), object };
    let due = bundle.operations.now().whole_second().plus_seconds(seconds);
    let options = Options::default();
    Draft { kind: Kind::Vacuum, target, options, due, window: None, recurrence: None }
}

/// Stores the operation of a draft whose object is not looked at.
pub async fn request(bundle: &TestBundle, draft: &Draft) -> Result<Operation> {
    let log = AuditLog::new(&bundle.platform)?;
    Ok(bundle.operations.request(draft, &origin(), &log).await?)
}

pub fn origin() -> Caller {
    Caller {
        name: "ann".to_owned(),
        tenant: "default".to_owned(),
        address: "192.0.2.7".to_owned(),
        request_id: "r1".to_owned(),
    }
}

/// Returns the ended events of an operation that were published so far, each once.
pub async fn events(bundle: &TestBundle, id: &str) -> Result<Vec<Value>> {
    let mut bodies = bundle.take_messages(&bundle.queue_url("PublishedQueue")).await?;
    bodies.sort();
    bodies.dedup();
    let events = bodies.iter().map(|body| serde_json::from_str(body).context("JSON"));
    let events: Vec<Value> = events.collect::<Result<_>>()?;
    Ok(events.into_iter().filter(|event| event["id"] == id).collect())
}

/// Ticks every minute for some minutes, and does all work that follows.
pub async fn pass(bundle: &TestBundle, minutes: i64) -> Result<()> {
    for _ in 0..minutes {
        bundle.advance(chrono::TimeDelta::minutes(1));
        bundle.schedule.tick().await?;
        bundle.drain().await?;
    }
    Ok(())
}
