//! The cost of people's requests: authentication, and changes of recomputation requests.

use anyhow::{Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::cost;
use super::table::Table;
use crate::TestBundle;
use crate::bundle::FIRST_SECRET;
use crate::recomputation::power_cuts;

/// Recomputation requests in the measured list.
const REQUESTS: usize = 100;

struct Requests {
    bundle: TestBundle,
    table: Table,
}

/// Measures all requests.
pub async fn measure() -> Result<Table> {
    let bundle = TestBundle::start().await?;
    let mut requests = Requests { bundle, table: Table::new(&["request", "write", "read", "trips"]) };
    requests.credentials().await?;
    requests.recomputations().await?;
    Ok(requests.table)
}

impl Requests {
    async fn credentials(&mut self) -> Result<()> {
        let ann = json!({"name": "ann", "roles": ["admin"], "password": "sesame"}).to_string();
        let first = [("x-api-key", FIRST_SECRET)];
        self.measure("an administrator makes a user", "POST", "/access/users", &first, &ann).await?;
        self.bundle.add_key("a key", "default", &["admin"]).await?;
        let login = self
            .bundle
            .request("POST", "/login", &[], r#"{"username": "ann", "password": "sesame"}"#)
            .await
            .json();
        let session = login["session"].as_str().unwrap_or_default().to_owned();
        let basic = format!("Basic {}", STANDARD.encode("ann:sesame"));
        // Listing the one key costs the remaining read, after the caller's credentials are cached.
        let label = |name: &str, when: &str| format!("{name}, {when} request of a minute");
        for (name, header) in [
            ("HTTP Basic", ("authorization", basic.as_str())),
            ("API key", ("x-api-key", "a key")),
            ("session", ("x-session", session.as_str())),
        ] {
            self.measure(&label(name, "first"), "GET", "/access/keys", &[header], "").await?;
            self.measure(&label(name, "next"), "GET", "/access/keys", &[header], "").await?;
        }
        Ok(())
    }

    async fn recomputations(&mut self) -> Result<()> {
        let key = [("x-api-key", "a key")];
        let body = power_cuts().to_string();
        let submitted = self.measure("recomputation: submit", "POST", "/recomputations", &key, &body).await?;
        let once = [key[0], ("idempotency-key", "k")];
        self.measure("recomputation: submit with a key", "POST", "/recomputations", &once, &body).await?;
        self.measure("recomputation: the same again", "POST", "/recomputations", &once, &body).await?;
        let path = format!("/recomputations/{}", submitted["data"]["id"].as_str().unwrap_or_default());
        let status = format!("{path}/status");
        self.measure("recomputation: change status", "POST", &status, &key, r#"{"status": "approved"}"#)
            .await?;
        self.measure("recomputation: reset status", "DELETE", &status, &key, "").await?;
        self.measure("recomputation: update", "PUT", &path, &key, &body).await?;
        self.measure("recomputation: get", "GET", &path, &key, "").await?;
        self.measure("recomputation: delete", "DELETE", &path, &key, "").await?;
        for _ in 0..REQUESTS - 1 {
            self.bundle.request("POST", "/recomputations", &key, &body).await;
            self.bundle.advance(TimeDelta::milliseconds(1));
        }
        let name = format!("recomputation: list of {REQUESTS}");
        self.measure(&name, "GET", "/recomputations", &key, "").await.map(drop)
    }

    async fn measure(
        &mut self,
        name: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Value> {
        let bundle = &self.bundle;
        let (reply, cost) =
            cost::measure(bundle, async { Ok(bundle.request(method, path, headers, body).await) }).await?;
        ensure!(reply.status < 300, "{name}: {reply:?}");
        self.table.push(cost.row(name));
        Ok(reply.json())
    }
}
