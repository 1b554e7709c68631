//! What the schedules of `EventBridge` do.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::stop::Stop;

/// Calls `tick` at once and then every so often, until `stop`; one that has begun is finished, and none overlap.
pub async fn run<F: Future<Output = ()>>(every: Duration, stop: &Stop, mut tick: impl FnMut() -> F) {
    let mut interval = interval(every);
    interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            () = stop.wait() => return,
            _ = interval.tick() => tick().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn it_ticks_at_once_and_again_until_it_is_stopped() {
        let stop = Stop::new();
        let ticks = Cell::new(0);
        run(Duration::from_millis(1), &stop, || async {
            ticks.set(ticks.get() + 1);
            if ticks.get() == 3 {
                stop.stop();
            }
        })
        .await;
        assert_eq!(ticks.get(), 3);
    }
}
