//! `steward replay`: loads history, each notification at its own time, so that streams fire and expire as they would
//! have then.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_sqs::types::Message;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use domain::digest;
use domain::failure::Failure;
use domain::ingest::Recorder;
use domain::ingest::plan::Delivery;
use domain::notification::event::Value as Trait;
use domain::notification::packing::CHUNK_NOTIFICATIONS;
use domain::platform::Platform;
use domain::platform::clock::Clock;
use domain::platform::variables::Variables;
use domain::storage::block::Start;
use domain::streams::Streams;
use domain::streams::definitions::Definitions;
use domain::streams::listing::{EventFilter, StreamFilter};
use domain::streams::running::Runner;
use domain::streams::settings::Settings;
use domain::time::Micros;
use domain::usage::sweeping::Sweeper;
use domain::usage::verifying::Verifier;
use domain::work::due;
use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::stand_ins::{StandIns, Storage};

/// How long a request to a stand-in may take when everything ends.
const PATIENCE: Duration = Duration::from_secs(5);
/// Seconds that a worker of the replay holds what it takes up.
const LEASE_SECONDS: i64 = 60;
/// How often something is tried.
const TRIES: usize = 3;

/// Load history, each notification at its own time
#[derive(Args, Debug)]
pub struct Replay {
    /// Notifications, one JSON object a line or one JSON array, plain or gzip, in the order in which they came
    file: PathBuf,
    /// Folder that keeps records and messages
    #[arg(long, value_name = "FOLDER", default_value = ".steward")]
    data: PathBuf,
    /// Keep records and messages in memory, and only say what came of them
    #[arg(long, conflicts_with = "data")]
    memory: bool,
    /// Go on until this time after the last notification, such as 2035-01-07T00:00:00Z, so that streams expire
    #[arg(long, value_name = "TIME")]
    until: Option<DateTime<Utc>>,
    /// Folder of your own definitions of events, triggers and pipelines
    #[arg(long, value_name = "FOLDER")]
    definitions: Option<PathBuf>,
}

/// Everything that a replay works with.
struct Engine {
    clock: Clock,
    recorder: Recorder,
    sweeper: Sweeper,
    verifier: Verifier,
    streams: Streams,
    runner: Runner,
    sqs: aws_sdk_sqs::Client,
    queues: Queues,
    hour: i64,
}

/// The URLs of the queues that a replay works off.
struct Queues {
    notifications: String,
    streams: String,
    usage: String,
}

impl Replay {
    /// Replays the file, and says what came of it.
    pub async fn run(self) -> Result<()> {
        let lines = read(&self.file)?;
        let first = lines.first().context("the file holds no notification")?;
        let clock = Clock::manual(time(first).with_context(|| format!("no time in: {first:.80}"))?.to_utc());
        let storage = if self.memory { Storage::Memory } else { Storage::Folder(self.data.clone()) };
        let stand_ins = StandIns::start(&storage, clock.clone()).await?;
        let mut engine = self.engine(&stand_ins, clock)?;
        engine.resume().await?;
        let begun = Instant::now();
        let bar = ProgressBar::new(lines.len() as u64);
        bar.set_style(ProgressStyle::with_template(
            "{wide_bar} {pos}/{len} notifications, {per_sec}, {eta} left",
        )?);
        for chunk in engine_chunks(&lines) {
            engine.take(chunk).await?;
            bar.inc(chunk.len() as u64);
        }
        if let Some(until) = self.until {
            engine.go_on(until).await?;
        }
        bar.finish_and_clear();
        engine.say(lines.len(), begun.elapsed()).await?;
        stand_ins.stop(PATIENCE).await
    }

