//! What requests cost that people make: who they are found to be, and what they change.

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

/// Requests of the tenant whose list is measured.
const REQUESTS: usize = 100;

struct Requests {
    bundle: TestBundle,
    table: Table,
}

/// The table of all requests.
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
        self.asked("an administrator makes a user", "POST", "/access/users", &first, &ann).await?;
        self.bundle.key("a key", "default", &["admin"]).await?;
        let login = self
            .bundle
            .ask("POST", "/login", &[], r#"{"username": "ann", "password": "sesame"}"#)
            .await
            .json();
        let session = login["session"].as_str().unwrap_or_default().to_owned();
        let basic = format!("Basic {}", STANDARD.encode("ann:sesame"));
        // A list of one key: a read of half a unit, which is all that a request costs whose sender is remembered.
        let of = |name: &str, when: &str| format!("{name}, {when} request of a minute");
        for (name, header) in [
            ("HTTP Basic", ("authorization", basic.as_str())),
            ("API key", ("x-api-key", "a key")),
            ("session", ("x-session", session.as_str())),
        ] {
            self.asked(&of(name, "first"), "GET", "/access/keys", &[header], "").await?;
            self.asked(&of(name, "next"), "GET", "/access/keys", &[header], "").await?;
        }
        Ok(())
    }

    async fn recomputations(&mut self) -> Result<()> {
        let key = [("x-api-key", "a key")];
        let body = power_cuts().to_string();
        let made = self.asked("recomputation: submit", "POST", "/recomputations", &key, &body).await?;
        let once = [key[0], ("idempotency-key", "k")];
        self.asked("recomputation: submit with a key", "POST", "/recomputations", &once, &body).await?;
        self.asked("recomputation: the same again", "POST", "/recomputations", &once, &body).await?;
        let path = format!("/recomputations/{}", made["data"]["id"].as_str().unwrap_or_default());
        let status = format!("{path}/status");
        self.asked("recomputation: change status", "POST", &status, &key, r#"{"status": "approved"}"#)
            .await?;
        self.asked("recomputation: reset status", "DELETE", &status, &key, "").await?;
        self.asked("recomputation: update", "PUT", &path, &key, &body).await?;
        self.asked("recomputation: get", "GET", &path, &key, "").await?;
        self.asked("recomputation: delete", "DELETE", &path, &key, "").await?;
        for _ in 0..REQUESTS - 1 {
            self.bundle.ask("POST", "/recomputations", &key, &body).await;
            self.bundle.advance(TimeDelta::milliseconds(1));
        }
        let name = format!("recomputation: list of {REQUESTS}");
        self.asked(&name, "GET", "/recomputations", &key, "").await.map(drop)
    }

    async fn asked(
        &mut self,
        name: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Value> {
        let bundle = &self.bundle;
        let (reply, cost) =
            cost::measure(bundle, async { Ok(bundle.ask(method, path, headers, body).await) }).await?;
        ensure!(reply.status < 300, "{name}: {reply:?}");
        self.table.push([
            name.to_owned(),
            format!("{:.1}", cost.write),
            format!("{:.1}", cost.read),
            cost.trips.to_string(),
        ]);
        Ok(reply.json())
    }
}
