//! Settings of operations.

use std::time::Duration;

use domain::error::Error;
use domain::platform::variables::{Variables, invalid};

/// The variables that these settings are read from.
pub const VARIABLES: &[&str] = &[CONCURRENCY, LEASE_SECONDS, RETRY_MINUTES, RETENTION_DAYS];

const CONCURRENCY: &str = "MAINTENANCE_CONCURRENCY";
const LEASE_SECONDS: &str = "MAINTENANCE_LEASE_SECONDS";
const RETRY_MINUTES: &str = "MAINTENANCE_RETRY_MINUTES";
const RETENTION_DAYS: &str = "MAINTENANCE_RETENTION_DAYS";

/// The shortest lease in seconds, so that a slow call does not outlast it.
const SHORTEST_LEASE: u32 = 6;
/// Heartbeats per lease: some may fail before it expires.
const HEARTBEATS_PER_LEASE: u32 = 6;

/// The settings of operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Statements that run on one server at the same time.
    pub concurrency: u32,
    /// Seconds of a worker's lease. Correctness does not depend on it: another worker that takes over too early finds the
    /// statement running, and leaves it alone.
    pub lease_seconds: i64,
    /// Seconds for which an operation that is due waits for an unreachable server before it fails.
    pub retry_seconds: i64,
    /// Seconds that an operation is kept after its end.
    pub retention_seconds: i64,
}

impl Settings {
    /// Returns the time between two heartbeats of a worker.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.lease_seconds.unsigned_abs()) / HEARTBEATS_PER_LEASE
    }

    /// Reads `MAINTENANCE_CONCURRENCY` (4 by default), `MAINTENANCE_LEASE_SECONDS` (90), `MAINTENANCE_RETRY_MINUTES` (60)
    /// and `MAINTENANCE_RETENTION_DAYS` (90).
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        let concurrency = variables.parse(CONCURRENCY, 4_u32)?;
        if concurrency == 0 {
            return Err(invalid(CONCURRENCY, "0", &"expected at least 1"));
        }
        let lease_seconds = variables.parse(LEASE_SECONDS, 90_u32)?;
        if lease_seconds < SHORTEST_LEASE {
            let rule = format!("expected at least {SHORTEST_LEASE}");
            return Err(invalid(LEASE_SECONDS, &lease_seconds.to_string(), &rule));
        }
        let retry_minutes = variables.parse(RETRY_MINUTES, 60_u32)?;
        let retention_days = variables.parse(RETENTION_DAYS, 90_u32)?;
        Ok(Self {
            concurrency,
            lease_seconds: i64::from(lease_seconds),
            retry_seconds: i64::from(retry_minutes) * 60,
            retention_seconds: i64::from(retention_days) * 86_400,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_defaults_and_a_server_runs_at_least_one_operation() {
        let defaults = Settings::read(&Variables::default()).expect("the defaults");
        let expected = Settings {
            concurrency: 4,
            lease_seconds: 90,
            retry_seconds: 3_600,
            retention_seconds: 90 * 86_400,
        };
        assert_eq!(defaults, expected);
        assert_eq!(defaults.heartbeat(), Duration::from_secs(15));
        for (name, value) in
            [(CONCURRENCY, "0"), (LEASE_SECONDS, "5"), (RETRY_MINUTES, "-1"), (RETENTION_DAYS, "soon")]
        {
            let rejected = Settings::read(&Variables::default().with([(name, value)]));
            let text = rejected.expect_err("the value is invalid").to_string();
            assert!(text.starts_with(&format!("{name}: '{value}': ")), "{text}");
        }
    }
}
