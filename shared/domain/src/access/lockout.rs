//! Pure. Rate limiting of password attempts: ten failures in a quarter of an hour, counted per user and address.

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// Failures after which further passwords are rejected unverified.
pub const MAX_FAILURES: u64 = 10;
/// Length of the window in which failures are counted, from the first one on.
pub const WINDOW_SECONDS: i64 = 15 * 60;

/// The wrong passwords that were sent for a user from one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// The number of wrong passwords.
    #[serde(rename = "n")]
    pub count: u64,
    /// When the first of them was sent.
    #[serde(rename = "at")]
    pub since: Micros,
    /// When the record expires, in seconds since the epoch.
    pub ttl: i64,
}

impl Failures {
    /// Opens a window with its first failure.
    pub fn first(now: Micros) -> Self {
        Self { count: 1, since: now, ttl: now.plus_seconds(WINDOW_SECONDS).epoch_seconds() }
    }

    /// Returns the seconds until the next attempt is allowed, or `None` if it is allowed now.
    pub fn locked_for(&self, now: Micros) -> Option<i64> {
        let end = self.since.plus_seconds(WINDOW_SECONDS);
        let is_locked = self.count >= MAX_FAILURES && now < end;
        is_locked.then(|| (end.0 - now.0).div_euclid(1_000_000) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_lock_until_the_window_ends() {
        let failures = |count| Failures { count, ..Failures::first(Micros(0)) };
        let at = |seconds: i64| Micros(0).plus_seconds(seconds);
        assert_eq!(failures(9).locked_for(at(1)), None);
        assert_eq!(failures(10).locked_for(at(1)), Some(900));
        assert_eq!(failures(11).locked_for(at(899)), Some(2));
        assert_eq!(failures(10).locked_for(at(900)), None);
    }
}
