//! The schemas API without database servers: resources, filters, writes, users, and who may do what.

mod actions;
mod edge_cases;
mod filters;
mod places;
mod resources;
mod rights;
mod users;

use anyhow::{Result, ensure};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::storage::change::Change;
use domain::storage::item::item;
use domain::storage::key::Key;
use domain::storage::table::{Table, Write};
use domain::time::Micros;
use flate2::Compression;
use flate2::write::GzEncoder;
use schemas::record::{
    Changeset, ChangesetDetail, Classification, DatabaseSchema, Kind, Record, ReviewStatus, SchemaVersion,
};
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::FIRST_SECRET;
use tests::calling::Reply;

/// The time at which the rows of these tests were made.
const CREATED: Micros = Micros(1_367_366_580_000_000);

/// A client of the API, with users named after their roles: `admin`, `dba`, `dev`.
struct Client {
    bundle: TestBundle,
}

impl Client {
    /// Starts a bundle with the users.
    async fn start() -> Result<Self> {
        Self::with_settings([]).await
    }

    async fn with_settings<const N: usize>(settings: [(&str, &str); N]) -> Result<Self> {
        let client = Self { bundle: TestBundle::with_settings(settings).await? };
        for (name, role) in [("admin", 1), ("dba", 2), ("dev", 3)] {
            let body = json!({"name": name, "email": "", "role_id": role, "password": name});
            let headers = [("x-api-key", FIRST_SECRET)];
            let path = "/api/v1/user/create/";
            let reply = client.bundle.request("POST", path, &headers, &body.to_string()).await;
            ensure!(reply.status == 200, "{reply:?}");
        }
        Ok(client)
    }

    /// Sends a request of a user whose password is the name. A null body is none.
    async fn call(&self, user: &str, method: &str, path: &str, body: &Value) -> Reply {
        let credentials = format!("Basic {}", STANDARD.encode(format!("{user}:{user}")));
        let headers = [("authorization", credentials.as_str())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.bundle.request(method, path, &headers, &body).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.call("dev", "GET", path, &Value::Null).await
    }

    async fn post(&self, user: &str, path: &str, body: Value) -> Reply {
        self.call(user, "POST", path, &body).await
    }

    fn table(&self) -> Result<Table> {
        Ok(self.bundle.platform.table("REGISTRY_TABLE")?)
    }

    /// Stores a row with its index entries and its name, as a commit of the API does.
    async fn put<T: Record>(&self, record: &T) -> Result<()> {
        let (resource, id) = (T::RESOURCE.as_str(), record.id());
        let mut writes = vec![Write::Put(item(&Key::resource(resource, id), record)?)];
        for (field, target) in record.references() {
            let key = Key::resource_reference(resource, field, target, id);
            writes.push(Write::Put(item(&key, &json!({"id": id}))?));
        }
        if let Some(name) = record.unique_name() {
            writes.push(Write::Put(item(&Key::resource_name(resource, name), &json!({"id": id}))?));
        }
        Ok(self.table()?.write_all(writes).await?)
    }

    /// Makes the next ids of these resources come after `count`.
    async fn reserve_ids(&self, resources: &[&str], count: u64) -> Result<()> {
        let ids = Change::of(Key::resource_ids());
        let ids = resources.iter().fold(ids, |ids, resource| ids.increase(resource, count, 1));
        self.table()?.change::<Value>(&ids).await?;
        Ok(())
    }

    /// Stores a schema with this id.
    async fn put_schema(&self, id: u64) -> Result<()> {
        let (created_at, updated_at) = (CREATED, CREATED);
        self.put(&DatabaseSchema { id, name: format!("schema_{id}"), created_at, updated_at, version: 1 })
            .await
    }

    /// Stores a version of a schema, with an empty text, that was pulled from server 1.
    async fn put_version(&self, id: u64, schema: u64) -> Result<()> {
        let checksum = format!("{id:032x}");
        let empty = GzEncoder::new(Vec::new(), Compression::default()).finish()?;
        let mut part = item(&Key::ddl_part(id, 0), &json!({}))?;
        part.insert("z".to_owned(), AttributeValue::B(Blob::new(empty)));
        self.table()?.write_all(vec![Write::Put(part)]).await?;
        self.put(&SchemaVersion {
            id,
            database_schema: schema,
            unique: format!("{schema}#{checksum}"),
            checksum,
            parts: 1,
            collation: None,
            pulled_from: Some(1),
            pull_datetime: Some(CREATED),
            created_at: CREATED,
            updated_at: CREATED,
            version: 1,
        })
        .await
    }

    /// Stores a changeset of schema 1 with one detail of the same id, submitted by user 4 (`dev`).
    async fn put_changeset(&self, id: u64, review_status: ReviewStatus) -> Result<Changeset> {
        let new = Changeset::new(id, 1, Kind::TableCreate, Classification::Painless, Some(4), CREATED);
        let changeset = Changeset { review_status, details: vec![id], ..new };
        self.put(&changeset).await?;
        self.put(&detail(id)).await?;
        Ok(changeset)
    }
}

fn detail(id: u64) -> ChangesetDetail {
    let empty = String::new;
    ChangesetDetail {
        id,
        changeset: id,
        description: empty(),
        apply_sql: "create table t01 (id int primary key)".to_owned(),
        revert_sql: "drop table t01".to_owned(),
        apply_verification_sql: empty(),
        revert_verification_sql: empty(),
        before_checksum: empty(),
        after_checksum: empty(),
        statement_checksums: Vec::new(),
        volumetric_values: empty(),
        impact: None,
        created_at: CREATED,
        updated_at: CREATED,
        version: 1,
    }
}

/// Returns the ids of the objects of a list.
fn ids(reply: &Reply) -> Vec<u64> {
    let objects = reply.json()["objects"].as_array().cloned().unwrap_or_default();
    objects.iter().filter_map(|object| object["id"].as_u64()).collect()
}

/// Returns the refusal of an action.
fn error_message(reply: &Reply) -> String {
    reply.json()["error_message"].as_str().unwrap_or_default().to_owned()
}
