//! Requests at the edges of the documented API, by number, over HTTP and with real servers. The responses are those of the
//! original, or better ones where it fails.

mod applications;
mod changesets;
mod people_and_places;
mod transport;
mod versions;

use std::cell::RefCell;
use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::calling::Reply;

use super::{Client, error_message};
use crate::schemas::SERVER;
use crate::schemas::site::{difference, scratch_url};

/// The number of the cases.
const CASES: u32 = 70;
/// The schema that changesets change.
const SCHEMA: &str = "edge_cases";
/// The script that creates the table of the schema.
const ORDERS: &str = "CREATE TABLE orders (id int PRIMARY KEY, n int NOT NULL DEFAULT 0) ENGINE=InnoDB;";
/// An address at which nothing listens.
const UNREACHABLE: &str = "mysql://steward:unused@127.0.0.1:1";

/// The expected body of a response.
enum Body<'a> {
    /// Nothing.
    Empty,
    /// An `error` with this text.
    Error(&'a str),
    /// An `error_message` with this text, and perhaps the object.
    Message(&'a str),
    /// An `error_message` that contains this text.
    MessageWith(&'a str),
}

/// A client of a bundle with servers, and the cases that were checked.
struct Edges {
    client: Client,
    checked: RefCell<BTreeSet<u32>>,
}

impl Edges {
    async fn new() -> Result<Self> {
        SERVER.run(&format!(
            "CREATE DATABASE {SCHEMA}; USE {SCHEMA}; {ORDERS} CREATE DATABASE {SCHEMA}_empty"
        ))?;
        let (urls, scratch) = (json!([SERVER.url(), UNREACHABLE]).to_string(), scratch_url());
        let settings = [("MARIADB_URLS", urls.as_str()), ("MARIADB_SCRATCH_URL", scratch.as_str())];
        let client = Client::with_settings(settings).await?;
        client.bundle.advance(difference());
        Ok(Self { client, checked: RefCell::default() })
    }

    fn done(&self, case: u32) {
        self.checked.borrow_mut().insert(case);
    }

    /// Checks the status and the body of a response.
    async fn check(
        &self,
        case: u32,
        user: &str,
        (method, path, body): (&str, &str, Value),
        status: u16,
        expected: Body<'_>,
    ) -> Reply {
        let reply = self.client.call(user, method, &format!("/api/v1/{path}"), &body).await;
        assert_eq!(reply.status, status, "case {case}: {method} {path} {body}: {reply:?}");
        let shown = format!("case {case}: {method} {path} {body}: {}", reply.body);
        match expected {
            Body::Empty => assert_eq!(reply.body, "", "{shown}"),
            Body::Error(text) => assert_eq!(reply.json(), json!({"error": text}), "{shown}"),
            Body::Message(text) => assert_eq!(error_message(&reply), text, "{shown}"),
            Body::MessageWith(text) => assert!(error_message(&reply).contains(text), "{shown}"),
        }
        self.done(case);
        reply
    }

    /// Returns the body of a GET request that succeeds.
    async fn get(&self, path: &str) -> Value {
        let reply = self.client.get(&format!("/api/v1/{path}")).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.json()
    }

    /// Returns the body of a POST request that succeeds.
    async fn post(&self, user: &str, path: &str, body: Value) -> Value {
        let reply = self.client.post(user, &format!("/api/v1/{path}"), body).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.json()
    }

    /// Submits a changeset and has it reviewed. Returns its id.
    async fn reviewed(&self, classification: &str, details: &[(&str, &str)]) -> Result<u64> {
        let submitted = self.post("dev", "changeset/submit/", submission(classification, details)).await;
        self.client.bundle.drain().await?;
        submitted["id"].as_u64().context("an id")
    }

    /// Submits a changeset, has it reviewed, and approves it. Returns its id.
    async fn approved(&self, classification: &str, details: &[(&str, &str)]) -> Result<u64> {
        let id = self.reviewed(classification, details).await?;
        self.post("dba", &format!("changeset/approve/{id}/"), Value::Null).await;
        Ok(id)
    }

    async fn review_status(&self, changeset: u64) -> String {
        let shown = self.get(&format!("changeset/{changeset}/")).await;
        shown["review_status"].as_str().unwrap_or_default().to_owned()
    }

    /// Applies a changeset and returns the state of its task.
    async fn apply(&self, changeset: u64, server: u64) -> Result<Value> {
        let body = json!({"changeset_id": changeset, "server_id": server});
        let task = self.post("dba", "changeset/apply/", body).await;
        self.client.bundle.drain().await?;
        let task = task["task_id"].as_str().context("a task")?;
        Ok(self.get(&format!("changeset/apply_status/{task}/")).await)
    }
}

fn submission(classification: &str, details: &[(&str, &str)]) -> Value {
    let details = details.iter().map(|(apply, revert)| json!({"apply_sql": apply, "revert_sql": revert}));
    json!({
        "changeset": {"database_schema_id": 1, "type": "DDL:Table:Alter", "classification": classification},
        "changeset_details": details.collect::<Vec<_>>(),
    })
}

#[tokio::test]
async fn the_documented_edge_cases_are_answered() -> Result<()> {
    let edges = Edges::new().await?;
    edges.transport().await;
    edges.people_and_places().await?;
    edges.versions().await?;
    Box::pin(edges.changesets()).await?;
    Box::pin(edges.applications()).await?;
    let missing: Vec<u32> = (1..=CASES).filter(|case| !edges.checked.borrow().contains(case)).collect();
    assert_eq!(missing, [0; 0]);
    Ok(())
}
