//! Failures of workers: whether to retry, and the backoff within one invocation.

use std::time::Duration;

use crate::digest;
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

/// The longest time after which a message is delivered again that met a conflict, in seconds.
const LONGEST_RETURN: u32 = 128;

/// Returns the seconds after which a message with this id is delivered again that met a conflict: about 2 after its first
/// delivery, doubled with each, so that it outlasts any lease. A message that fails for another reason waits for the
/// queue's visibility timeout.
pub fn return_seconds(deliveries: u32, id: &str) -> i32 {
    let longest = 1_u32.checked_shl(deliveries.max(1)).unwrap_or(LONGEST_RETURN).min(LONGEST_RETURN);
    let share = digest::quick(&format!("{id} {deliveries}")) % u64::from(longest.div_ceil(2));
    i32::try_from(longest.div_ceil(2) + u32::try_from(share).unwrap_or_default()).unwrap_or_default()
}

/// Waits before retry number `attempt`, from 1, of the work with this name.
#[expect(clippy::disallowed_methods, reason = "the one place that waits")]
pub async fn pause(attempt: u32, name: &str) {
    tokio::time::sleep(jittered_delay(attempt, name)).await;
}

/// Returns the backoff before a retry: between half and the whole of [`delay`], so that workers that met once do not meet
/// again.
fn jittered_delay(attempt: u32, name: &str) -> Duration {
    let share = u32::try_from(digest::quick(&format!("{name} {attempt}")) % 512).unwrap_or_default();
    delay(attempt) * (512 + share) / 1_024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_doubles_up_to_one_second() {
        let millis: Vec<_> = [1, 2, 3, 6, 7, 99].into_iter().map(|n| delay(n).as_millis()).collect();
        assert_eq!(millis, [20, 40, 80, 640, 1_000, 1_000]);
    }

    #[test]
    fn a_message_that_met_a_conflict_returns_within_seconds_and_outlasts_a_lease() {
        let seconds: Vec<_> = (1..=8).map(|deliveries| return_seconds(deliveries, "m")).collect();
        assert!((1..=2).contains(&seconds[0]), "{seconds:?}");
        assert!(
            seconds.iter().zip([2, 4, 8, 16, 32, 64, 128, 128]).all(|(found, most)| *found <= most),
            "{seconds:?}"
        );
        assert!(seconds.iter().sum::<i32>() > 120, "{seconds:?}");
    }

    #[test]
    fn jittered_delay_differs_by_name_and_is_at_least_half() {
        let delays: Vec<_> = (0..50).map(|n| jittered_delay(3, &n.to_string())).collect();
        assert!(delays.iter().all(|found| delay(3) / 2 <= *found && *found <= delay(3)), "{delays:?}");
        assert!(delays.iter().collect::<std::collections::BTreeSet<_>>().len() > 30, "{delays:?}");
    }
}
