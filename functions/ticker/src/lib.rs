//! Every minute: finds what is due and sends messages for it.

use std::sync::Arc;

use domain::error::Error;
use domain::platform::Platform;
use domain::recomputations::Recomputations;
use domain::streams::Streams;
use domain::usage::Usage;

/// What is looked at. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ticker {
    usage: Usage,
    streams: Streams,
    recomputations: Recomputations,
}

impl Ticker {
    /// Everything on this platform.
    pub fn new(platform: &Platform) -> Self {
        Self {
            usage: Usage::new(platform.clone()),
            streams: Streams::new(platform.clone(), Arc::default()),
            recomputations: Recomputations::new(platform.clone()),
        }
    }

    /// Ticks once. Ticking twice, or late, does no harm; a group that fails holds no other up.
    pub async fn tick(&self) -> Result<(), Error> {
        let (usage, streams, recomputations) =
            futures::join!(self.usage.tick(), self.streams.tick(), self.recomputations.tick());
        usage.and(streams).and(recomputations)
    }
}
