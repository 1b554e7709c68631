//! `steward replay`: loads past notifications, each at its own time, so that streams fire and expire as they would have
//! then.

mod history;
mod report;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use domain::digest;
use domain::ingest::plan::Delivery;
use domain::platform::Platform;
use domain::platform::clock::Clock;
use domain::platform::variables::Variables;
use domain::streams::Streams;
use domain::streams::definitions::Definitions;
use domain::streams::settings::Settings;
use domain::time::{Hour, Micros};
use domain::usage::sweeping::Sweeper;
use indicatif::{ProgressBar, ProgressStyle};

use crate::event_source::{self, EventSource};
use crate::stand_ins::{StandIns, Storage};
use crate::workers::Workers;

/// Limit for stopping the stand-ins.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// Timeout of a worker, and so the lease of its claims.
const WORKER_TIMEOUT: Duration = Duration::from_mins(1);
/// Visibility timeout of the worker queues, as in `infra/queues.yaml`. It outlasts every lease.
const VISIBILITY_TIMEOUT: TimeDelta = TimeDelta::minutes(6);
/// How far the clock moves before a chunk is retried. Any lease of a killed replay has expired by then.
const LEASE_EXPIRY: TimeDelta = TimeDelta::minutes(2);
/// Attempts to handle a chunk or a queue's messages.
const ATTEMPTS: usize = 3;
/// The interval at which streams and records that have come due are handled.
const TICK: TimeDelta = TimeDelta::hours(1);

/// Load past notifications, each at its own time
#[derive(Args, Debug)]
pub struct Replay {
    /// File of notifications in order of arrival: one JSON object per line or one JSON array, plain or gzip
    file: PathBuf,
    /// Directory for records and messages
    #[arg(long, value_name = "DIR", default_value = ".steward")]
    data: PathBuf,
    /// Keep records and messages in memory, and only print the report
    #[arg(long, conflicts_with = "data")]
    memory: bool,
    /// Continue after the last notification until this time, such as 2035-01-07T00:00:00Z, so that streams expire
    #[arg(long, value_name = "TIME")]
    until: Option<DateTime<Utc>>,
    #[arg(
        long,
        value_name = "DIR",
        help = "Directory of definitions of events, triggers and pipelines [default: $STREAM_DEFINITIONS, or those of \
                Steward]"
    )]
    definitions: Option<PathBuf>,
}

/// The parts of the bundle that a replay runs, on a clock of its own.
struct Engine {
    clock: Clock,
    workers: Workers,
    event_sources: Vec<EventSource>,
    sweeper: Sweeper,
    streams: Streams,
    /// The hour of the last tick.
    hour: Hour,
}

impl Replay {
    /// Replays the file and prints the report.
    pub async fn run(self) -> Result<()> {
        let notifications = history::read(&self.file)?;
        let first = notifications.first().context("the file contains no notifications")?;
        let start = history::timestamp(first)
            .with_context(|| format!("the first notification has no valid timestamp: {first:.80}"))?;
        let clock = Clock::manual(start.to_utc());
        let storage = if self.memory { Storage::Memory } else { Storage::Directory(self.data.clone()) };
        let stand_ins = StandIns::start(&storage, clock.clone()).await?;
        let mut engine = self.engine(&stand_ins, clock)?;
        engine.resume().await?;
        let started = Instant::now();
        let bar = progress_bar(notifications.len())?;
        for chunk in history::chunks(&notifications) {
            engine.replay_chunk(chunk).await?;
            bar.inc(chunk.len() as u64);
        }
        if let Some(until) = self.until {
            engine.run_until(until).await?;
        }
        bar.finish_and_clear();
        report::print(&engine.streams, notifications.len(), started.elapsed()).await?;
        stand_ins.stop(STOP_TIMEOUT).await
    }

    fn engine(&self, stand_ins: &StandIns, clock: Clock) -> Result<Engine> {
        let mut variables = Variables::from_env().with(stand_ins.variables());
        if let Some(directory) = &self.definitions {
            variables = variables.with([("STREAM_DEFINITIONS", directory.display().to_string())]);
        }
        let rules = Definitions::from_settings(&Settings::read(&variables)?)?;
        let platform = Platform {
            clock: clock.clone(),
            ..Platform::new(stand_ins.dynamodb_client(), stand_ins.sqs_client(), variables)
        };
        let workers = Workers::new(&platform, Arc::clone(&rules))?;
        Ok(Engine {
            hour: clock.micros().hour(),
            event_sources: workers.event_sources(&platform, WORKER_TIMEOUT)?,
            workers,
            sweeper: Sweeper::new(&platform)?,
            streams: Streams::new(&platform, rules)?,
            clock,
        })
    }
}

impl Engine {
    /// Finishes the queued work of a killed replay, then returns to the beginning of the history.
    ///
    /// That replay's clock was less than one tick past its last tick. Its leases have expired shortly after the next.
    async fn resume(&self) -> Result<()> {
        let Some(swept) = self.streams.last_sweep().await? else { return Ok(()) };
        let last_tick = swept.to_utc();
        let start = self.clock.now();
        self.clock.set(start.max(last_tick + TICK + LEASE_EXPIRY));
        self.drain_queues().await?;
        self.clock.set(start);
        Ok(())
    }

