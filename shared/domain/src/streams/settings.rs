//! Settings of streams.

use crate::error::Error;
use crate::platform::variables::Variables;

/// The variables that these settings are read from, beside [`crate::platform::variables::SHARED`].
pub const VARIABLES: &[&str] = &["STREAM_DEFINITIONS", "PURGE_COMPLETED_STREAMS"];

/// Settings of streams.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder of custom definitions. `None` uses the definitions that ship with Steward.
    pub definitions: Option<String>,
    /// Whether a stream is deleted when its pipeline succeeds. Default false, so that it can be inspected.
    pub purge_completed: bool,
}

impl Settings {
    /// Reads the settings. Fails with the name of a variable whose value is invalid.
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        Ok(Self {
            definitions: variables.get("STREAM_DEFINITIONS").map(str::to_owned),
            purge_completed: variables.parse("PURGE_COMPLETED_STREAMS", false)?,
        })
    }
}
