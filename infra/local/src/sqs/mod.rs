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

use axum::http::Response;
use chrono::TimeDelta;
use domain::platform::clock::Clock;
use domain::platform::id::Ids;
use tokio::net::TcpListener;

use crate::shutdown::Shutdown;
use server::Server;
pub use server::TARGET_PREFIX;
use store::Store;

/// The account id of every queue.
pub const ACCOUNT: &str = "000000000000";
/// The region of every queue.
pub const REGION: &str = "us-east-1";

/// Returns the ARN of a queue.
pub fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
}

/// The queues and their messages, before the service is started.
pub struct Sqs(Store);

impl Sqs {
    /// Creates a store in memory. Messages and receipts are named by `ids`.
    pub fn memory(clock: Clock, ids: Ids) -> Result<Self, rusqlite::Error> {
        Ok(Self(Store::new(rusqlite::Connection::open_in_memory()?, clock, ids)?))
    }

    /// Opens the store in the file at `path`, and creates it if it does not exist.
    pub fn open(path: &Path, clock: Clock) -> Result<Self, rusqlite::Error> {
        Ok(Self(Store::new(rusqlite::Connection::open(path)?, clock, Ids::random())?))
    }

    /// Makes a queue's messages in flight visible again after at most `delay`, because their consumers are gone.
    pub fn release_in_flight(&self, queue: &str, delay: TimeDelta) -> Result<(), rusqlite::Error> {
        self.0.release_in_flight(queue, delay.num_milliseconds())
    }

    /// Starts the service. The URLs of its queues begin with `endpoint`, and long polls end early on shutdown.
    pub fn start(self, endpoint: String, shutdown: Shutdown) -> Service {
        Service(Arc::new(Server::new(self.0, endpoint, shutdown)))
    }
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Server>);

impl Service {
    /// Executes a request, whose operation is named by the header `x-amz-target`.
    pub async fn respond(&self, target: &str, body: &[u8]) -> Response<Vec<u8>> {
        self.0.respond(target, body).await
    }

    /// Serves requests on a socket until shutdown. Requests in progress are finished.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        let shutdown = self.0.shutdown().clone();
        axum::serve(listener, server::router(self.0))
            .with_graceful_shutdown(async move { shutdown.triggered().await })
            .await
    }
}
