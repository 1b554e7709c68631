//! Settings of reviews and applications.

use std::time::Duration;

use domain::error::Error;
use domain::platform::variables::{Variables, invalid};

/// The variables that these settings are read from.
pub const VARIABLES: &[&str] = &[LEASE_SECONDS, RETRY_MINUTES, LOCK_WAIT_SECONDS, CHECK_HOURS, LEGACY_STATUS];

const LEASE_SECONDS: &str = "CHANGESET_LEASE_SECONDS";
const RETRY_MINUTES: &str = "CHANGESET_RETRY_MINUTES";
const LOCK_WAIT_SECONDS: &str = "CHANGESET_LOCK_WAIT_SECONDS";
const CHECK_HOURS: &str = "SCHEMA_CHECK_HOURS";
/// The variable that makes refused actions return 200, as the original did.
pub const LEGACY_STATUS: &str = "SCHEMAS_LEGACY_STATUS";

/// The shortest lease in seconds, so that a slow call does not outlast it.
const SHORTEST_LEASE: u32 = 6;

/// The settings of reviews and applications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Seconds of a worker's lease.
    pub lease_seconds: i64,
    /// Seconds for which a task waits for an unreachable server or a held lock before it fails.
    pub retry_seconds: i64,
    /// Seconds that a statement waits for locks, unless a request or a policy says otherwise.
    pub lock_wait_seconds: u64,
    /// Hours between two checks of a schema on a server. `None` for no scheduled checks.
    pub check_hours: Option<i64>,
    /// Whether refused actions return 200.
    pub legacy_status: bool,
}

impl Settings {
    /// Reads `CHANGESET_LEASE_SECONDS` (90 by default), `CHANGESET_RETRY_MINUTES` (10), `CHANGESET_LOCK_WAIT_SECONDS`
    /// (10), `SCHEMA_CHECK_HOURS` (24; 0 disables the checks) and `SCHEMAS_LEGACY_STATUS` (false).
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        let lease_seconds = variables.parse(LEASE_SECONDS, 90_u32)?;
        if lease_seconds < SHORTEST_LEASE {
            let rule = format!("expected at least {SHORTEST_LEASE}");
            return Err(invalid(LEASE_SECONDS, &lease_seconds.to_string(), &rule));
        }
        let check_hours = variables.parse(CHECK_HOURS, 24_u32)?;
        Ok(Self {
            lease_seconds: i64::from(lease_seconds),
            retry_seconds: i64::from(variables.parse(RETRY_MINUTES, 10_u32)?) * 60,
            lock_wait_seconds: u64::from(variables.parse(LOCK_WAIT_SECONDS, 10_u32)?),
            check_hours: (check_hours > 0).then_some(i64::from(check_hours)),
            legacy_status: variables.parse(LEGACY_STATUS, false)?,
        })
    }
}

impl Settings {
    /// Returns the period in which a worker renews its lease while a statement runs: a third of the lease.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.lease_seconds.unsigned_abs() / 3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_defaults_and_limits() {
        let defaults = Settings::read(&Variables::default()).expect("the defaults");
        let expected = Settings {
            lease_seconds: 90,
            retry_seconds: 600,
            lock_wait_seconds: 10,
            check_hours: Some(24),
            legacy_status: false,
        };
        assert_eq!(defaults, expected);
        let disabled = Settings::read(&Variables::default().with([(CHECK_HOURS, "0")])).expect("no checks");
        assert_eq!(disabled.check_hours, None);
        for (name, value) in [(LEASE_SECONDS, "5"), (RETRY_MINUTES, "-1"), (LEGACY_STATUS, "maybe")] {
            let rejected = Settings::read(&Variables::default().with([(name, value)]));
            let text = rejected.expect_err("the value is invalid").to_string();
            assert!(text.starts_with(&format!("{name}: '{value}': ")), "{text}");
        }
    }
}
