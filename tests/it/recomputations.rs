//! Recomputation requests: every edge case of the documented API, one by one, and what the original did wrong.

mod changes;
mod dialects;
mod events;
mod history;
mod lists;
mod submissions;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::FIRST_SECRET;
use tests::calling::Reply;
pub use tests::recomputation::power_cuts;

/// A tenant's keys, one per role.
pub struct Tenant<'a> {
    bundle: &'a TestBundle,
    name: String,
}

/// The request with some members changed; null takes one away.
pub fn power_cuts_but(changes: &Value) -> Value {
    let mut body = power_cuts();
    for (name, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => drop(body.as_object_mut().expect("an object").remove(name)),
            value => body[name.as_str()] = value.clone(),
        }
    }
    body
}

/// A bundle with keys of two tenants.
pub async fn begin() -> Result<TestBundle> {
    let bundle = TestBundle::start().await?;
    grant_access(&bundle, &["ours", "theirs"]).await?;
    Ok(bundle)
}

/// Makes a key per role for each tenant; what it opens is remembered under a name that says both.
pub async fn grant_access(bundle: &TestBundle, tenants: &[&str]) -> Result<()> {
    for tenant in tenants {
        for role in ["viewer", "editor", "approver", "admin"] {
            bundle.key(&format!("{tenant}-{role}"), tenant, &[role]).await?;
        }
    }
    Ok(())
}

impl<'a> Tenant<'a> {
    /// The first tenant.
    pub fn ours(bundle: &'a TestBundle) -> Self {
        Self { bundle, name: "ours".to_owned() }
    }

    /// The other one.
    pub fn theirs(bundle: &'a TestBundle) -> Self {
        Self { bundle, name: "theirs".to_owned() }
    }

    /// The answer to a request of somebody with this role.
    pub async fn asks_as(&self, role: &str, method: &str, path: &str, body: &str) -> Reply {
        self.asks_with(role, method, path, &[], body).await
    }

    /// The same with more headers.
    pub async fn asks_with(
        &self,
        role: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let key = format!("{}-{role}", self.name);
        let headers: Vec<_> =
            [("x-api-key", key.as_str())].into_iter().chain(headers.iter().copied()).collect();
        self.bundle.ask(method, path, &headers, body).await
    }

    /// The answer to an administrator's request.
    pub async fn asks(&self, method: &str, path: &str, body: &str) -> Reply {
        self.asks_as("admin", method, path, body).await
    }

    /// Submits a request: its id.
    pub async fn submits(&self, body: &Value) -> Result<String> {
        let reply = self.asks("POST", "/recomputations", &body.to_string()).await;
        anyhow::ensure!(reply.status == 201, "{reply:?}");
        Ok(reply.json()["data"]["id"].as_str().context("an id")?.to_owned())
    }

    /// A request as it is.
    pub async fn sees(&self, id: &str) -> Value {
        let reply = self.asks("GET", &format!("/recomputations/{id}"), "").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let root = &reply.json()["root"];
        assert_eq!(root.as_array().map(Vec::len), Some(1), "{root}");
        root[0].clone()
    }

    /// Gives a request a status.
    pub async fn decides(&self, id: &str, status: &str) -> Reply {
        self.asks("POST", &format!("/recomputations/{id}/status"), &json!({"status": status}).to_string())
            .await
    }

    /// The reports of a list, in its order.
    pub async fn lists(&self, query: &str) -> Vec<String> {
        let reply = self.asks("GET", &format!("/recomputations{query}"), "").await;
        assert_eq!(reply.status, 200, "{query}: {reply:?}");
        let root = reply.json()["root"].as_array().cloned().expect("a list");
        root.iter().map(|request| request["report"].as_str().expect("a text").to_owned()).collect()
    }
}

/// The statuses of a request's history.
pub fn statuses(request: &Value) -> Vec<&str> {
    let history = request["history"].as_array().expect("a list");
    history.iter().map(|had| had["status"].as_str().expect("a text")).collect()
}

/// The message, code and first details of an answer that failed in a handler.
pub fn failed(reply: &Reply) -> (u16, String, String) {
    let body = reply.json();
    let code = reply.status.to_string();
    assert_eq!(body["status"]["code"], code, "{reply:?}");
    assert_eq!(body["errors"][0]["code"], code, "{reply:?}");
    assert_eq!(body["errors"][0]["message"], body["status"]["message"], "{reply:?}");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (reply.status, text(&body["status"]["message"]), text(&body["errors"][0]["details"]))
}

/// The answer to an id that is not there.
pub fn not_found() -> (u16, String, String) {
    let details = "item with the specific ID was not found on the server";
    (404, "Not Found".to_owned(), details.to_owned())
}

/// The answer to a body that is none.
pub fn malformed() -> (u16, String, String) {
    let details = "Request Body contains malformed JSON, thus rendering the Request Bad";
    (400, "Bad Request".to_owned(), details.to_owned())
}

#[tokio::test]
async fn whoever_holds_the_first_secret_is_an_administrator_of_the_default_tenant() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let reply = bundle.ask("GET", "/recomputations", &[("x-api-key", FIRST_SECRET)], "").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"root":[]}"#));
    Ok(())
}
