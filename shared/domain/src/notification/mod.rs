//! Notifications: how they are accepted, queued, and turned into records.

pub mod accepting;
pub mod body;
pub mod envelope;
pub mod owning;
pub mod packing;
pub mod payload;
pub mod plan;
pub mod processing;
pub mod raw;
pub mod rejected;
pub mod store;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::platform::Platform;
use crate::streams::Streams;
use crate::streams::rulebook::Rulebook;
use crate::time::Micros;
use crate::usage::Usage;

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

/// When an event happened and which it was: of two events the newer one has the greater mark.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    /// The notification's own time.
    #[serde(rename = "t")]
    pub at: Micros,
    /// Its `message_id`, or its place in its chunk where it has none.
    #[serde(rename = "m")]
    pub message: String,
}

/// Notifications: accepted, queued, recorded.
#[derive(Clone, Debug)]
pub struct Notifications {
    platform: Platform,
    usage: Usage,
    streams: Streams,
}

impl Notifications {
    /// Notifications on this platform, feeding the ledger and the streams that go by these rules.
    pub fn new(platform: Platform, rules: Arc<Rulebook>) -> Self {
        let streams = Streams::new(platform.clone(), rules);
        Self { usage: Usage::new(platform.clone()), streams, platform }
    }

    fn now(&self) -> Micros {
        Micros::from(self.platform.clock.now())
    }
}
