//! The cost of verdicts, their echoes, confirmations and repairs.

use anyhow::Result;
use chrono::TimeDelta;
use domain::ingest::plan::Delivery;
use domain::notification::message;
use domain::notification::service::Service;
use domain::storage::key::SHARDS;
use domain::time::Micros;
use domain::usage::confirmation::{Answer, Confirmation};
use domain::usage::task::UsageTask;
use serde_json::json;

use super::cost::{self, Cost};
use super::producing::{BEGIN, PERIOD_END, exists, image, image_exists, instance};
use super::table::Table;
use crate::TestBundle;

/// Measures all of them.
pub async fn measure() -> Result<Table> {
    let mut table = Table::new(&["what", "n", "write", "floor", "write/floor", "read", "trips"]);
    for count in [1, 10] {
        let bundle = due(count, true).await?;
        table.push(row("verdict: verified, announced", count, 4.0, sweep(&bundle).await?));
        let cost = echo(&bundle, count).await?;
        table.push(row("its echo, one message each", count, 2.0, cost));
    }
    for count in [1, 10] {
        let bundle = due(count, false).await?;
        table.push(row("verdict: failed", count, 2.0, sweep(&bundle).await?));
    }
    table.push(row("verdict: 10 images, announced", 1, 13.0, images().await?));
    let (tick, sweep) = Box::pin(idle()).await?;
    table.push(row("tick, nothing due", 1, 1.0, tick));
    table.push(row("sweep of one shard, nothing due", 1, 0.0, sweep));
    for count in [1, 100] {
        let bundle = recorded(count).await?;
        let ids = message_ids(count);
        table.push(row("repair", count, 1.0, repair(&bundle, &ids).await?));
        table.push(row("confirm", count, 1.0, confirm(&bundle, &ids).await?));
    }
    Ok(table)
}

/// Returns a bundle with this many due exists in each shard.
async fn due(count: u64, launched: bool) -> Result<TestBundle> {
    let bundle = TestBundle::start().await?;
    if launched {
        let launches: Vec<_> =
            (0..count * SHARDS).map(|number| instance("create.end", number, BEGIN, &json!({}))).collect();
        bundle.invoke_all(&launches).await?;
    }
    let all: Vec<_> = (0..count * SHARDS).map(|number| exists(number, PERIOD_END)).collect();
    bundle.invoke_all(&all).await?;
    bundle.advance(TimeDelta::minutes(10));
    Ok(bundle)
}

/// Measures the verification of what is due in one shard.
async fn sweep(bundle: &TestBundle) -> Result<Cost> {
    let task = UsageTask::Sweep { shard: 1 }.body()?;
    let work = async {
        let done = Box::pin(bundle.verifier.work(&task, bundle.deadline())).await;
        done.map_err(|failure| anyhow::anyhow!("{failure:?}"))
    };
    Ok(cost::measure(bundle, work).await?.1)
}

/// Measures a minute in which nothing is due: the tick, and one of the four sweeps that it queues.
async fn idle() -> Result<(Cost, Cost)> {
    let bundle = TestBundle::start().await?;
    bundle.tick().await?;
    bundle.advance(TimeDelta::minutes(1));
    let ((), tick) = cost::measure(&bundle, async { Ok(Box::pin(bundle.sweeper.tick()).await?) }).await?;
    Ok((tick, sweep(&bundle).await?))
}

/// Measures the recording of the announcements that were just published, which return to the notification worker.
async fn echo(bundle: &TestBundle, count: u64) -> Result<Cost> {
    let published = bundle.verified().await?;
    anyhow::ensure!(published.len() as u64 == count, "{} were announced", published.len());
    let received = Micros::from(bundle.clock.now());
    let deliveries = published.iter().map(|notification| {
        let chunk = notification["message_id"].as_str().unwrap_or_default();
        let body = message::client_chunk(chunk, Some(Service::Nova), received, &[notification.to_string()]);
        Delivery { id: chunk.to_owned(), body, sent_at: None, service: None }
    });
    let deliveries = deliveries.collect();
    Ok(cost::measure(bundle, bundle.invoke(deliveries)).await?.1)
}

/// Measures the verification of one notification about ten valid images.
async fn images() -> Result<Cost> {
    let bundle = TestBundle::start().await?;
    let images: Vec<_> = (0..10).map(|number| image("activate", number, BEGIN)).collect();
    bundle.invoke_all(&images).await?;
    bundle.invoke_all(&[image_exists(0, PERIOD_END)]).await?;
    bundle.advance(TimeDelta::minutes(10));
    let cost = sweep(&bundle).await?;
    anyhow::ensure!(bundle.verified().await?.len() == 1, "the images were not announced");
    Ok(cost)
}

async fn recorded(count: u64) -> Result<TestBundle> {
    let bundle = TestBundle::start().await?;
    let all: Vec<_> = (0..count).map(|number| exists(number, PERIOD_END)).collect();
    bundle.invoke_all(&all).await?;
    Ok(bundle)
}

fn message_ids(count: u64) -> Vec<String> {
    let id = |number| exists(number, PERIOD_END)["message_id"].as_str().map(str::to_owned);
    (0..count).filter_map(id).collect()
}

async fn repair(bundle: &TestBundle, ids: &[String]) -> Result<Cost> {
    let (repaired, cost) =
        cost::measure(bundle, async { Ok(bundle.usage.repair(Service::Nova, ids).await?) }).await?;
    anyhow::ensure!(repaired == domain::usage::repairing::Unrepaired::default(), "{repaired:?}");
    Ok(cost)
}

async fn confirm(bundle: &TestBundle, ids: &[String]) -> Result<Cost> {
    let answer = |id: &String| (id.clone(), Answer { send_status: 201, event_id: Some(id.clone()) });
    let confirmation = Confirmation { nova: ids.iter().map(answer).collect(), ..Confirmation::default() };
    let (confirmed, cost) =
        cost::measure(bundle, async { Ok(bundle.usage.confirm(&confirmation).await?) }).await?;
    anyhow::ensure!(confirmed.rows == ids.len() as u64, "{confirmed:?}");
    Ok(cost)
}

fn row(name: &str, count: u64, floor: f64, cost: Cost) -> Vec<String> {
    let each = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let (write, read) = (cost.write / each, cost.read / each);
    let ratio = if floor > 0.0 { format!("{:.2}", write / floor) } else { "-".to_owned() };
    vec![
        name.to_owned(),
        count.to_string(),
        format!("{write:.2}"),
        format!("{floor:.0}"),
        ratio,
        format!("{read:.2}"),
        cost.trips.to_string(),
    ]
}
