//! The schedule of every minute: finds due work and sends messages for it.

use std::sync::Arc;

use domain::error::Error;
use domain::failure;
use domain::operations::OperationSchedule;
use domain::platform::Platform;
use domain::recomputations::Recomputations;
use domain::schema_changes::TaskSchedule;
use domain::streams::Streams;
use domain::usage::sweeping::Sweeper;

/// The groups with scheduled work. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ticker {
    usage: Sweeper,
    streams: Streams,
    recomputations: Recomputations,
    operations: OperationSchedule,
    schema_changes: TaskSchedule,
}

impl Ticker {
    /// Creates the groups on this platform.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        Ok(Self {
            usage: Sweeper::new(platform)?,
            // A tick distils no event and runs no pipeline, so it needs no definitions.
            streams: Streams::new(platform, Arc::default())?,
            recomputations: Recomputations::new(platform)?,
            operations: OperationSchedule::new(platform)?,
            schema_changes: TaskSchedule::new(platform)?,
        })
    }

    /// Ticks every group. Repeated and late ticks are harmless, and a failed group does not stop the others.
    pub async fn tick(&self) -> Result<(), Error> {
        let (usage, streams, recomputations, operations, schema_changes) = futures::join!(
            Box::pin(self.usage.tick()),
            Box::pin(self.streams.tick()),
            Box::pin(self.recomputations.tick()),
            Box::pin(self.operations.tick()),
            Box::pin(self.schema_changes.tick())
        );
        failure::first([usage, streams, recomputations, operations, schema_changes])
    }
}