    fn engine(&self, stand_ins: &StandIns, clock: Clock) -> Result<Engine> {
        let mut variables = Variables::from_env().with(stand_ins.variables());
        if let Some(folder) = &self.definitions {
            variables = variables.with([("STREAM_DEFINITIONS", folder.display().to_string())]);
        }
        let rules = Definitions::from_settings(&Settings::read(&variables)?)?;
        let platform = Platform {
            clock: clock.clone(),
            ..Platform::new(stand_ins.dynamodb_client(), stand_ins.sqs_client(), variables)
        };
        let streams = Streams::new(&platform, Arc::clone(&rules))?;
        Ok(Engine {
            hour: hour(&clock),
            recorder: Recorder::new(&platform, rules)?,
            sweeper: Sweeper::new(&platform)?,
            verifier: Verifier::new(&platform)?,
            runner: Runner::new(&platform, streams.clone())?,
            streams,
            sqs: stand_ins.sqs_client(),
            queues: Queues {
                notifications: stand_ins.queue_url("NotificationQueue"),
                streams: stand_ins.queue_url("StreamQueue"),
                usage: stand_ins.queue_url("UsageQueue"),
            },
            clock,
        })
    }
}

impl Engine {
    /// Does what a replay that was killed left in the queues, at a time when nobody holds it any more: that one had come
    /// no further than an hour after its last tick. Then history is taken from its beginning.
    async fn resume(&self) -> Result<()> {
        let Some(minute) = self.streams.swept_minute().await? else { return Ok(()) };
        let ticked = DateTime::from_timestamp(minute * 60, 0).context("the last tick was at no time")?;
        let beginning = self.clock.now();
        self.clock.set(beginning.max(ticked + TimeDelta::hours(1) + TimeDelta::seconds(2 * LEASE_SECONDS)));
        self.work().await?;
        self.clock.set(beginning);
        Ok(())
    }

