//! Settings of the usage ledger.

use crate::error::Error;
use crate::platform::variables::Variables;
use crate::usage::verify::{FlavorField, Level};

/// The variables that these settings are read from, beside [`crate::platform::variables::SHARED`].
pub const VARIABLES: &[&str] = &[
    "VERIFY_LEVEL",
    "VERIFY_SETTLE_SECONDS",
    "VERIFY_FLAVOR_FIELD",
    "VERIFIED_NOTIFICATIONS",
    "VERIFIED_NOVA_EVENT_TYPE",
    "VERIFIED_GLANCE_EVENT_TYPE",
];

/// How exists records are verified, and how much a query may read.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which fields are validated. Default `all`, as in the original's sample configuration.
    pub level: Level,
    /// Seconds after the end of the audit period before a record is verified. Default 300.
    pub settle_seconds: i64,
    /// The flavor field that an exists and its launch must agree on. Default `instance_type_id`.
    pub flavor_field: FlavorField,
    /// Whether a verified record is announced. Default true.
    pub announces: bool,
    /// Event type of the announcement of an instance. Default `compute.instance.exists.verified`.
    pub nova_event_type: String,
    /// Event type of the announcement of an image message. Default `image.exists.verified`.
    pub glance_event_type: String,
    /// Seconds that notifications are kept, counted from receipt.
    pub retention_seconds: i64,
    /// Read units that one query may use before it is refused.
    pub query_budget: u64,
}

impl Settings {
    /// Reads the settings. Fails with the name of a variable whose value cannot be used.
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
