//! Failures of workers: whether to retry, and the backoff within one invocation.

use std::time::Duration;

use crate::error::{Error, Kind};

/// Why a worker did not finish a message. The line that fails decides whether it is retried.
#[derive(Debug)]
pub enum Failure {
    /// The message returns to the queue: it may succeed later.
    Retry(Error),
    /// The message can never succeed. It is dropped after the failure is logged.
    GiveUp(Error),
}

impl Failure {
    /// Returns the error.
    pub fn error(&self) -> &Error {
        match self {
            Self::Retry(error) | Self::GiveUp(error) => error,
        }
    }
}

/// Returns the first failure of several independent operations, and logs the others.
pub fn first<E: AsRef<Error>>(outcomes: impl IntoIterator<Item = Result<(), E>>) -> Result<(), E> {
    let mut failures = outcomes.into_iter().filter_map(Result::err);
    let Some(first) = failures.next() else { return Ok(()) };
    for other in failures {
        let error = other.as_ref();
        if is_conflict(error) {
            tracing::warn!(
                reason = error.chain(),
                "another operation of the same work met a conflict as well"
            );
        } else {
            tracing::error!(error = error.chain(), "another operation of the same work failed as well");
        }
    }
    Err(first)
}

impl AsRef<Error> for Failure {
    fn as_ref(&self) -> &Error {
        self.error()
    }
}

/// By default an error is retried. A message that never succeeds ends in the dead-letter queue.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Retry(error)
    }
}

/// Whether the error is a conflict with another worker, which is expected and not a fault.
pub fn is_conflict(error: &Error) -> bool {
    error.kind() == Kind::Conflict
}

/// Attempts of one call within an invocation before the message returns to the queue.
pub const ATTEMPTS: u32 = 5;

/// Returns the backoff before retry number `attempt`, from 1: 20 ms, doubled each time, at most 1 s.
pub fn delay(attempt: u32) -> Duration {
    let millis = 20_u64.saturating_mul(1 << attempt.saturating_sub(1).min(10));
    Duration::from_millis(millis.min(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_doubles_up_to_one_second() {
        let millis: Vec<_> = [1, 2, 3, 6, 7, 99].into_iter().map(|n| delay(n).as_millis()).collect();
        assert_eq!(millis, [20, 40, 80, 640, 1_000, 1_000]);
    }
}
