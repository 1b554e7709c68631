//! Which `OpenStack` service something comes from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which `OpenStack` service a notification comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Instances.
    Nova,
    /// Images.
    Glance,
}

impl Service {
    /// The name that the API uses.
    pub fn code(self) -> &'static str {
        match self {
            Self::Nova => "nova",
            Self::Glance => "glance",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Service {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "nova" => Ok(Self::Nova),
            "glance" => Ok(Self::Glance),
            _ => Err("nova or glance is expected"),
        }
    }
}
