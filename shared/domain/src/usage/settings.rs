//! Settings of the usage ledger.

use crate::error::Error;
use crate::platform::variables::Variables;
use crate::usage::verdict::{FlavorField, Level};

/// The variables that these settings are read from, besides [`crate::platform::variables::SHARED`].
pub const VARIABLES: &[&str] = &[
    "VERIFY_LEVEL",
    "VERIFY_SETTLE_SECONDS",
    "VERIFY_FLAVOR_FIELD",
    "VERIFIED_NOTIFICATIONS",
    "VERIFIED_NOVA_EVENT_TYPE",
    "VERIFIED_GLANCE_EVENT_TYPE",
];

/// The settings of verification, retention and queries.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The fields that are validated. Default `all`, as in the original's sample configuration.
    pub level: Level,
    /// Seconds between the end of the audit period and the verification of a record. Default 300.
    pub settle_seconds: i64,
    /// The flavor field that an exists and its launch must agree on. Default `instance_type_id`.
    pub flavor_field: FlavorField,
    /// Whether verified records are announced. Default true.
    pub announces: bool,
    /// The event type of announcements about instances. Default `compute.instance.exists.verified`.
    pub nova_event_type: String,
    /// The event type of announcements about images. Default `image.exists.verified`.
    pub glance_event_type: String,
    /// Seconds that notifications are retained after receipt.
    pub retention_seconds: i64,
    /// The maximum number of read units of one query.
    pub query_budget: u64,
}

impl Settings {
    /// Reads the settings. Fails if a value is invalid; the error names the variable.
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        let nova = "compute.instance.exists.verified".to_owned();
        let glance = "image.exists.verified".to_owned();
        Ok(Self {
            level: variables.parse("VERIFY_LEVEL", Level::All)?,
            settle_seconds: variables.parse("VERIFY_SETTLE_SECONDS", 300)?,
            flavor_field: variables.parse("VERIFY_FLAVOR_FIELD", FlavorField::InstanceTypeId)?,
            announces: variables.parse("VERIFIED_NOTIFICATIONS", true)?,
            nova_event_type: variables.parse("VERIFIED_NOVA_EVENT_TYPE", nova)?,
            glance_event_type: variables.parse("VERIFIED_GLANCE_EVENT_TYPE", glance)?,
            retention_seconds: variables.retention_seconds()?,
            query_budget: variables.query_budget()?,
        })
    }
}
