//! SQS for the local run: AWS's JSON protocol on `SQLite`, standard queues only, and of those what the bundle uses.
//!
//! Behaviour follows the SQS API reference; limits are those of the service (10 messages and 256 KiB to a call).
//! Time comes from a [`Clock`], so that a test can let a visibility time-out or a delay pass without waiting.

mod batch;
mod digest;
mod messages;
mod protocol;
mod queues;
mod refusal;
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

use crate::stop::Stop;
use server::Server;
use store::Store;

/// The account that every queue belongs to.
pub const ACCOUNT: &str = "000000000000";
/// The region that every queue is in.
pub const REGION: &str = "us-east-1";

/// The name that other queues and policies know a queue by.
pub fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
}

/// The service: its store, ready to be served.
pub struct Sqs(Store);

impl Sqs {
    /// Queues that live as long as the process.
    pub fn memory(clock: Clock) -> Result<Self, rusqlite::Error> {
        Ok(Self(Store::new(rusqlite::Connection::open_in_memory()?, clock, Ids::random())?))
    }

    /// Queues in the file at `path`, which is made where there is none.
    pub fn open(path: &Path, clock: Clock) -> Result<Self, rusqlite::Error> {
        Ok(Self(Store::new(rusqlite::Connection::open(path)?, clock, Ids::random())?))
    }

    /// Lets every message of a queue that is being worked on come back within `most`: whoever had taken it is gone.
    pub fn recall(&self, queue: &str, most: TimeDelta) -> Result<(), rusqlite::Error> {
        self.0.recall(queue, most.num_milliseconds())
    }

    /// Answers on `listener` until `stop`; requests that have begun are answered, long polls end early.
    pub async fn serve(self, listener: TcpListener, stop: Stop) -> io::Result<()> {
        let endpoint = format!("http://{}", listener.local_addr()?);
        let server = Arc::new(Server::new(self.0, endpoint, stop.clone()));
        axum::serve(listener, server::router(server))
            .with_graceful_shutdown(async move { stop.wait().await })
            .await
    }
}
