//! Every request in the originals' documents, with its documented response, on the sample data.
//!
//! `tests/documents/*.json` lists them, with the mistakes of the samples corrected. Ids come from earlier
//! responses.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use http::Method;
use local::bundle::Bundle;
use local::demo;
use local::demo_changesets;
use local::private_postgres::{FOR_TESTS, PrivatePostgres, WORLD};
use local::sample_mariadb::SampleMariadb;
use local::stand_ins::Storage;
use serde::Deserialize;
use serde_json::Value;
use tests::TestBundle;

const USAGE: &str = include_str!("../documents/usage.json");
const STREAMS: &str = include_str!("../documents/streams.json");
const MAINTENANCE: &str = include_str!("../documents/maintenance.json");
const SCHEMAS: &str = include_str!("../documents/schemas.json");
const RECOMPUTATIONS: &str = include_str!("../documents/recomputations.json");

/// A documented request and its documented response.
#[derive(Deserialize)]
struct Documented {
    section: String,
    method: String,
    path: String,
    /// The user who sends it, with the name as the password.
    user: Option<String>,
    body: Option<Value>,
    /// The method in `X-HTTP-Method-Override`.
    #[serde(rename = "override")]
    method_override: Option<String>,
    /// A form that is sent instead of JSON.
    form: Option<String>,
    status: u16,
    /// Whether the response's body is empty.
    #[serde(default)]
    empty: bool,
    /// Required keys of the objects at these JSON pointers.
    #[serde(default)]
    keys: BTreeMap<String, Vec<String>>,
    /// The values at these JSON pointers.
    #[serde(default)]
    values: BTreeMap<String, Value>,
    /// The values to which work in the background leads.
    #[serde(default)]
    until: BTreeMap<String, Value>,
    /// Elements of the body, which is a list, with names in place of values from earlier responses.
    #[serde(default)]
    contains: Vec<Value>,
    /// JSON pointers without a value.
    #[serde(default)]
    absent: Vec<String>,
    /// Values that later requests use, by name, and their JSON pointers.
    #[serde(default)]
    take: BTreeMap<String, String>,
}

impl Documented {
    /// Checks a response's body and takes the values that later requests use.
    fn check(&self, body: &Value, taken: &mut BTreeMap<String, String>) -> Result<()> {
        let section = &self.section;
        let at = |pointer: &str| {
            body.pointer(pointer).with_context(|| format!("{section}: nothing at '{pointer}' of {body}"))
        };
        for (pointer, keys) in &self.keys {
            let object =
                at(pointer)?.as_object().with_context(|| format!("{section}: no object at '{pointer}'"))?;
            for key in keys {
                assert!(object.contains_key(key), "{section}: no {key} at '{pointer}' of {body}");
            }
        }
        for (pointer, value) in self.values.iter().chain(&self.until) {
            let value: Value = serde_json::from_str(&substitute(&value.to_string(), taken))?;
            assert_eq!(at(pointer)?, &value, "{section}: at '{pointer}'");
        }
        for element in &self.contains {
            let element: Value = serde_json::from_str(&substitute(&element.to_string(), taken))?;
            let is_listed = body.as_array().is_some_and(|elements| elements.contains(&element));
            assert!(is_listed, "{section}: no {element} in {body}");
        }
        for pointer in &self.absent {
            assert!(body.pointer(pointer).is_none(), "{section}: a value at '{pointer}' of {body}");
        }
        for (name, pointer) in &self.take {
            let value = at(pointer)?;
            taken.insert(name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        Ok(())
    }
}

/// Replaces each `{name}` with the value taken from an earlier response, and each string `{#name}` with it as a number.
fn substitute(text: &str, taken: &BTreeMap<String, String>) -> String {
    taken.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("\"{{#{name}}}\""), value).replace(&format!("{{{name}}}"), value)
    })
}

#[tokio::test]
async fn documented_usage_requests_return_the_documented_responses() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let samples = local::samples::notifications(bundle.clock.now())?;
    bundle.record(&serde_json::from_str(&samples)?).await?;

    let documented: Vec<Documented> = serde_json::from_str(USAGE)?;
    let mut taken = BTreeMap::new();
    for documented in documented {
        let Documented { section, method, path, body, status, empty, .. } = &documented;
        let body = body.as_ref().map(|body| substitute(&body.to_string(), &taken)).unwrap_or_default();
        let reply = bundle.send(method.parse::<Method>()?, &substitute(path, &taken), body).await;
        assert_eq!(reply.status, *status, "{section}: {reply:?}");
        assert!(reply.header("content-type").starts_with("application/json"), "{section}: {reply:?}");
        assert!(reply.header("vary").contains("Accept"), "{section}: {reply:?}");
        assert_eq!(reply.body.is_empty(), *empty, "{section}: {reply:?}");
        if !empty {
            documented.check(&reply.json(), &mut taken)?;
        }
    }

    // The last confirmations were of version 2, and the repaired exists was pending.
    let exists = bundle.get("/db/usage/nova/exists/").await.json();
    let row = |place: usize| &exists["exists"][place];
    assert_eq!((&row(4)["send_status"], &row(4)["event_id"]), (&201.into(), &"AH_event_id_1".into()));
    assert_eq!((&row(0)["status"], &row(0)["send_status"]), (&"sent_unverified".into(), &201.into()));
    Ok(())
}

