//! What streams cost: a life, and an append however many there were before it.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use domain::storage::block::Start;
use domain::streams::listing::StreamFilter;
use domain::streams::state::State;
use domain::streams::task::StreamTask;
use serde_json::{Value, json};

use super::cost::{self, Cost};
use super::table::Table;
use crate::TestBundle;
use crate::bundle::chunk;
use crate::lockstep::Exchange;

/// Events of one stream before the append that is measured.
const APPENDS: [usize; 3] = [10, 100, 1_000];
/// Events of the streams whose whole lives are measured.
const LIVES: [usize; 3] = [3, 10, 100];

fn update(number: usize) -> Value {
    let at = format!("2035-01-05 {:02}:{:02}:{:02}", number / 3_600, number / 60 % 60, number % 60);
    json!({
        "message_id": format!("m-{number}"),
        "event_type": "compute.instance.update",
        "publisher_id": "compute.node1",
        "timestamp": at,
        "payload": {"instance_id": "i-1", "tenant_id": "t-1", "state": "active"},
    })
}

/// The record of that day, which completes it.
fn record() -> Value {
    json!({
        "message_id": "00000000-0000-4000-8000-000000000001",
        "event_type": "compute.instance.exists",
        "publisher_id": "compute.node1",
        "timestamp": "2035-01-06 00:00:20",
        "payload": {
            "instance_id": "i-1", "tenant_id": "t-1", "state": "active", "launched_at": "2035-01-01 00:00:00",
            "audit_period_beginning": "2035-01-05 00:00:00", "audit_period_ending": "2035-01-06 00:00:00",
        },
    })
}

async fn begin() -> Result<TestBundle> {
    let bundle = TestBundle::with_streams().await?;
    bundle.clock.set("2035-01-06T00:00:30Z".parse().context("a time")?);
    Ok(bundle)
}

/// The table of an append as the stream grows, and of whole lives.
pub async fn measure() -> Result<Table> {
    let bundle = begin().await?;
    let mut table = Table::new(&["step", "write", "read"]);
    let mut taken = 0;
    let first = charged(&bundle, alone(&bundle, taken, update(taken))).await?;
    push(&mut table, "the first event opens a stream", first);
    taken += 1;
    for count in APPENDS {
        while taken < count - 1 {
            let few: Vec<_> = (taken..(taken + 20).min(count - 1)).map(update).collect();
            taken += few.len();
            bundle.process(&[chunk(&format!("c{taken}"), &few)]).await;
        }
        let append = charged(&bundle, alone(&bundle, taken, update(taken))).await?;
        taken += 1;
        push(&mut table, &format!("event {count} is appended"), append);
    }
    for events in LIVES {
        push(&mut table, &format!("a life of {events} events that fires"), fired_life(events).await?);
        push(&mut table, &format!("a life of {events} events that expires"), expired_life(events).await?);
    }
    Ok(table)
}

/// A stream whose last event completes it, from its first event until its pipeline ran.
async fn fired_life(events: usize) -> Result<Cost> {
    let bundle = begin().await?;
    let updates = (1..events).map(update);
    let taken = charged(&bundle, each_alone(&bundle, updates.chain([record()]))).await?;
    let run = charged(&bundle, bundle.drain()).await?;
    completed(&bundle).await?;
    Ok(sum(taken, run))
}

/// A stream that nothing completes, until its other pipeline ran; without the sweep that finds it, which is for all.
async fn expired_life(events: usize) -> Result<Cost> {
    let bundle = begin().await?;
    let taken = charged(&bundle, each_alone(&bundle, (1..=events).map(update))).await?;
    bundle.advance(TimeDelta::days(3));
    let streams = bundle.streams.list(&StreamFilter::default(), Start::Newest, 1).await?;
    let id = streams.first().context("there is one")?.id;
    let run = charged(&bundle, async {
        bundle.stream_queue.send(StreamTask::Run { id }.body()?).await?;
        bundle.drain().await
    });
    let run = run.await?;
    completed(&bundle).await?;
    Ok(sum(taken, run))
}

/// Records events, each in a chunk of its own.
async fn each_alone(bundle: &TestBundle, events: impl Iterator<Item = Value>) -> Result<()> {
    for (number, event) in events.enumerate() {
        alone(bundle, number, event).await?;
    }
    Ok(())
}

async fn alone(bundle: &TestBundle, number: usize, event: Value) -> Result<()> {
    let is_done = bundle.process(&[chunk(&format!("one-{number}"), &[event])]).await;
    anyhow::ensure!(is_done, "it is recorded");
    Ok(())
}

/// What the streams' own table is charged for some work.
async fn charged(bundle: &TestBundle, work: impl Future<Output = Result<()>>) -> Result<Cost> {
    bundle.lockstep.listen();
    work.await?;
    Ok(cost::of(bundle.lockstep.heard().iter().filter(|exchange| is_of_streams(exchange))))
}

fn sum(one: Cost, other: Cost) -> Cost {
    Cost { write: one.write + other.write, read: one.read + other.read, ..Cost::default() }
}

async fn completed(bundle: &TestBundle) -> Result<()> {
    let filter = StreamFilter { state: Some(State::Completed), ..StreamFilter::default() };
    anyhow::ensure!(bundle.streams.count(&filter, Start::Newest).await? == 1, "its pipeline ran");
    Ok(())
}

fn is_of_streams(exchange: &Exchange) -> bool {
    exchange.request.to_string().contains("\"StreamTable\"")
}

fn push(table: &mut Table, name: &str, cost: Cost) {
    table.push([name.to_owned(), format!("{:.1}", cost.write), format!("{:.1}", cost.read)]);
}
