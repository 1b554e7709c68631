//! A stand-in for `DynamoDB`: an embedded dynoxide database behind its own HTTP endpoint.
//!
//! `DynamoDB` Streams stay disabled: they make dynoxide slower with every write.

use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use dynoxide::Database;
use tokio::net::TcpListener;

use crate::shutdown::Shutdown;

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
