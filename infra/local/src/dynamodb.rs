//! A stand-in for `DynamoDB`: an embedded dynoxide database, called directly or behind its own HTTP endpoint.
//!
//! `DynamoDB` Streams stay disabled: they make dynoxide slower with every write.

use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use axum::http::{HeaderValue, Response, StatusCode, header};
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;

use crate::shutdown::Shutdown;

/// What precedes the name of an operation in the header `x-amz-target`.
pub const TARGET_PREFIX: &str = "DynamoDB_20120810.";

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

/// The database behind the service. Clones share it.
#[derive(Clone)]
pub struct DynamoDb(Database);

impl DynamoDb {
    /// Creates a database in memory.
    pub fn memory() -> Result<Self> {
        Ok(Self(Database::memory()?))
    }

    /// Opens the database file at `path`, and creates it if it does not exist.
    pub fn open(path: &Path) -> Result<Self> {
        let text = path.to_str().context("the path is not valid UTF-8")?;
        let database = Database::new(text)?;
        // This is dynoxide's way to set `synchronous=NORMAL`, as the queues do: writes do not wait for the disk, but
        // acknowledged ones survive a crash of the process.
        database.disable_bulk_loading()?;
        Ok(Self(database))
    }

    /// Executes a request of a signed client, whose operation is named by the header `x-amz-target`. Blocks the thread
    /// while the database works.
    pub fn respond(&self, target: &str, body: &[u8]) -> Response<Vec<u8>> {
        let operation = target.strip_prefix(TARGET_PREFIX).unwrap_or_default();
        let (status, body) = match self.call(operation, body) {
            Ok(json) => (StatusCode::OK, json),
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
                (status, error.to_json().into_bytes())
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
        response
    }

    fn call(&self, operation: &str, body: &[u8]) -> dynoxide::Result<Vec<u8>> {
        let database = &self.0;
        match operation {
            "GetItem" => json(&database.get_item(read(body)?)?),
            "BatchGetItem" => json(&database.batch_get_item(read(body)?)?),
            "Query" => json(&database.query(read(body)?)?),
            "Scan" => json(&database.scan(read(body)?)?),
            "PutItem" => json(&database.put_item(read(body)?)?),
            "UpdateItem" => json(&database.update_item(read(body)?)?),
            "DeleteItem" => json(&database.delete_item(read(body)?)?),
            "BatchWriteItem" => json(&database.batch_write_item(read(body)?)?),
            "TransactGetItems" => json(&database.transact_get_items(read(body)?)?),
            "TransactWriteItems" => json(&database.transact_write_items(read(body)?)?),
            "CreateTable" => json(&database.create_table(read(body)?)?),
            "DescribeTable" => json(&database.describe_table(read(body)?)?),
            "UpdateTable" => json(&database.update_table(read(body)?)?),
            "ListTables" => json(&database.list_tables(read(body)?)?),
            "UpdateTimeToLive" => json(&database.update_time_to_live(read(body)?)?),
            "DescribeTimeToLive" => json(&database.describe_time_to_live(read(body)?)?),
            _ => Err(DynoxideError::ValidationException(format!("unsupported operation '{operation}'"))),
        }
    }

    /// Serves requests until shutdown. Requests in progress are finished.
    pub async fn serve(self, listener: TcpListener, shutdown: Shutdown) -> io::Result<()> {
        let triggered = async move { shutdown.triggered().await };
        dynoxide::server::serve_with_shutdown(listener, self.0, triggered).await.map_err(io::Error::other)
    }

    /// Deletes expired items, and returns their number. Blocks the thread.
    pub fn delete_expired(&self) -> Result<usize> {
        Ok(self.0.sweep_ttl()?)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> dynoxide::Result<T> {
    serde_json::from_slice(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn json<T: Serialize>(response: &T) -> dynoxide::Result<Vec<u8>> {
    serde_json::to_vec(response).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
