//! Every minute: finds what is due and sends messages for it.

use std::sync::Arc;

use domain::error::Error;
use domain::failure;
use domain::platform::Platform;
use domain::recomputations::Recomputations;
use domain::streams::Streams;
use domain::usage::sweeping::Sweeper;
use maintenance::operation::Operations;

/// What is looked at. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ticker {
    usage: Sweeper,
    streams: Streams,
    recomputations: Recomputations,
    operations: Operations,
}

impl Ticker {
    /// Everything on this platform.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            usage: Sweeper::new(platform)?,
            // Nothing is distilled or run here: no rules are needed.
            streams: Streams::new(platform, Arc::default())?,
            recomputations: Recomputations::new(platform)?,
            operations: Operations::new(platform)?,
        })
    }

    /// Ticks once. Ticking twice, or late, does no harm; a group that fails holds no other up.
    pub async fn tick(&self) -> Result<(), Error> {
        let (usage, streams, recomputations, operations) = futures::join!(
            self.usage.tick(),
            self.streams.tick(),
            self.recomputations.tick(),
            self.operations.tick()
        );
        failure::first([usage, streams, recomputations, operations])
    }
}
