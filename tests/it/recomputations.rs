//! The recomputations API: every edge case of the documents, and the mistakes of the original that it must not repeat.

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

/// The tenant of most requests.
pub const TENANT: &str = "acme";
/// Another tenant.
pub const OTHER_TENANT: &str = "globex";

/// A client with one API key per role of a tenant.
pub struct Client<'a> {
    bundle: &'a TestBundle,
    tenant: &'static str,
}

/// Returns the documented request with some members changed; null removes one.
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

/// Starts a bundle with API keys of two tenants.
pub async fn start() -> Result<TestBundle> {
    let bundle = TestBundle::start().await?;
    add_keys(&bundle, &[TENANT, OTHER_TENANT]).await?;
    Ok(bundle)
}

/// Adds the API key `<tenant>-<role>` for each role of each tenant.
pub async fn add_keys(bundle: &TestBundle, tenants: &[&str]) -> Result<()> {
    for tenant in tenants {
        for role in ["viewer", "editor", "approver", "admin"] {
            bundle.add_key(&format!("{tenant}-{role}"), tenant, &[role]).await?;
        }
    }
    Ok(())
}

impl<'a> Client<'a> {
    /// Creates a client of [`TENANT`].
    pub fn new(bundle: &'a TestBundle) -> Self {
        Self { bundle, tenant: TENANT }
    }

    /// Creates a client of [`OTHER_TENANT`].
    pub fn of_other_tenant(bundle: &'a TestBundle) -> Self {
        Self { bundle, tenant: OTHER_TENANT }
    }

    /// Sends a request with this role.
    pub async fn request_as(&self, role: &str, method: &str, path: &str, body: &str) -> Reply {
        self.request_with(role, method, path, &[], body).await
    }

    /// Sends a request with this role and more headers.
    pub async fn request_with(
        &self,
        role: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let key = format!("{}-{role}", self.tenant);
        let headers: Vec<_> =
            [("x-api-key", key.as_str())].into_iter().chain(headers.iter().copied()).collect();
        self.bundle.request(method, path, &headers, body).await
    }

    /// Sends a request as an administrator.
    pub async fn request(&self, method: &str, path: &str, body: &str) -> Reply {
        self.request_as("admin", method, path, body).await
    }

    /// Submits a recomputation request and returns its id.
    pub async fn submit(&self, body: &Value) -> Result<String> {
        let reply = self.request("POST", "/recomputations", &body.to_string()).await;
        anyhow::ensure!(reply.status == 201, "{reply:?}");
        Ok(reply.json()["data"]["id"].as_str().context("no id")?.to_owned())
    }

    /// Returns a recomputation request.
    pub async fn get(&self, id: &str) -> Value {
        let reply = self.request("GET", &format!("/recomputations/{id}"), "").await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let root = &reply.json()["root"];
        assert_eq!(root.as_array().map(Vec::len), Some(1), "{root}");
        root[0].clone()
    }

    /// Changes the status of a recomputation request.
    pub async fn set_status(&self, id: &str, status: &str) -> Reply {
        self.request("POST", &format!("/recomputations/{id}/status"), &json!({"status": status}).to_string())
            .await
    }

    /// Returns the reports of a list, in its order.
    pub async fn list(&self, query: &str) -> Vec<String> {
        let reply = self.request("GET", &format!("/recomputations{query}"), "").await;
        assert_eq!(reply.status, 200, "{query}: {reply:?}");
        let root = reply.json()["root"].as_array().cloned().expect("a list");
        root.iter().map(|request| request["report"].as_str().expect("a report").to_owned()).collect()
    }
}

/// Returns the statuses in a request's history.
pub fn statuses(request: &Value) -> Vec<&str> {
    let history = request["history"].as_array().expect("a list");
    history.iter().map(|change| change["status"].as_str().expect("a status")).collect()
}

/// Checks that a response is an error from a handler and returns its code, message and first details.
pub fn failed(reply: &Reply) -> (u16, String, String) {
    let body = reply.json();
    let code = reply.status.to_string();
    assert_eq!(body["status"]["code"], code, "{reply:?}");
    assert_eq!(body["errors"][0]["code"], code, "{reply:?}");
    assert_eq!(body["errors"][0]["message"], body["status"]["message"], "{reply:?}");
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    (reply.status, text(&body["status"]["message"]), text(&body["errors"][0]["details"]))
}

/// Returns the expected error for an unknown id.
pub fn not_found() -> (u16, String, String) {
    let details = "item with the specific ID was not found on the server";
    (404, "Not Found".to_owned(), details.to_owned())
}

/// Returns the expected error for a body that is not valid JSON.
pub fn malformed() -> (u16, String, String) {
    let details = "Request Body contains malformed JSON, thus rendering the Request Bad";
    (400, "Bad Request".to_owned(), details.to_owned())
}

#[tokio::test]
async fn first_secret_authenticates_an_administrator_of_the_default_tenant() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let reply = bundle.request("GET", "/recomputations", &[("x-api-key", FIRST_SECRET)], "").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"root":[]}"#));
    Ok(())
}
