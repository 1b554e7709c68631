//! Pure. How often somebody may guess: ten times in a quarter of an hour, counted per user and address.

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// Wrong passwords after which no further one is compared.
pub const FAILURES: u64 = 10;
/// Seconds in which they are counted, from the first one on.
pub const SECONDS: i64 = 15 * 60;

/// The wrong passwords of a user from one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// How many.
    #[serde(rename = "n")]
    pub count: u64,
    /// When the first one came.
    #[serde(rename = "at")]
    pub since: Micros,
    /// When the record may go, in seconds since the epoch.
    pub ttl: i64,
}

impl Failures {
    /// The first one.
    pub fn first(now: Micros) -> Self {
        Self { count: 1, since: now, ttl: now.plus_seconds(SECONDS).epoch_seconds() }
    }

    /// Whether they still count.
    pub fn count_at(&self, now: Micros) -> bool {
        now < self.since.plus_seconds(SECONDS)
    }

    /// Seconds until somebody with these may try again; none where they may now.
    pub fn locked_for(&self, now: Micros) -> Option<i64> {
        let is_locked = self.count >= FAILURES && self.count_at(now);
        is_locked.then(|| (self.since.plus_seconds(SECONDS).0 - now.0).div_euclid(1_000_000) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_lock_for_the_rest_of_the_quarter_hour() {
        let failures = |count| Failures { count, ..Failures::first(Micros(0)) };
        let at = |seconds: i64| Micros(0).plus_seconds(seconds);
        assert_eq!(failures(9).locked_for(at(1)), None);
        assert_eq!(failures(10).locked_for(at(1)), Some(900));
        assert_eq!(failures(11).locked_for(at(899)), Some(2));
        assert_eq!(failures(10).locked_for(at(900)), None);
    }
}
