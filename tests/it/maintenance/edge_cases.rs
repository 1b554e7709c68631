//! Requests at the edges of the documented API, by number. The responses are those of the original, or better ones where
//! it fails.

mod objects;
mod requests;
mod tasks;

use std::cell::RefCell;
use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::bundle::FIRST_SECRET;
use tests::calling::Reply;

use crate::operations::{SERVER, Site};

/// The number of the case about stacked statements, between 58 and 59.
const STACKED: u32 = 61;

/// How a request authenticates.
#[derive(Clone, Copy, Debug)]
enum Auth<'a> {
    None,
    Key,
    Session(&'a str),
}

/// A bundle with a database of every kind of object, and the cases that were checked.
struct Edges {
    site: Site,
    session: String,
    checked: RefCell<BTreeSet<u32>>,
}

impl Edges {
    async fn new() -> Result<Self> {
        let site = Site::new("edges").await?;
        SERVER.run("edges", include_str!("edge_cases/objects.sql"))?;
        SERVER.run(
            "postgres",
            "CREATE DATABASE \"Edges Upper\"; CREATE DATABASE edges_closed ALLOW_CONNECTIONS false",
        )?;
        let ann =
            json!({"name": "ann", "email": "ann@example.com", "roles": ["admin"], "password": "sesame"});
        let headers = [("x-api-key", FIRST_SECRET)];
        let created = site.bundle.request("POST", "/access/users", &headers, &ann.to_string()).await;
        ensure!(created.status == 201, "{created:?}");
        let mut edges = Self { site, session: String::new(), checked: RefCell::default() };
        edges.session = edges.login().await?;
        Ok(edges)
    }

    async fn login(&self) -> Result<String> {
        let body = r#"{"username": "ann", "password": "sesame"}"#;
        let reply = self.site.bundle.request("POST", "/login", &[], body).await;
        Ok(reply.json()["session"].as_str().context("a session")?.to_owned())
    }

    async fn send(&self, auth: Auth<'_>, method: &str, path: &str, body: &str) -> Reply {
        let headers = match auth {
            Auth::None => vec![],
            Auth::Key => vec![("x-api-key", FIRST_SECRET)],
            Auth::Session(id) => vec![("x-session", id)],
        };
        self.site.bundle.request(method, &format!("/maintenance{path}"), &headers, body).await
    }

    /// Checks the status of a response, and its error text unless that is empty.
    async fn check(
        &self,
        case: u32,
        auth: Auth<'_>,
        (method, path, body): (&str, &str, &str),
        status: u16,
        error: &str,
    ) {
        let reply = self.send(auth, method, path, body).await;
        assert_eq!(reply.status, status, "case {case}: {method} {path} {body}: {reply:?}");
        if !error.is_empty() {
            assert_eq!(reply.json(), json!({"error": error}), "case {case}: {method} {path} {body}");
        }
        self.done(case);
    }

    /// Returns the body of a GET request that succeeds.
    async fn get(&self, path: &str) -> Value {
        let reply = self.send(Auth::Key, "GET", path, "").await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.json()
    }

    /// Requests an operation that is accepted and returns its id.
    async fn post(&self, path: &str, body: &str) -> String {
        let reply = self.send(Auth::Key, "POST", path, body).await;
        assert_eq!(reply.status, 200, "{path} {body}: {reply:?}");
        reply.json()["id"].as_str().unwrap_or_else(|| panic!("{path} {body}: {reply:?}")).to_owned()
    }

    /// Runs what is due and checks that the operation is done.
    async fn run(&self, id: &str) -> Result<()> {
        self.site.bundle.drain().await?;
        let operation = self.site.operation(id).await;
        assert_eq!(
            (&operation["status"], &operation["error"]),
            (&json!("done"), &Value::Null),
            "{operation}"
        );
        Ok(())
    }

    fn done(&self, case: u32) {
        self.checked.borrow_mut().insert(case);
    }
}

#[tokio::test]
async fn every_edge_case_has_its_response() -> Result<()> {
    let edges = Edges::new().await?;
    requests::authentication(&edges).await?;
    requests::bodies(&edges).await;
    objects::databases_and_schemas(&edges).await;
    objects::tables(&edges).await;
    objects::fields(&edges).await;
    objects::locked(&edges).await?;
    tasks::same_requests(&edges).await?;
    tasks::objects(&edges).await?;
    tasks::cancels(&edges).await?;
    tasks::lists(&edges).await?;
    tasks::restart(&edges).await?;
    let all: BTreeSet<u32> = (1..=STACKED).collect();
    assert_eq!(*edges.checked.borrow(), all);
    Ok(())
}
