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

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::platform::Platform;
use crate::streams::Streams;
use crate::streams::rulebook::Rulebook;
use crate::time::Micros;
use crate::usage::Usage;

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
