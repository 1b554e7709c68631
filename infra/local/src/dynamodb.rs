//! `DynamoDB` for the local run: dynoxide, embedded, behind its own HTTP endpoint.
//!
//! Table streams stay off: with one enabled, dynoxide gets slower with every write.

use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use dynoxide::Database;
use tokio::net::TcpListener;

use crate::stop::Stop;

/// The service: its store, ready to be served. Clones share the store.
#[derive(Clone)]
pub struct DynamoDb(Database);

impl DynamoDb {
    /// Tables that live as long as the process.
    pub fn memory() -> Result<Self> {
        Ok(Self(Database::memory()?))
    }

    /// Tables in the file at `path`, which is made where there is none.
    pub fn open(path: &Path) -> Result<Self> {
        let text = path.to_str().context("the path is not valid UTF-8")?;
        let database = Database::new(text)?;
        // SQLite waits for the disk with every write unless told otherwise. This is dynoxide's way to tell it
        // `synchronous=NORMAL`: what was answered survives the end of the process, as it does in the queues.
        database.disable_bulk_loading()?;
        Ok(Self(database))
    }

    /// Answers on `listener` until `stop`; requests that have begun are answered.
    pub async fn serve(self, listener: TcpListener, stop: Stop) -> io::Result<()> {
        let served =
            dynoxide::server::serve_with_shutdown(listener, self.0, async move { stop.wait().await });
        served.await.map_err(io::Error::other)
    }

    /// Removes items whose time to live is over; how many. Blocks the thread.
    pub fn sweep(&self) -> Result<usize> {
        Ok(self.0.sweep_ttl()?)
    }
}