#[tokio::test]
async fn documented_recomputation_requests_return_the_documented_responses() -> Result<()> {
    let bundle = TestBundle::start().await?;
    demo::seed_access(&bundle.access).await?;
    demo::seed_recomputations(&Bundle::new(
        bundle.platform.clone(),
        bundle.access.clone(),
        Arc::clone(&bundle.definitions),
    )?)
    .await?;

    let headers = [("x-api-key", demo::API_KEY), ("accept", "application/json")];
    check_all(&bundle, RECOMPUTATIONS, &headers).await
}

#[tokio::test]
async fn documented_stream_requests_return_the_documented_responses() -> Result<()> {
    let bundle = TestBundle::with_streams().await?;
    let samples = local::samples::notifications(bundle.clock.now())?;
    bundle.record(&serde_json::from_str(&samples)?).await?;

    check_all(&bundle, STREAMS, &[]).await
}

#[tokio::test]
async fn documented_maintenance_requests_return_the_documented_responses() -> Result<()> {
    let server = PrivatePostgres::temporary(FOR_TESTS)?;
    server.run("postgres", WORLD)?;
    let url = server.url("postgres");
    let bundle = TestBundle::with_settings([("POSTGRES_URL", url.as_str())]).await?;
    demo::seed_access(&bundle.access).await?;
    let headers = [("x-session", demo::SESSION)];
    check_all(&bundle, MAINTENANCE, &headers).await?;

    // Sizes that depend on the version of PostgreSQL are those of its catalogs.
    let (sql, size) = ("SELECT pg_database_size('postgres')", "/total_bytes");
    for (path, pointer, sql) in [
        ("/maintenance", "/databases/0/total_bytes", sql),
        ("/maintenance/postgres", size, sql),
        (
            "/maintenance/postgres/schema/pg_catalog",
            size,
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class
             WHERE relkind IN ('r', 'p') AND relnamespace = 'pg_catalog'::regnamespace",
        ),
        (
            "/maintenance/postgres/schema/public/table/city",
            "/index_bytes",
            "SELECT pg_indexes_size('public.city'::regclass)",
        ),
    ] {
        let report = bundle.request("GET", path, &headers, "").await.json();
        let bytes = report.pointer(pointer).with_context(|| format!("{path}: nothing at {pointer}"))?;
        assert_eq!(bytes.to_string(), server.run("postgres", sql)?, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn documented_schema_requests_return_the_documented_responses() -> Result<()> {
    let servers = SampleMariadb::start(&Storage::Memory)?;
    let bundle = TestBundle::with_settings(
        servers.variables().each_ref().map(|(name, value)| (*name, value.as_str())),
    )
    .await?;
    demo::seed_access(&bundle.access).await?;
    let local = Bundle::new(bundle.platform.clone(), bundle.access.clone(), Arc::clone(&bundle.definitions))?;
    demo_changesets::seed(&local, servers.ports()).await?;
    check_all(&bundle, SCHEMAS, &[]).await
}

/// Sends the documented requests to the gateway with these headers, and checks each response.
async fn check_all(bundle: &TestBundle, documented: &str, headers: &[(&str, &str)]) -> Result<()> {
    let documented: Vec<Documented> = serde_json::from_str(documented)?;
    // A week that contains the samples' events.
    let day = |days| (bundle.clock.now() + TimeDelta::days(days)).format("%Y-%m-%dT%H:%M").to_string();
    let mut taken = BTreeMap::from([("from".to_owned(), day(-6)), ("to".to_owned(), day(1))]);
    for documented in documented {
        let Documented { section, method, path, user, body, method_override, form, status, empty, .. } =
            &documented;
        let credentials = user.as_ref().map(|user| BASE64_STANDARD.encode(format!("{user}:{user}")));
        let credentials = credentials.map(|credentials| format!("Basic {credentials}"));
        let mut headers = headers.to_vec();
        headers.extend(credentials.iter().map(|credentials| ("authorization", credentials.as_str())));
        headers.extend(method_override.iter().map(|method| ("x-http-method-override", method.as_str())));
        headers.extend(form.iter().map(|_| ("content-type", "application/x-www-form-urlencoded")));
        let body = form.clone().or_else(|| body.as_ref().map(Value::to_string)).unwrap_or_default();
        let body = substitute(&body, &taken);
        // What earlier requests asked for is done when this one is sent.
        bundle.drain().await?;
        let reply = bundle.request(method, &substitute(path, &taken), &headers, &body).await;
        assert_eq!((reply.status, reply.body.is_empty()), (*status, *empty), "{section}: {reply:?}");
        if !empty {
            documented.check(&reply.json(), &mut taken)?;
        }
    }
    Ok(())
}
