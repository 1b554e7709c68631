//! Pure. The `OpenStack` services that send notifications.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An `OpenStack` service that sends notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// The service of instances.
    Nova,
    /// The service of images.
    Glance,
}

impl Service {
    /// Returns the name used in the API and in stored records.
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
            _ => Err("expected nova or glance"),
        }
    }
}
