//! The time of recording relative to that of the same writes made directly to the stand-in.

use std::time::{Duration, Instant};

use anyhow::Result;
use domain::storage::item::item;
use domain::storage::key::Key;
use domain::storage::table::Write;
use futures::{StreamExt, TryStreamExt, stream};
use serde::de::IgnoredAny;
use serde_json::json;

use super::cost::{puts, size};
use super::table::Table;
use crate::TestBundle;
use crate::generate::Scenario;
use crate::lockstep::Exchange;

/// Concurrent writes of the direct writer: the worker's average.
const CONCURRENCY: usize = 32;
/// Bytes of a directly written item without its filler.
const OVERHEAD: usize = 60;
/// Items that the direct writer puts in one request.
const BATCH: usize = 250;

/// The sizes of the items that recording puts, by operation.
#[derive(Debug, Default)]
struct Puts {
    single: Vec<usize>,
    batched: Vec<usize>,
}

/// Records a generated scenario through the whole bundle, then makes the same puts directly, and reports both times.
pub async fn measure() -> Result<String> {
    let scenario = Scenario::new(2, 600, 200);
    let (elapsed, exchanges) = record(&scenario).await?;
    let calls: Vec<_> = exchanges.iter().filter(|exchange| exchange.target.starts_with("DynamoDB")).collect();
    let mut puts = Puts::default();
    for call in &calls {
        puts.add(call);
    }
    let other = calls.iter().filter(|call| !call.target.ends_with(".BatchWriteItem")).count();
    let (single, batched) = (bare_single(&puts.single).await?, bare_batched(&puts.batched).await?);
    let per_call = single.as_secs_f64() / count(puts.single.len());
    let mut table = Table::new(&["", "number", "seconds", "per second"]);
    let mut line = |name: &str, number: f64, time: Duration| {
        let seconds = time.as_secs_f64();
        table.push([
            name.to_owned(),
            format!("{number:.0}"),
            format!("{seconds:.2}"),
            format!("{:.0}", number / seconds),
        ]);
    };
    line("notifications recorded", count(scenario.notifications.len()), elapsed);
    line("calls to the table in that", count(calls.len()), elapsed);
    line("bare: the same PutItem", count(puts.single.len()), single);
    line("bare: the same BatchWriteItem, items", count(puts.batched.len()), batched);
    let whole = elapsed.as_secs_f64();
    let (puts, all) =
        ((single + batched).as_secs_f64(), per_call.mul_add(count(other), batched.as_secs_f64()));
    Ok(format!(
        "{table}\nOf the time of recording, the stand-in alone takes {:.2} for the puts,\n\
         and {:.2} for all calls, if a read, an update and a transaction take as long as a PutItem.\n",
        puts / whole,
        all / whole,
    ))
}

async fn record(scenario: &Scenario) -> Result<(Duration, Vec<Exchange>)> {
    let bundle = TestBundle::start().await?;
    let body = serde_json::to_vec(&scenario.notifications)?;
    bundle.lockstep.start_recording();
    let begun = Instant::now();
    let accepted = bundle.intake.accept(&body, None).await;
    accepted.map_err(|refusal| anyhow::anyhow!("{:?}", refusal.error))?;
    bundle.drain().await?;
    let elapsed = begun.elapsed();
    Ok((elapsed, bundle.lockstep.stop_recording()))
}

impl Puts {
    fn add(&mut self, exchange: &Exchange) {
        let sizes = puts(exchange).into_iter().map(|item| size(&item));
        if exchange.target.ends_with(".PutItem") {
            self.single.extend(sizes);
        } else {
            self.batched.extend(sizes);
        }
    }
}

async fn bare_single(sizes: &[usize]) -> Result<Duration> {
    let bundle = TestBundle::start().await?;
    let table = &bundle.table;
    let begun = Instant::now();
    let writes = stream::iter(sizes.iter().enumerate()).map(|(number, size)| async move {
        let record = json!({"f": filler(*size)});
        table.put_new::<_, IgnoredAny>(&key(number), &record).await.map(drop)
    });
    writes.buffer_unordered(CONCURRENCY).try_collect::<()>().await?;
    Ok(begun.elapsed())
}

async fn bare_batched(sizes: &[usize]) -> Result<Duration> {
    let bundle = TestBundle::start().await?;
    let writes = sizes
        .iter()
        .enumerate()
        .map(|(number, size)| Ok(Write::Put(item(&key(number), &json!({"f": filler(*size)}))?)));
    let mut writes = writes.collect::<Result<Vec<_>>>()?;
    let begun = Instant::now();
    while !writes.is_empty() {
        let rest = writes.split_off(writes.len().min(BATCH));
        bundle.table.write_all(writes).await?;
        writes = rest;
    }
    Ok(begun.elapsed())
}

fn key(number: usize) -> Key {
    Key::message(&format!("00000000-0000-4000-8000-{number:012}"))
}

fn filler(size: usize) -> String {
    "x".repeat(size.saturating_sub(OVERHEAD))
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
