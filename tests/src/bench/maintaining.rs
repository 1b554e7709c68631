//! The cost of operations on PostgreSQL servers, in units of the table. PostgreSQL's own work is not counted.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use local::private_postgres::{FOR_TESTS, PrivatePostgres};
use maintenance::operation::running::Runner;
use maintenance::operation::task::MaintenanceTask;
use serde_json::Value;

use super::cost::{self, Cost};
use super::table::Table;
use crate::TestBundle;
use crate::bundle::FIRST_SECRET;

/// Tables with an index in the measured database.
const TABLES: usize = 10;
/// Operations in the measured lists.
const LISTED: usize = 100;
/// No statement of the benchmark runs for so long that its lease is renewed.
const HEARTBEAT: Duration = Duration::from_mins(1);
/// When operations of later are due: the clock of the bundle stands at the beginning of 2035.
const LATER: &str = r#"{"datetime": "2035-02-01T00:00:00Z"}"#;

struct Maintaining {
    bundle: TestBundle,
    runner: Runner,
    table: Table,
}

/// Measures requests, the worker and the sweep.
pub async fn measure() -> Result<Table> {
    let server = PrivatePostgres::temporary(FOR_TESTS)?;
    server.run("postgres", "CREATE DATABASE world")?;
    let tables = (1..=TABLES).map(|number| format!("CREATE TABLE city{number} (id int PRIMARY KEY);"));
    server.run("world", &tables.collect::<String>())?;
    let bundle = TestBundle::with_settings([("POSTGRES_URL", server.url("postgres").as_str())]).await?;
    let runner = bundle.maintenance.clone().with_heartbeat(HEARTBEAT, HEARTBEAT);
    let mut maintaining =
        Maintaining { bundle, runner, table: Table::new(&["maintenance", "write", "read", "trips"]) };
    maintaining.requests().await?;
    maintaining.work().await?;
    maintaining.sweeps().await?;
    maintaining.lists().await?;
    Ok(maintaining.table)
}

impl Maintaining {
    async fn requests(&mut self) -> Result<()> {
        let vacuum = "/maintenance/world/schema/public/table/city1/vacuum";
        self.request("vacuum a table now", "POST", vacuum, "{}").await?;
        let later = self.request("vacuum a table later", "POST", vacuum, LATER).await?;
        self.request("the same request again", "POST", vacuum, LATER).await?;
        let id = later["id"].as_str().context("an id")?;
        self.request("look at it", "GET", &format!("/maintenance/operations/{id}"), "").await?;
        self.request("cancel it", "DELETE", &format!("/maintenance/vacuum/{id}"), "").await?;
        self.request("report on a database", "GET", "/maintenance/world", "").await?;
        self.bundle.drain().await
    }

    async fn work(&mut self) -> Result<()> {
        for (name, path) in [
            ("run: one table", "schema/public/table/city1/vacuum".to_owned()),
            ("run: one index", "schema/public/index/city1_pkey/reindex".to_owned()),
            (&format!("run: a database of {TABLES} tables"), "reindex".to_owned()),
        ] {
            let id = self.post(&path, "{}").await?;
            let body = MaintenanceTask::Run { id: id.clone() }.body()?;
            let cost = self.task(&body).await?;
            let path = format!("/maintenance/operations/{id}");
            let done = self.ask("GET", &path, "").await?;
            ensure!(done["status"] == "done", "{name}: {done}");
            self.push(name, cost);
            self.push("run: delivered again", self.task(&body).await?);
        }
        Ok(())
    }

    async fn sweeps(&mut self) -> Result<()> {
        self.bundle.schedule.tick().await?;
        self.bundle.drain().await?;
        self.bundle.advance(TimeDelta::minutes(1));
        let (schedule, minute) = (self.bundle.schedule.clone(), self.bundle.minute());
        let ((), tick) = cost::measure(&self.bundle, async { Ok(schedule.tick().await?) }).await?;
        self.push("tick, nothing due", tick);
        let sweep = MaintenanceTask::Sweep { from: minute.plus(-5), to: minute, shard: 1 }.body()?;
        self.push("sweep of 6 minutes, one shard", self.task(&sweep).await?);
        Ok(())
    }

    async fn lists(&mut self) -> Result<()> {
        for day in 0..LISTED {
            let body = format!(r#"{{"datetime": "{}-03-01T00:00:00Z"}}"#, 2036 + day);
            self.post("schema/public/table/city2/vacuum", &body).await?;
        }
        let name = format!("list of {LISTED} scheduled operations");
        self.request(&name, "GET", "/maintenance/vacuum/scheduled", "").await?;
        self.request("the same of a database", "GET", "/maintenance/world/vacuum/scheduled", "").await?;
        self.request("list of the newest operations", "GET", "/maintenance/operations", "").await.map(drop)
    }

    async fn post(&self, path: &str, body: &str) -> Result<String> {
        let reply = self.ask("POST", &format!("/maintenance/world/{path}"), body).await?;
        Ok(reply["id"].as_str().with_context(|| format!("{path}: {reply}"))?.to_owned())
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Result<Value> {
        let reply = self.bundle.request(method, path, &[("x-api-key", FIRST_SECRET)], body).await;
        ensure!(reply.status < 300, "{path}: {reply:?}");
        Ok(reply.json())
    }

    /// Measures a request and adds its row.
    async fn request(&mut self, name: &str, method: &str, path: &str, body: &str) -> Result<Value> {
        let (reply, cost) = cost::measure(&self.bundle, self.ask(method, path, body)).await?;
        self.push(name, cost);
        Ok(reply)
    }

    /// Measures the worker's work on one message.
    async fn task(&self, body: &str) -> Result<Cost> {
        let deadline = self.bundle.clock.micros().plus_seconds(crate::bundle::STATEMENT_SECONDS);
        let work = async {
            let done = Box::pin(self.runner.work(body, deadline)).await;
            done.map_err(|failure| anyhow::anyhow!("{failure:?}"))
        };
        Ok(cost::measure(&self.bundle, work).await?.1)
    }

    fn push(&mut self, name: &str, cost: Cost) {
        self.table.push(cost.row(name));
    }
}
