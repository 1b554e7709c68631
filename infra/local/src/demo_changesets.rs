//! Demo data of the schemas API: users, servers, and changesets in different states.
//!
//! Everything goes through the API, as the documented users would do it.

use anyhow::{Context, Result, bail, ensure};
use axum::body::Body;
use axum::http::{Method, Request, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemas::people::Role;
use schemas::registry::Registry;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::bundle::Bundle;

/// The name of the server whose schemas the samples change. Its certificate would be for this host.
pub const SERVER: &str = "localhost";
/// The name of the second server, on which the schema has an unknown structure.
pub const STANDBY: &str = "standby";
/// The schema of the samples on both servers.
const SCHEMA: &str = "test_schema_1";
/// The documented users and the ids of their roles.
const USERS: [(&str, Role); 3] = [("admin", Role::Admin), ("dba", Role::Dba), ("dev", Role::Developer)];

/// Creates the demo data for servers on these ports of `localhost`: the target and the standby. If it exists, the servers
/// get their current ports.
pub async fn seed(bundle: &Bundle, ports: (u16, u16)) -> Result<()> {
    let registry = Registry::new(bundle.platform())?;
    let environments = send(bundle, "admin", Method::GET, "environment/", &Value::Null).await?;
    let first = environments.pointer("/objects/0/id").and_then(Value::as_u64);
    let server = registry.place_server(SERVER, "localhost", ports.0, first).await?;
    registry.place_server(STANDBY, "localhost", ports.1, first).await?;
    if count(bundle, "changeset").await? > 0 {
        return Ok(());
    }
    for (name, role) in USERS {
        let id = registry.user_of(name, role).await?.id;
        let user = json!({"name": name, "email": format!("{name}@example.com"), "role_id": role.id()});
        send(bundle, "admin", Method::POST, &format!("user/update/{id}/"), &user).await?;
    }
    seed_changesets(bundle, server).await
}

/// Creates a changeset that is applied, one that waits for its approval, and one that needs another review.
async fn seed_changesets(bundle: &Bundle, server: u64) -> Result<()> {
    let dump = json!({"server_id": server, "database_schema_name": SCHEMA});
    let version = send(bundle, "dev", Method::POST, "schema_version/save_schema_dump/", &dump).await?;
    let schema =
        version["database_schema"].as_str().and_then(|uri| uri.rsplit('/').nth(1)).context("a schema")?;
    let schema: u64 = schema.parse()?;

    let phone = detail(
        "telephone number of customers",
        "ALTER TABLE customer ADD COLUMN phone varchar(32) NULL",
        "ALTER TABLE customer DROP COLUMN phone",
    );
    let applied = submit(bundle, schema, "DDL:Table:Alter", &json!([phone])).await?;
    send(bundle, "dba", Method::POST, &format!("changeset/approve/{applied}/"), &Value::Null).await?;
    let target = json!({"changeset_id": applied, "server_id": server});
    send(bundle, "dba", Method::POST, "changeset/apply/", &target).await?;
    bundle.drain_changesets().await?;
    let state = send(bundle, "dba", Method::GET, &format!("changeset/{applied}/"), &Value::Null).await?;
    ensure!(state["after_version"].is_string(), "changeset {applied} was not applied");

    let created = "create table t01 (id int primary key auto_increment) engine=InnoDB default charset=utf8";
    let create = detail("create table t01", created, "drop table t01");
    submit(bundle, schema, "DDL:Table:Create", &json!([create])).await?;

    let second = detail(
        "index for the daily report",
        "ALTER TABLE purchase ADD KEY purchase_placed (placed_at)",
        "ALTER TABLE purchase DROP KEY purchase_placed",
    );
    let first = detail(
        "longer notes",
        "ALTER TABLE purchase MODIFY COLUMN note varchar(400) NOT NULL DEFAULT ''",
        "ALTER TABLE purchase MODIFY COLUMN note varchar(200) NOT NULL DEFAULT ''",
    );
    let changed = submit(bundle, schema, "DDL:Table:Alter", &json!([first, second])).await?;
    // An update without changes still asks for another review.
    let update = json!({
        "changeset": {"classification": "lowrisk"},
        "changeset_details": [],
        "to_be_deleted_changeset_detail_ids": [],
    });
    send(bundle, "dev", Method::POST, &format!("changeset/update/{changed}/"), &update).await?;
    Ok(())
}

fn detail(description: &str, apply_sql: &str, revert_sql: &str) -> Value {
    json!({"description": description, "apply_sql": apply_sql, "revert_sql": revert_sql})
}

/// Submits a changeset as the developer, has it reviewed, and returns its id.
async fn submit(bundle: &Bundle, schema: u64, kind: &str, details: &Value) -> Result<u64> {
    let changeset = json!({"database_schema_id": schema, "type": kind, "classification": "painless"});
    let body = json!({"changeset": changeset, "changeset_details": details});
    let submitted = send(bundle, "dev", Method::POST, "changeset/submit/", &body).await?;
    let id = submitted["id"].as_u64().context("the changeset has no id")?;
    bundle.drain_changesets().await?;
    let reviewed = send(bundle, "dev", Method::GET, &format!("changeset/{id}/"), &Value::Null).await?;
    ensure!(reviewed["review_status"] == "in_progress", "the review of changeset {id} failed: {reviewed}");
    Ok(id)
}

/// Returns the number of rows of a resource.
async fn count(bundle: &Bundle, resource: &str) -> Result<u64> {
    let list = send(bundle, "admin", Method::GET, &format!("{resource}/"), &Value::Null).await?;
    list.pointer("/meta/total_count").and_then(Value::as_u64).context("a list has no count")
}

/// Sends a request to the schemas API as a user whose password is the name.
async fn send(bundle: &Bundle, user: &str, method: Method, path: &str, body: &Value) -> Result<Value> {
    let path = format!("/api/v1/{path}");
    let credentials = BASE64_STANDARD.encode(format!("{user}:{user}"));
    let request = Request::builder()
        .method(method)
        .uri(&path)
        .header(header::AUTHORIZATION, format!("Basic {credentials}"))
        .header(header::CONTENT_TYPE, "application/json");
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let Ok(response) = bundle.gateway(false)?.oneshot(request.body(body)?).await;
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await?;
    if !status.is_success() {
        bail!("{path} returned {status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? })
}
