//! The only reader of the environment: one struct per concern, every default with its reason.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use crate::error::Error;
use crate::usage::verify::{FlavorField, Level};

/// Every variable that Steward reads, as `template.yaml` may set them.
pub const VARIABLES: &[&str] = &[
    "USAGE_TABLE",
    "NOTIFICATION_QUEUE_URL",
    "USAGE_QUEUE_URL",
    "VERIFIED_QUEUE_URL",
    "VERIFY_LEVEL",
    "VERIFY_SETTLE_SECONDS",
    "VERIFY_FLAVOR_FIELD",
    "VERIFIED_NOTIFICATIONS",
    "VERIFIED_NOVA_EVENT_TYPE",
    "VERIFIED_GLANCE_EVENT_TYPE",
    "RETENTION_DAYS",
    "QUERY_BUDGET",
    "LOG_FORMAT",
    "RUST_LOG",
    "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH",
];

/// Everything that an operator can set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where records and messages are.
    pub places: Places,
    /// How exists records are verified.
    pub verify: Verify,
    /// Days that notifications, their bodies and set-aside elements are kept, counted from receipt. Default 14.
    pub retention_days: i64,
    /// Read units that one query may use before it is refused. Default 20,000: about 160 MB read, a quarter of a cent.
    pub query_budget: u64,
}

/// Names and addresses that a deployment gives.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Name of the table of group `usage`.
    pub usage_table: String,
    /// Queue of accepted notifications.
    pub notification_queue: String,
    /// Queue of verification work.
    pub usage_queue: String,
    /// Queue of verified notifications, read by whoever sends usage downstream.
    pub verified_queue: String,
}

/// How exists records are verified.
#[derive(Clone, Debug)]
pub struct Verify {
    /// Which fields are validated. Default `all`, as in the original's sample configuration.
    pub level: Level,
    /// Seconds after the end of the audit period before a record is looked at. Default 300.
    pub settle_seconds: i64,
    /// The flavor field that an exists and its launch must agree on. Default `instance_type_id`.
    pub flavor_field: FlavorField,
    /// Whether a verified record is announced. Default true.
    pub notifications: bool,
    /// Event type of the announcement of an instance. Default `compute.instance.exists.verified`.
    pub nova_event_type: String,
    /// Event type of the announcement of an image message. Default `image.exists.verified`.
    pub glance_event_type: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            places: Places::default(),
            verify: Verify {
                level: Level::All,
                settle_seconds: 300,
                flavor_field: FlavorField::InstanceTypeId,
                notifications: true,
                nova_event_type: "compute.instance.exists.verified".to_owned(),
                glance_event_type: "image.exists.verified".to_owned(),
            },
            retention_days: 14,
            query_budget: 20_000,
        }
    }
}

impl Config {
    /// The configuration in this process's environment; what is not set has its default.
    ///
    /// A value that cannot be read is an error that names the variable.
    pub fn from_env() -> Result<Self, Error> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        let variables = std::env::vars().collect();
        Self::from_variables(&variables)
    }

    /// The configuration in these variables.
    pub fn from_variables(variables: &HashMap<String, String>) -> Result<Self, Error> {
        let default = Self::default();
        let verify = default.verify;
        Ok(Self {
            places: Places {
                usage_table: read(variables, "USAGE_TABLE", String::new())?,
                notification_queue: read(variables, "NOTIFICATION_QUEUE_URL", String::new())?,
                usage_queue: read(variables, "USAGE_QUEUE_URL", String::new())?,
                verified_queue: read(variables, "VERIFIED_QUEUE_URL", String::new())?,
            },
            verify: Verify {
                level: read(variables, "VERIFY_LEVEL", verify.level)?,
                settle_seconds: read(variables, "VERIFY_SETTLE_SECONDS", verify.settle_seconds)?,
                flavor_field: read(variables, "VERIFY_FLAVOR_FIELD", verify.flavor_field)?,
                notifications: read(variables, "VERIFIED_NOTIFICATIONS", verify.notifications)?,
                nova_event_type: read(variables, "VERIFIED_NOVA_EVENT_TYPE", verify.nova_event_type)?,
                glance_event_type: read(variables, "VERIFIED_GLANCE_EVENT_TYPE", verify.glance_event_type)?,
            },
            retention_days: read(variables, "RETENTION_DAYS", default.retention_days)?,
            query_budget: read(variables, "QUERY_BUDGET", default.query_budget)?,
        })
    }
}

fn read<T>(variables: &HashMap<String, String>, name: &str, default: T) -> Result<T, Error>
where
    T: FromStr,
    T::Err: Display,
{
    match variables.get(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|cause: T::Err| Error::invalid(format!("{name}: '{text}': {cause}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_has_its_default_and_what_is_wrong_names_its_variable() {
        let mut variables = HashMap::from([("VERIFY_LEVEL".to_owned(), "basic".to_owned())]);
        let config = Config::from_variables(&variables).expect("it is fine");
        assert_eq!((config.verify.level, config.verify.settle_seconds), (Level::Basic, 300));

        variables.insert("VERIFY_SETTLE_SECONDS".to_owned(), "soon".to_owned());
        let refused = Config::from_variables(&variables).expect_err("it is no number");
        assert_eq!(refused.to_string(), "VERIFY_SETTLE_SECONDS: 'soon': invalid digit found in string");
    }
}
