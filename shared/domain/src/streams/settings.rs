//! Settings of streams.

use crate::error::Error;
use crate::platform::variables::Variables;

/// The variables that these settings are read from, beside [`crate::platform::variables::SHARED`].
pub const VARIABLES: &[&str] = &["STREAM_DEFINITIONS", "PURGE_COMPLETED_STREAMS"];

/// How streams are handled.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder of an operator's own definitions. `None` uses the definitions that Steward comes with.
    pub definitions: Option<String>,
    /// Whether a stream is deleted once its pipeline ran. Default false, so that it can be inspected.
    pub purge_completed: bool,
}

impl Settings {
    /// Reads the settings. Fails with the name of a variable whose value cannot be used.
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        Ok(Self {
            definitions: variables.get("STREAM_DEFINITIONS").map(str::to_owned),
            purge_completed: variables.parse("PURGE_COMPLETED_STREAMS", false)?,
        })
    }
}