    /// Takes notifications of one minute at the time of the last of them.
    async fn take(&mut self, lines: &[String]) -> Result<()> {
        if let Some(at) = lines.iter().filter_map(|line| time(line)).max() {
            self.move_to(at.to_utc()).await?;
        }
        let elements = lines.join(",");
        let chunk = format!("replay-{}", digest::short(&elements));
        let received = Micros::from(self.clock.now()).0;
        let body = format!(r#"{{"chunk":"{chunk}","received":{received},"notifications":[{elements}]}}"#);
        self.process(vec![Delivery { id: chunk, body, sent_at: None, service: None }]).await?;
        self.work().await
    }

    /// Moves the time, never back, and does what has come due by then.
    async fn move_to(&mut self, at: DateTime<Utc>) -> Result<()> {
        if at > self.clock.now() {
            self.clock.set(at);
        }
        // What has come due in an hour is found at its end: an expired stream takes no more events meanwhile.
        if hour(&self.clock) > self.hour {
            self.hour = hour(&self.clock);
            self.streams.tick().await?;
            self.sweeper.tick().await?;
            self.work().await?;
        }
        Ok(())
    }

    /// Goes on until a time, in steps in which whatever comes due leads to more.
    async fn go_on(&mut self, until: DateTime<Utc>) -> Result<()> {
        while self.clock.now() < until {
            let next = (self.clock.now() + TimeDelta::hours(1)).min(until);
            self.move_to(next).await?;
        }
        Ok(())
    }

    /// Records them. What a replay that was killed had taken up is free again once its lease is over.
    async fn process(&self, deliveries: Vec<Delivery>) -> Result<()> {
        let mut left = deliveries;
        for _ in 0..TRIES {
            let outcomes: HashMap<_, _> =
                self.recorder.process(left.clone(), self.deadline()).await.into_iter().collect();
            left.retain(|delivery| !matches!(outcomes.get(&delivery.id), Some(Ok(()))));
            match outcomes.into_values().find_map(Result::err) {
                None => return Ok(()),
                Some(failure) => tracing::warn!("once more: {}", failure.error().chain()),
            }
            self.clock.advance(TimeDelta::seconds(2 * LEASE_SECONDS));
        }
        bail!("{} messages were not recorded", left.len())
    }

    /// Does what is queued, and what that queues, until nothing is left.
    async fn work(&self) -> Result<()> {
        let queues = &self.queues;
        loop {
            let made = self.receive(&queues.notifications).await?;
            let deliveries = made.iter().map(|message| Delivery {
                id: message.message_id().unwrap_or_default().to_owned(),
                body: message.body().unwrap_or_default().to_owned(),
                sent_at: None,
                service: None,
            });
            self.process(deliveries.collect()).await?;
            self.remove(&queues.notifications, &made).await?;
            let due = self.receive(&queues.streams).await?;
            for message in &due {
                done(self.runner.work(message.body().unwrap_or_default(), self.deadline()).await)?;
            }
            self.remove(&queues.streams, &due).await?;
            let verdicts = self.receive(&queues.usage).await?;
            for message in &verdicts {
                done(self.verifier.work(message.body().unwrap_or_default(), self.deadline()).await)?;
            }
            self.remove(&queues.usage, &verdicts).await?;
            if made.is_empty() && due.is_empty() && verdicts.is_empty() {
                return Ok(());
            }
        }
    }

    async fn receive(&self, queue: &str) -> Result<Vec<Message>> {
        let call = self.sqs.receive_message().queue_url(queue).max_number_of_messages(10);
        Ok(call.send().await.context("the queue does not answer")?.messages.unwrap_or_default())
    }

    async fn remove(&self, queue: &str, messages: &[Message]) -> Result<()> {
        for message in messages {
            let call = self.sqs.delete_message().queue_url(queue);
            call.set_receipt_handle(message.receipt_handle.clone()).send().await?;
        }
        Ok(())
    }

    fn deadline(&self) -> Micros {
        Micros::from(self.clock.now()).plus_seconds(LEASE_SECONDS)
    }

    /// How many there are of everything, in the order of their names.
    async fn say(&self, taken: usize, time: Duration) -> Result<()> {
        let mut counts = BTreeMap::<String, u64>::new();
        for head in self.streams.list(&StreamFilter::default(), Start::Newest, usize::MAX).await? {
            *counts.entry(format!("streams {}", head.state)).or_default() += 1;
            *counts
                .entry(format!("streams {}", if head.fires.is_some() { "fired" } else { "not fired" }))
                .or_default() += 1;
        }
        for (_, event) in self.streams.events(&EventFilter::default(), Start::Newest, usize::MAX).await? {
            *counts.entry("events".to_owned()).or_default() += 1;
            if event.traits.contains_key("stream_id") {
                let code = match event.traits.get("error_code") {
                    Some(Trait::Text(code)) => format!(" {code}"),
                    _ => String::new(),
                };
                *counts.entry(format!("{}{code}", event.event_type)).or_default() += 1;
            }
        }
        let mut table = Table::new();
        table.load_preset(NOTHING);
        for (name, count) in counts {
            table.add_row([name, count.to_string()]);
        }
        println!("{table}");
        println!(
            "{taken} notifications in {:.1} s, {:.0} a second",
            time.as_secs_f64(),
            per_second(taken, time)
        );
        Ok(())
    }
}

fn per_second(count: usize, time: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64().max(0.001)
}

fn done(outcome: Result<(), Failure>) -> Result<()> {
    outcome.map_err(|failure| anyhow::anyhow!("{}", failure.error().chain()))
}

fn hour(clock: &Clock) -> i64 {
    due::current_minute(Micros::from(clock.now())) / 60
}

/// Notifications that follow each other within one minute, as many as a chunk takes.
fn engine_chunks(lines: &[String]) -> impl Iterator<Item = &[String]> {
    let minute = |line: &String| time(line).map(|at| at.0.div_euclid(60_000_000));
    lines
        .chunk_by(move |one, other| minute(one) == minute(other))
        .flat_map(|minute| minute.chunks(CHUNK_NOTIFICATIONS))
}

/// When a notification says that it happened.
fn time(line: &str) -> Option<Micros> {
    let value: Value = serde_json::from_str(line).ok()?;
    let body = match &value {
        Value::Array(pair) => pair.get(1)?,
        body => body,
    };
    Micros::parse(body.get("timestamp").or_else(|| body.get("_context_timestamp"))?.as_str()?)
}

/// The notifications of a file, each as JSON on one line.
fn read(path: &Path) -> Result<Vec<String>> {
    let open = || File::open(path).with_context(|| format!("{} cannot be read", path.display()));
    let mut start = [0; 2];
    let length = open()?.read(&mut start)?;
    let plain: Box<dyn Read> = if length == 2 && start == [0x1f, 0x8b] {
        Box::new(MultiGzDecoder::new(open()?))
    } else {
        Box::new(open()?)
    };
    let mut reader = BufReader::new(plain);
    if reader.fill_buf()?.trim_ascii_start().first() == Some(&b'[') {
        let all: Vec<Value> = serde_json::from_reader(reader).context("the file is no JSON array")?;
        return Ok(all.iter().map(Value::to_string).collect());
    }
    let mut lines = Vec::new();
    for (number, line) in reader.lines().enumerate() {
        let line = line.with_context(|| format!("line {} cannot be read", number + 1))?;
        if line.trim().is_empty() {
            continue;
        }
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&line).is_ok();
        ensure!(is_json, "line {} is no JSON", number + 1);
        lines.push(line);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use domain::ingest::Intake;
    use domain::storage::change::Change;
    use domain::storage::key::Key;
    use domain::work::claim::State;
    use serde::de::IgnoredAny;

    use super::*;

    async fn at(time: &str, replay: &Replay) -> (StandIns, Engine) {
        let clock = Clock::manual(time.parse().expect("a time"));
        let storage = Storage::Folder(replay.data.clone());
        let stand_ins = StandIns::start(&storage, clock.clone()).await.expect("they start");
        let engine = replay.engine(&stand_ins, clock).expect("it has its rules");
        (stand_ins, engine)
    }

    #[tokio::test]
    async fn what_a_killed_replay_had_in_its_hands_is_done_before_history_begins_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().to_owned();
        let replay = Replay { file: PathBuf::new(), data, memory: false, until: None, definitions: None };
        let (stand_ins, engine) = at("2035-01-06T05:00:30Z", &replay).await;
        engine.streams.tick().await.expect("it ticks");
        let made = br#"[{"message_id": "m-1", "event_type": "e", "publisher_id": "p", "payload": {}}]"#;
        let platform = Platform::new(
            stand_ins.dynamodb_client(),
            stand_ins.sqs_client(),
            Variables::default().with(stand_ins.variables()),
        );
        let intake = Intake::new(&platform).expect("its table and queue are named");
        intake.accept(made, None).await.expect("it is queued");
        let queue = engine.queues.notifications.clone();
        let message = engine.receive(&queue).await.expect("it answers").remove(0);
        let body = message.body.expect("it has one");
        let chunk = serde_json::from_str::<Value>(&body).expect("JSON")["chunk"].clone();
        let delivery = Delivery { id: "1".to_owned(), body, sent_at: None, service: None };
        engine.process(vec![delivery]).await.expect("it is recorded");
        // All but its end, as if it had been killed there.
        let claimed = Change::of(Key::chunk(chunk.as_str().expect("a name"))).set("st", State::Claimed);
        let table = platform.table("USAGE_TABLE").expect("it is named");
        table.change::<IgnoredAny>(&claimed).await.expect("it is changed");
        stand_ins.stop(PATIENCE).await.expect("they stop");

        let (stand_ins, engine) = at("2035-01-01T00:00:00Z", &replay).await;
        engine.resume().await.expect("nobody holds it any more");
        assert_eq!(engine.clock.now().to_rfc3339(), "2035-01-01T00:00:00+00:00");
        engine.clock.advance(TimeDelta::days(9));
        assert!(engine.receive(&queue).await.expect("it answers").is_empty());
        stand_ins.stop(PATIENCE).await.expect("they stop");
    }
}
