//! Streams: notifications distilled to events, events collected per thing and day, pipelines that run when a day is
//! complete.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> active: first event
//!     active --> firing: criteria met and delay over
//!     active --> expiring: time over
//!     firing --> completed
//!     firing --> error: a handler failed
//!     expiring --> completed
//!     expiring --> expire_error: a handler failed
//!     error --> retry_fire: reset
//!     expire_error --> retry_expire: reset
//!     retry_fire --> firing
//!     retry_expire --> expiring
//! ```
//!
//! A stream that is `firing` or `expiring` is so under a lease: when its worker dies, another runs the pipeline again,
//! whose events have the same ids. Every change of a head is made under the version that it was read with, so that
//! one append, one pick-up and one end wins.

pub mod appending;
pub mod definition_file;
pub mod distil;
pub mod event;
pub mod glob;
pub mod listing;
pub mod pipeline;
pub mod resetting;
pub mod rulebook;
pub mod running;
pub mod state;
mod store;
pub mod stream;
pub mod sweeping;
pub mod timex;
pub mod trigger;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::platform::Platform;
use crate::streams::rulebook::Rulebook;
use crate::time::Micros;

/// The streams and their events. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Streams {
    platform: Platform,
    rules: Arc<Rulebook>,
}

impl Streams {
    /// The streams on this platform, by these rules.
    pub fn new(platform: Platform, rules: Arc<Rulebook>) -> Self {
        Self { platform, rules }
    }

    /// What they go by.
    pub fn rules(&self) -> &Rulebook {
        &self.rules
    }

    /// The time at which a request is asked.
    pub fn asked_at(&self) -> DateTime<Utc> {
        self.platform.clock.now()
    }

    fn now(&self) -> Micros {
        Micros::from(self.platform.clock.now())
    }
}
