//! Whether a worker's failure is worth another try, and how long to wait inside one.

use std::time::Duration;

use crate::error::{Error, Kind};

/// Why a worker did not finish a message, decided at the line that failed.
#[derive(Debug)]
pub enum Failure {
    /// Back to the queue: the same message may succeed later.
    Retry(Error),
    /// Never again: the message is dropped after the failure is logged.
    GiveUp(Error),
}

impl Failure {
    /// The failure itself.
    pub fn error(&self) -> &Error {
        match self {
            Self::Retry(error) | Self::GiveUp(error) => error,
        }
    }
}

/// The first failure of several independent pieces of work. The others are logged here, so that none is lost.
pub fn first<E: AsRef<Error>>(outcomes: impl IntoIterator<Item = Result<(), E>>) -> Result<(), E> {
    let mut failures = outcomes.into_iter().filter_map(Result::err);
    let Some(first) = failures.next() else { return Ok(()) };
    for other in failures {
        tracing::error!(error = other.as_ref().chain(), "another piece of the same work failed, too");
    }
    Err(first)
}

impl AsRef<Error> for Failure {
    fn as_ref(&self) -> &Error {
        self.error()
    }
}

/// What no rule decided otherwise goes back to the queue, whose dead letters keep what never succeeds.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Retry(error)
    }
}

/// Whether somebody else was at it, or faster: the normal course of many workers, not a fault.
pub fn is_conflict(error: &Error) -> bool {
    error.kind() == Kind::Conflict
}

/// How many times one call is tried again inside an invocation before the message goes back to the queue.
pub const ATTEMPTS: u32 = 5;

/// The wait before try number `attempt` (1 is the first repeat): 20 ms, doubled each time, at most 1 s.
pub fn delay(attempt: u32) -> Duration {
    let millis = 20_u64.saturating_mul(1 << attempt.saturating_sub(1).min(10));
    Duration::from_millis(millis.min(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_a_second() {
        let millis: Vec<_> = [1, 2, 3, 6, 7, 99].into_iter().map(|n| delay(n).as_millis()).collect();
        assert_eq!(millis, [20, 40, 80, 640, 1_000, 1_000]);
    }
}
