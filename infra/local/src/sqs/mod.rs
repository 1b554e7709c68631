//! A stand-in for SQS: AWS's JSON protocol on `SQLite`, with the features of standard queues that the bundle uses.
//!
//! Behaviour follows the SQS API reference, and limits are those of the service (10 messages and 256 KiB per call).
//! Time is taken from a [`Clock`], so tests can pass a visibility timeout or a delay without waiting.

mod batch;
mod digest;
mod error;
mod messages;
mod protocol;
mod queues;
mod server;
mod settings;
mod store;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use domain::platform::clock::Clock;
use domain::platform::id::Ids;
use tokio::net::TcpListener;

use crate::shutdown::Shutdown;
use server::Server;
use store::Store;

/// The account id of every queue.
pub const ACCOUNT: &str = "000000000000";
/// The region of every queue.
pub const REGION: &str = "us-east-1";

/// Returns the ARN of a queue.
pub fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
}

/// The store behind the service.
pub struct Sqs(Store);

impl Sqs {
    /// Creates a store in memory.
    pub fn memory(clock: Clock) -> Result<Self, rusqlite::Error> {
        Ok(Self(Store::new(rusqlite::Connection::open_in_memory()?, clock, Ids::random())?))
    }

    /// Opens the store in the file at `path`, and creates it if it does not exist.
    pub fn open(path: &Path, clock: Clock) -> Result<Self, rusqlite::Error> {
        Ok(Self(Store::new(rusqlite::Connection::open(path)?, clock, Ids::random())?))
    }

    /// Makes a queue's messages in flight visible again after at most `delay`, because their consumers are gone.
    pub fn release_in_flight(&self, queue: &str, delay: TimeDelta) -> Result<(), rusqlite::Error> {
        self.0.release_in_flight(queue, delay.num_milliseconds())
    }

    /// Serves requests until shutdown. Requests in progress are finished, and long polls end early.
    pub async fn serve(self, listener: TcpListener, shutdown: Shutdown) -> io::Result<()> {
        let endpoint = format!("http://{}", listener.local_addr()?);
        let server = Arc::new(Server::new(self.0, endpoint, shutdown.clone()));
        axum::serve(listener, server::router(server))
            .with_graceful_shutdown(async move { shutdown.triggered().await })
            .await
    }
}
