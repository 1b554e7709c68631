//! Simulated time: tokio's paused clock, which jumps to the next timer whenever all tasks are waiting.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// When every simulation starts, in seconds since the epoch: 2035-01-05 10:00:00 UTC.
const START: i64 = 2_051_604_000;

/// The time since the start of a simulation.
#[derive(Clone, Copy, Debug)]
pub struct Time(Instant);

impl Time {
    /// Starts a simulation at [`START`].
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the time since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// Returns the time that a clock without skew shows.
    pub fn now(self) -> DateTime<Utc> {
        at(self.elapsed())
    }
}

/// Returns the time that a clock without skew shows this long after the start.
pub fn at(elapsed: Duration) -> DateTime<Utc> {
    DateTime::from_timestamp(START, 0).unwrap_or_default() + elapsed
}

/// Waits in simulated time.
#[expect(clippy::disallowed_methods, reason = "simulated time passes only while tasks wait for it")]
pub async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Starts a task that runs concurrently with all others of the simulation, on the same thread.
#[expect(clippy::disallowed_methods, reason = "the parts of the simulation run concurrently")]
pub fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(work)
}