    /// Records notifications of one minute at the time of the latest, and handles the work that results.
    async fn replay_chunk(&mut self, notifications: &[String]) -> Result<()> {
        let times = notifications.iter().filter_map(|notification| history::timestamp(notification));
        if let Some(time) = times.max() {
            self.advance_to(time.to_utc()).await?;
        }
        let elements = notifications.join(",");
        let chunk = format!("replay-{}", digest::short(&elements));
        let received = self.clock.micros().0;
        let body = format!(r#"{{"chunk":"{chunk}","received":{received},"notifications":[{elements}]}}"#);
        self.record(Delivery { id: chunk, body, sent_at: None, service: None }).await?;
        self.drain_queues().await
    }

    /// Moves the clock, but never back, and handles the work that has come due.
    async fn advance_to(&mut self, time: DateTime<Utc>) -> Result<()> {
        if time > self.clock.now() {
            self.clock.set(time);
        }
        // One tick per hour is often enough: an expired stream accepts no events even before it is swept.
        if self.clock.micros().hour() > self.hour {
            self.hour = self.clock.micros().hour();
            self.streams.tick().await?;
            self.sweeper.tick().await?;
            self.drain_queues().await?;
        }
        Ok(())
    }

    /// Moves the clock in steps of one tick, so that work which results from one tick comes due in a later one.
    async fn run_until(&mut self, end: DateTime<Utc>) -> Result<()> {
        while self.clock.now() < end {
            self.advance_to((self.clock.now() + TICK).min(end)).await?;
        }
        Ok(())
    }

    /// Records a chunk. Retries if a killed replay still holds a lease on it.
    async fn record(&self, delivery: Delivery) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let deadline = Micros::from(self.clock.now() + WORKER_TIMEOUT);
            let outcomes = self.workers.recorder.process(vec![delivery.clone()], deadline).await;
            match outcomes.into_iter().find_map(|(_, outcome)| outcome.err()) {
                None => return Ok(()),
                Some(failure) => tracing::warn!("retrying a chunk: {}", failure.error().chain()),
            }
            self.clock.advance(LEASE_EXPIRY);
        }
        bail!("chunk {} failed {ATTEMPTS} times", delivery.id)
    }

    /// Handles all queued messages, and those that result from them. Retries failed ones.
    async fn drain_queues(&self) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let deliveries = event_source::drain(&self.event_sources).await?;
            if deliveries.failed == 0 {
                return Ok(());
            }
            tracing::warn!("retrying {} messages", deliveries.failed);
            self.clock.advance(VISIBILITY_TIMEOUT);
        }
        bail!("queued messages failed {ATTEMPTS} times")
    }
}

fn progress_bar(length: usize) -> Result<ProgressBar> {
    let style = "{wide_bar} {pos}/{len} notifications, {per_sec}, {eta} left";
    Ok(ProgressBar::new(length as u64).with_style(ProgressStyle::with_template(style)?))
}

#[cfg(test)]
mod tests {
    use domain::ingest::Intake;
    use domain::storage::change::Change;
    use domain::storage::key::Key;
    use domain::work::claim::State;
    use serde::de::IgnoredAny;
    use serde_json::Value;

    use super::*;

    async fn start(time: &str, replay: &Replay) -> (StandIns, Engine) {
        let clock = Clock::manual(time.parse().expect("valid time"));
        let storage = Storage::Directory(replay.data.clone());
        let stand_ins = StandIns::start(&storage, clock.clone()).await.expect("the stand-ins start");
        let engine = replay.engine(&stand_ins, clock).expect("the settings are valid");
        (stand_ins, engine)
    }

    /// Receives the body of a queued notification, if there is one.
    async fn receive(stand_ins: &StandIns) -> Option<String> {
        let queue = stand_ins.queue_url("NotificationQueue");
        let received = stand_ins.sqs_client().receive_message().queue_url(queue).send().await;
        received.expect("the queue is reachable").messages?.pop()?.body
    }

    #[tokio::test]
    async fn work_of_a_killed_replay_is_finished_before_history_is_replayed() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let data = directory.path().to_owned();
        let replay = Replay { file: PathBuf::new(), data, memory: false, until: None, definitions: None };
        let (stand_ins, engine) = start("2035-01-06T05:00:30Z", &replay).await;
        engine.streams.tick().await.expect("the tick succeeds");
        let platform = Platform::new(
            stand_ins.dynamodb_client(),
            stand_ins.sqs_client(),
            Variables::default().with(stand_ins.variables()),
        );
        let intake = Intake::new(&platform).expect("the table and the queue are configured");
        let notifications =
            br#"[{"message_id": "m-1", "event_type": "e", "publisher_id": "p", "payload": {}}]"#;
        intake.accept(notifications, None).await.expect("the notification is queued");
        let body = receive(&stand_ins).await.expect("the message is visible");
        let chunk = serde_json::from_str::<Value>(&body).expect("valid JSON")["chunk"].clone();
        let delivery = Delivery { id: "1".to_owned(), body, sent_at: None, service: None };
        engine.record(delivery).await.expect("the chunk is recorded");
        // As if the replay had been killed just before the chunk was done.
        let claimed = Change::of(Key::chunk(chunk.as_str().expect("a string"))).set("st", State::Claimed);
        let table = platform.table("USAGE_TABLE").expect("the table is configured");
        table.change::<IgnoredAny>(&claimed).await.expect("the chunk is changed");
        stand_ins.stop(STOP_TIMEOUT).await.expect("the stand-ins stop");

        let (stand_ins, engine) = start("2035-01-01T00:00:00Z", &replay).await;
        engine.resume().await.expect("the lease has expired");
        assert_eq!(engine.clock.now().to_rfc3339(), "2035-01-01T00:00:00+00:00");
        engine.clock.advance(TimeDelta::days(9));
        assert_eq!(receive(&stand_ins).await, None);
        stand_ins.stop(STOP_TIMEOUT).await.expect("the stand-ins stop");
    }
}
