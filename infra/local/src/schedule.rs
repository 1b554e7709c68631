//! Periodic tasks, as `EventBridge` schedules run them.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::shutdown::Shutdown;

/// Runs `task` at once and then once per `period`, until shutdown. Runs never overlap, and a started run is finished.
pub async fn run_every<F: Future<Output = ()>>(
    period: Duration,
    shutdown: &Shutdown,
    mut task: impl FnMut() -> F,
) {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            () = shutdown.triggered() => return,
            _ = interval.tick() => task().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::timeout;

    use super::*;

    const TEST_TIMEOUT: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_task_runs_at_once_and_periodically_until_shutdown() {
        let shutdown = Shutdown::new();
        let runs = Cell::new(0);
        let schedule = run_every(Duration::from_millis(1), &shutdown, || async {
            runs.set(runs.get() + 1);
            if runs.get() == 3 {
                shutdown.trigger();
            }
        });
        timeout(TEST_TIMEOUT, schedule).await.expect("the schedule ends on shutdown");
        assert_eq!(runs.get(), 3);
    }
}
