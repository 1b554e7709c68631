//! Settings of recomputation requests.

use crate::error::Error;
use crate::platform::variables::Variables;
use crate::recomputations::status::Transitions;

/// The variables that these settings are read from.
pub const VARIABLES: &[&str] = &["RECOMP_TRANSITIONS"];

/// How recomputation requests are handled.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Which status may follow which. Default `open`, as in the original.
    pub transitions: Transitions,
}

impl Settings {
    /// Reads the settings. Fails with the name of a variable whose value cannot be used.
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        Ok(Self { transitions: variables.parse("RECOMP_TRANSITIONS", Transitions::Open)? })
    }
}
