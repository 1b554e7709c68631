//! Every minute: finds what is due and sends messages for it.

use domain::error::Error;
use domain::platform::Platform;
use domain::recomputations::Recomputations;
use domain::usage::Usage;

/// What is looked at. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ticker {
    usage: Usage,
    recomputations: Recomputations,
}

impl Ticker {
    /// Everything on this platform.
    pub fn new(platform: &Platform) -> Self {
        Self { usage: Usage::new(platform.clone()), recomputations: Recomputations::new(platform.clone()) }
    }

    /// Ticks once. Ticking twice, or late, does no harm; a group that fails holds no other up.
    pub async fn tick(&self) -> Result<(), Error> {
        let (usage, recomputations) = futures::join!(self.usage.tick(), self.recomputations.tick());
        usage.and(recomputations)
    }
}
