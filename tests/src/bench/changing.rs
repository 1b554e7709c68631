//! The cost of reviewed schema changes, in units of the table. The servers' own work is not counted.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use local::private_mariadb::{FOR_TESTS, PrivateMariadb};
use schemas::task::running::Runner;
use serde_json::{Value, json};

use super::cost::{self, Cost};
use super::table::Table;
use crate::TestBundle;
use crate::bundle::{FIRST_SECRET, STATEMENT_SECONDS};

/// The queue of the worker.
const QUEUE: &str = "ChangesetQueue";
/// Changesets in the measured list.
const LISTED: usize = 100;
/// No statement of the benchmark runs for so long that its lease is renewed.
const HEARTBEAT: Duration = Duration::from_mins(1);
/// The schema of the changesets, on a server with the id 1.
const SCHEMA: &str = "CREATE DATABASE shop; CREATE TABLE shop.orders (id int PRIMARY KEY) ENGINE=InnoDB;";

struct Changing {
    bundle: TestBundle,
    runner: Runner,
    table: Table,
}

/// Measures requests, the worker, and the schedule of tasks.
pub async fn measure() -> Result<Table> {
    let (target, scratch) = (PrivateMariadb::temporary(FOR_TESTS)?, PrivateMariadb::temporary(FOR_TESTS)?);
    target.run(SCHEMA)?;
    let (url, scratch_url) = (target.url(), scratch.url());
    let settings = [("MARIADB_URL", url.as_str()), ("MARIADB_SCRATCH_URL", scratch_url.as_str())];
    let bundle = TestBundle::with_settings(settings).await?;
    let runner = bundle.changesets.clone().with_heartbeat(HEARTBEAT);
    let table = Table::new(&["schema changes", "write", "read", "trips"]);
    let mut changing = Changing { bundle, runner, table };
    // The first request creates the first data and the user, the next one finds both cached.
    changing.ask("GET", "environment/", &Value::Null).await?;
    changing.people().await?;
    changing.places(target.port()).await?;
    changing.versions().await?;
    changing.changesets().await?;
    changing.applications().await?;
    changing.decisions().await?;
    changing.schedule().await?;
    changing.lists().await?;
    Ok(changing.table)
}

impl Changing {
    async fn people(&mut self) -> Result<()> {
        let user = json!({"name": "ann", "email": "ann@example.com", "role_id": 3, "password": "sesame"});
        let created = self.request("create a user", "POST", "user/create/", &user).await?;
        let id = &created["id"];
        let renamed = json!({"name": "anne", "email": "anne@example.com", "role_id": 2});
        self.request("update a user", "POST", &format!("user/update/{id}/"), &renamed).await?;
        self.request("delete a user", "POST", &format!("user/delete/{id}/"), &Value::Null).await?;
        self.request("list of the 3 roles", "GET", "role/", &Value::Null).await.map(drop)
    }

    async fn places(&mut self, port: u16) -> Result<()> {
        let staging = json!({"name": "staging"});
        self.request("create an environment", "POST", "environment/", &staging).await?;
        self.request("update an environment", "PUT", "environment/4/", &json!({"name": "stage"})).await?;
        self.request("delete an environment", "DELETE", "environment/4/", &Value::Null).await?;
        let server = json!({"name": "db1", "hostname": "127.0.0.1", "port": port});
        self.request("create a server", "POST", "server/", &server).await?;
        let dev = json!({"environment": "/api/v1/environment/1/"});
        self.request("update a server", "PUT", "server/1/", &dev).await?;
        self.request("look at a server", "GET", "server/1/", &Value::Null).await?;
        self.request("list of 1 server", "GET", "server/", &Value::Null).await.map(drop)
    }

    async fn versions(&mut self) -> Result<()> {
        let dump = json!({"server_id": 1, "database_schema_name": "shop"});
        let path = "schema_version/save_schema_dump/";
        self.request("dump a schema that is new", "POST", path, &dump).await?;
        self.request("dump it again", "POST", path, &dump).await?;
        self.request("look at its version", "GET", "schema_version/1/", &Value::Null).await?;
        self.request("versions of the schema", "GET", "schema_version/?database_schema=1", &Value::Null)
            .await?;
        self.request("difference of two versions", "GET", "schema_version/1/diff/1/", &Value::Null).await?;
        let check = self
            .request("check a schema for drift", "POST", "database_schema/1/check/", &Value::Null)
            .await?;
        ensure!(!check.is_null(), "a check is requested");
        self.run("run: a check").await
    }

