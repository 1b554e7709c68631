//! The schedule that invokes the ticker once a minute.

use std::time::Duration;

use ticker::Ticker;
use tokio::time::timeout;

use crate::simulation::environment::Environment;
use crate::simulation::network::Network;
use crate::simulation::time::{sleep, spawn};

/// The period of the schedule, and the timeout of an invocation.
const PERIOD: Duration = Duration::from_mins(1);

/// Invokes the ticker once a minute, from a random second of the first minute on.
pub async fn tick(network: Network) {
    let world = &network.world;
    sleep(world.millis(if world.plan.faults.are_none() { 0 } else { 60_000 })).await;
    let mut environment = Environment::start(&network, "ticker");
    let mut next = world.time.elapsed();
    loop {
        if !invoke(&environment).await {
            environment = Environment::start(&network, "ticker");
        }
        next += PERIOD;
        sleep(next.saturating_sub(world.time.elapsed())).await;
    }
}

/// Returns whether the environment can be invoked again.
async fn invoke(environment: &Environment) -> bool {
    let ticker = Ticker::new(&environment.platform).expect("the settings name the tables and queues");
    let mut run = Box::pin(environment.process.run(async move { ticker.tick().await }));
    match timeout(PERIOD, &mut run).await {
        // A failed tick is made up for by the next one.
        Ok(Some(_)) => true,
        Ok(None) => false,
        Err(_) => {
            if environment.process.was_frozen() {
                spawn(run);
            }
            false
        }
    }
}
