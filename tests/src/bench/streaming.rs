//! What streams cost: a life, and an append however many there were before it.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::cost::{self, Cost};
use super::table::Table;
use crate::TestBundle;
use crate::bundle::chunk;
use crate::waves::Exchange;

/// Events of one stream before the append that is measured.
const APPENDS: [usize; 3] = [10, 100, 1_000];

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

/// The table of an append as the stream grows, and of a stream's other steps.
pub async fn measure() -> Result<Table> {
    let bundle = TestBundle::with_streams().await?;
    bundle.clock.set("2035-01-06T00:00:30Z".parse().context("a time")?);
    let mut table = Table::new(&["step", "write", "read"]);
    let mut taken = 0;
    let first = stream_cost(&bundle, taken).await?;
    push(&mut table, "the first event opens a stream", first);
    taken += 1;
    for count in APPENDS {
        while taken < count - 1 {
            let few: Vec<_> = (taken..(taken + 20).min(count - 1)).map(update).collect();
            taken += few.len();
            bundle.process(&[chunk(&format!("c{taken}"), &few)]).await;
        }
        let append = stream_cost(&bundle, taken).await?;
        taken += 1;
        push(&mut table, &format!("event {count} is appended"), append);
    }
    Ok(table)
}

/// What the stream's own table is charged for one notification alone in its chunk.
async fn stream_cost(bundle: &TestBundle, number: usize) -> Result<Cost> {
    let delivery = [chunk(&format!("one-{number}"), &[update(number)])];
    bundle.waves.listen();
    let (done, _) = bundle.waves.count(async { bundle.process(&delivery).await }).await;
    anyhow::ensure!(done, "it is recorded");
    Ok(cost::of(bundle.waves.heard().into_iter().filter(is_of_streams)))
}

fn is_of_streams(exchange: &Exchange) -> bool {
    exchange.request.to_string().contains("\"streams\"")
}

fn push(table: &mut Table, name: &str, cost: Cost) {
    table.push([name.to_owned(), format!("{:.1}", cost.write), format!("{:.1}", cost.read)]);
}
