//! The cost of streams: of an append as the stream grows, and of a stream's whole life.

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

/// Positions in a stream of the measured appends.
const APPENDS: [usize; 3] = [10, 100, 1_000];
/// Events of the streams whose whole life is measured.
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

/// Returns the exists of that day, which completes the stream.
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

async fn start() -> Result<TestBundle> {
    let bundle = TestBundle::with_streams().await?;
    bundle.clock.set("2035-01-06T00:00:30Z".parse().context("an invalid time")?);
    Ok(bundle)
}

/// Measures appends to a growing stream, and whole lives.
pub async fn measure() -> Result<Table> {
    let bundle = start().await?;
    let mut table = Table::new(&["step", "write", "read"]);
    let mut recorded = 0;
    let first = stream_table_cost(&bundle, record_one(&bundle, recorded, update(recorded))).await?;
    push(&mut table, "the first event opens a stream", first);
    recorded += 1;
    for count in APPENDS {
        while recorded < count - 1 {
            let few: Vec<_> = (recorded..(recorded + 20).min(count - 1)).map(update).collect();
            recorded += few.len();
            bundle.process(&[chunk(&format!("c{recorded}"), &few)]).await;
        }
        let append = stream_table_cost(&bundle, record_one(&bundle, recorded, update(recorded))).await?;
        recorded += 1;
        push(&mut table, &format!("event {count} is appended"), append);
    }
    for events in LIVES {
        push(&mut table, &format!("a life of {events} events that fires"), fired_life(events).await?);
        push(&mut table, &format!("a life of {events} events that expires"), expired_life(events).await?);
    }
    Ok(table)
}

/// Measures a stream that its last event completes, from the first event until its pipeline has run.
async fn fired_life(events: usize) -> Result<Cost> {
    let bundle = start().await?;
    let updates = (1..events).map(update);
    let appends = stream_table_cost(&bundle, record_each(&bundle, updates.chain([record()]))).await?;
    let run = stream_table_cost(&bundle, bundle.drain()).await?;
    ensure_completed(&bundle).await?;
    Ok(sum(appends, run))
}

/// Measures a stream that expires, until its expire pipeline has run, without the sweep, which all streams share.
async fn expired_life(events: usize) -> Result<Cost> {
    let bundle = start().await?;
    let appends = stream_table_cost(&bundle, record_each(&bundle, (1..=events).map(update))).await?;
    bundle.advance(TimeDelta::days(3));
    let streams = bundle.streams.list(&StreamFilter::default(), Start::Newest, 1).await?;
    let id = streams.first().context("no stream was opened")?.id;
    let run = stream_table_cost(&bundle, async {
        bundle.stream_queue.send(StreamTask::Run { id }.body()?).await?;
        bundle.drain().await
    });
    let run = run.await?;
    ensure_completed(&bundle).await?;
    Ok(sum(appends, run))
}

/// Records events in a chunk each.
async fn record_each(bundle: &TestBundle, events: impl Iterator<Item = Value>) -> Result<()> {
    for (number, event) in events.enumerate() {
        record_one(bundle, number, event).await?;
    }
    Ok(())
}

async fn record_one(bundle: &TestBundle, number: usize, event: Value) -> Result<()> {
    let is_done = bundle.process(&[chunk(&format!("one-{number}"), &[event])]).await;
    anyhow::ensure!(is_done, "the event was not recorded");
    Ok(())
}

/// Returns the units that work consumes on the table of streams.
async fn stream_table_cost(bundle: &TestBundle, work: impl Future<Output = Result<()>>) -> Result<Cost> {
    bundle.lockstep.start_recording();
    work.await?;
    Ok(cost::units(bundle.lockstep.stop_recording().iter().filter(|exchange| is_of_streams(exchange))))
}

fn sum(one: Cost, other: Cost) -> Cost {
    Cost { write: one.write + other.write, read: one.read + other.read, ..Cost::default() }
}

async fn ensure_completed(bundle: &TestBundle) -> Result<()> {
    let filter = StreamFilter { state: Some(State::Completed), ..StreamFilter::default() };
    anyhow::ensure!(bundle.streams.count(&filter, Start::Newest).await? == 1, "the pipeline did not run");
    Ok(())
}

fn is_of_streams(exchange: &Exchange) -> bool {
    exchange.request.to_string().contains("\"StreamTable\"")
}

fn push(table: &mut Table, name: &str, cost: Cost) {
    table.push([name.to_owned(), format!("{:.1}", cost.write), format!("{:.1}", cost.read)]);
}
