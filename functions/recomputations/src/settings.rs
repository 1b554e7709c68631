//! Settings of the API.

use std::str::FromStr;

use domain::error::Error;
use domain::platform::variables::Variables;

/// The variables that these settings are read from.
pub const VARIABLES: &[&str] = &["RECOMP_INVALID_STATUS_CODE"];

/// The response to an unknown status in the documented dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidStatus {
    /// `404`, as documented.
    NotFound,
    /// `409`, as the original did.
    Conflict,
}

impl FromStr for InvalidStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "404" => Ok(Self::NotFound),
            "409" => Ok(Self::Conflict),
            _ => Err("expected 404 or 409"),
        }
    }
}

impl InvalidStatus {
    /// Reads the setting (`RECOMP_INVALID_STATUS_CODE`, 404 by default).
    pub fn read(variables: &Variables) -> Result<Self, Error> {
        variables.parse("RECOMP_INVALID_STATUS_CODE", Self::NotFound)
    }
}
