//! Settings of recomputation requests.

use crate::error::Error;
use crate::platform::variables::Variables;
use crate::recomputations::status::Transitions;

/// The variables that the settings are read from.
pub const VARIABLES: &[&str] = &["RECOMP_TRANSITIONS"];

/// The settings of recomputation requests.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The allowed status changes. The default is `open`, as in the original.
    pub transitions: Transitions,
}

impl Settings {
    /// Reads the settings. Fails if a variable has an invalid value, which the error names.
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        Ok(Self { transitions: variables.parse("RECOMP_TRANSITIONS", Transitions::Open)? })
    }
}
