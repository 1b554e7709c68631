//! Simulated processes: they crash, freeze, and have clocks of their own.

use std::time::Duration;

use chrono::TimeDelta;
use tests::simulation::process::Process;
use tests::simulation::time::{Time, sleep, spawn};

fn process(skew: TimeDelta) -> Process {
    Process::start("process".to_owned(), Time::start(), skew)
}

#[tokio::test(start_paused = true)]
async fn frozen_process_continues_after_its_timers_have_run_out() {
    let (process, time) = (process(TimeDelta::zero()), Time::start());
    process.freeze(Duration::from_mins(7));
    let work = process.run(async { sleep(Duration::from_secs(1)).await });
    assert_eq!(work.await, Some(()));
    assert!(time.elapsed() >= Duration::from_mins(7));
    assert!(process.was_frozen() && !process.has_crashed());
}

#[tokio::test(start_paused = true)]
async fn crashed_process_drops_its_work() {
    let process = process(TimeDelta::zero());
    let work = spawn(process.run(sleep(Duration::from_hours(1))));
    sleep(Duration::from_secs(1)).await;
    process.crash();
    assert_eq!(work.await.expect("the task does not panic"), None);
}

#[tokio::test(start_paused = true)]
async fn clock_of_a_process_deviates_by_its_skew() {
    let (time, process) = (Time::start(), process(TimeDelta::seconds(-30)));
    let clock = process.clock.clone();
    let shown = process.run(async move {
        sleep(Duration::from_secs(5)).await;
        clock.now()
    });
    let shown = shown.await.expect("the process does not crash");
    assert_eq!(time.now() - shown, TimeDelta::seconds(30));
}