    async fn changesets(&mut self) -> Result<()> {
        let submitted =
            self.request("submit a changeset of 1 detail", "POST", "changeset/submit/", &adding("a")).await?;
        ensure!(submitted["id"] == 1, "{submitted}");
        self.run("run: its review").await?;
        let update = json!({
            "changeset": {"classification": "lowrisk"}, "changeset_details": [],
            "to_be_deleted_changeset_detail_ids": [],
        });
        self.request("update it", "POST", "changeset/update/1/", &update).await?;
        let review = self
            .request(
                "request another review",
                "POST",
                "changeset/review/1/",
                &json!({"schema_version_id": 1}),
            )
            .await?;
        self.run("run: another review").await?;
        let task = review["task_id"].as_str().context("a task")?;
        self.request("look at its task", "GET", &format!("changeset/review_status/{task}/"), &Value::Null)
            .await?;
        self.request("approve it", "POST", "changeset/approve/1/", &Value::Null).await?;
        self.request("look at it", "GET", "changeset/1/", &Value::Null).await?;
        self.request("its details", "GET", "changeset_detail/?changeset=1", &Value::Null).await?;
        self.request("its tests", "GET", "changeset_test/?changeset_detail__changeset__id=1", &Value::Null)
            .await?;
        self.request("its impact as reviewed", "GET", "changeset/1/impact/", &Value::Null).await?;
        self.request("its impact on a server", "GET", "changeset/1/impact/?server_id=1", &Value::Null)
            .await
            .map(drop)
    }

    async fn applications(&mut self) -> Result<()> {
        let target = json!({"changeset_id": 1, "server_id": 1});
        let dry = json!({"changeset_id": 1, "server_id": 1, "dry_run": true});
        self.request("request a dry run", "POST", "changeset/apply/", &dry).await?;
        self.run("run: a dry run").await?;
        let apply = self.request("request its application", "POST", "changeset/apply/", &target).await?;
        let task = apply["task_id"].as_str().context("a task")?.to_owned();
        self.run("run: its application").await?;
        self.request("look at its task", "GET", &format!("changeset/apply_status/{task}/"), &Value::Null)
            .await?;
        let applied = self.ask("GET", "changeset/1/", &Value::Null).await?;
        ensure!(applied["after_version"].is_string(), "{applied}");
        self.request("request its revert", "POST", "changeset/revert/", &target).await?;
        self.run("run: its revert").await
    }

    async fn decisions(&mut self) -> Result<()> {
        self.ask("POST", "changeset/submit/", &adding("b")).await?;
        self.request("reject a changeset", "POST", "changeset/reject/2/", &Value::Null).await?;
        self.request("delete a changeset", "POST", "changeset/soft_delete/2/", &Value::Null).await?;
        self.bundle.drain().await
    }

    async fn schedule(&mut self) -> Result<()> {
        self.bundle.task_schedule.tick().await?;
        self.bundle.drain().await?;
        self.bundle.advance(TimeDelta::minutes(1));
        let schedule = self.bundle.task_schedule.clone();
        let ((), tick) = cost::measure(&self.bundle, async { Ok(schedule.tick().await?) }).await?;
        self.push("tick, nothing due", tick);
        Ok(())
    }

    async fn lists(&mut self) -> Result<()> {
        for number in 3..=LISTED {
            self.ask("POST", "changeset/submit/", &adding(&format!("c{number}"))).await?;
        }
        let name = format!("list of {LISTED} changesets, the first page");
        self.request(&name, "GET", "changeset/", &Value::Null).await?;
        self.request("the same by state", "GET", "changeset/?review_status=needs", &Value::Null)
            .await
            .map(drop)
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let headers = [("x-api-key", FIRST_SECRET)];
        let reply = self.bundle.request(method, &format!("/api/v1/{path}"), &headers, &body).await;
        ensure!(reply.status < 300, "{path}: {reply:?}");
        Ok(if reply.body.is_empty() { Value::Null } else { reply.json() })
    }

    /// Measures a request and adds its row.
    async fn request(&mut self, name: &str, method: &str, path: &str, body: &Value) -> Result<Value> {
        let (reply, cost) = cost::measure(&self.bundle, self.ask(method, path, body)).await?;
        self.push(name, cost);
        Ok(reply)
    }

    /// Measures the work on the message that a request sent, and on the same message delivered again.
    async fn run(&mut self, name: &str) -> Result<()> {
        let messages = self.bundle.take_messages(&self.bundle.queue_url(QUEUE)).await?;
        let message = messages.first().with_context(|| format!("{name}: no message"))?;
        let cost = self.work(message).await?;
        self.push(name, cost);
        let again = self.work(message).await?;
        ensure!(again.write == 0.0, "{name}: a message that is delivered again writes nothing");
        Ok(())
    }

    async fn work(&self, body: &str) -> Result<Cost> {
        let deadline = self.bundle.clock.micros().plus_seconds(STATEMENT_SECONDS);
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

/// Returns a submission that adds a column.
fn adding(column: &str) -> Value {
    json!({
        "changeset": {"database_schema_id": 1, "type": "DDL:Table:Alter", "classification": "painless"},
        "changeset_details": [{
            "apply_sql": format!("ALTER TABLE orders ADD {column} int"),
            "revert_sql": format!("ALTER TABLE orders DROP {column}"),
        }],
    })
}
