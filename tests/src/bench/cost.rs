//! The cost of work in capacity units and round trips, and the share that chunks add to their notifications.

use std::future::Future;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::TestBundle;
use crate::lockstep::Exchange;

const WRITE_UNIT: usize = 1_024;
const READS: [&str; 3] = [".GetItem", ".BatchGetItem", ".Query"];

/// The cost of a piece of work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Write units.
    pub write: f64,
    /// The write units of the chunks, beyond the records of their notifications.
    pub chunk: f64,
    /// Read units.
    pub read: f64,
    /// Sequential round trips to the table and the queues.
    pub trips: usize,
}

impl Cost {
    /// Returns the row of a table with the columns write, read and trips.
    pub fn row(&self, name: &str) -> [String; 4] {
        [name.to_owned(), format!("{:.1}", self.write), format!("{:.1}", self.read), self.trips.to_string()]
    }
}

/// Runs work in lockstep and returns its outcome and cost.
pub async fn measure<T>(bundle: &TestBundle, work: impl Future<Output = Result<T>>) -> Result<(T, Cost)> {
    bundle.lockstep.start_recording();
    let (outcome, trips) = bundle.lockstep.count(work).await;
    let exchanges = bundle.lockstep.stop_recording();
    let chunk = exchanges.iter().map(chunk_units).sum::<Result<f64>>()?;
    Ok((outcome?, Cost { chunk, trips, ..units(&exchanges) }))
}

/// Adds up the capacity units of exchanges.
pub fn units<'a>(exchanges: impl IntoIterator<Item = &'a Exchange>) -> Cost {
    let mut cost = Cost::default();
    for exchange in exchanges {
        let units = capacity(&exchange.reply);
        if READS.iter().any(|read| exchange.target.ends_with(read)) {
            cost.read += units;
        } else {
            cost.write += units;
        }
    }
    cost
}

/// Returns a call's write units for the chunk itself: its claim, its completion with the hour counters, its body and its
/// id block.
fn chunk_units(exchange: &Exchange) -> Result<f64> {
    let Exchange { target, request, reply } = exchange;
    let is_of = |key: &Value, names: &[&str]| {
        key["pk"]["S"].as_str().is_some_and(|pk| names.iter().any(|name| pk.starts_with(name)))
    };
    let is_chunk = match target.rsplit('.').next().unwrap_or_default() {
        "PutItem" => is_of(&request["Item"], &["C#"]),
        "UpdateItem" => is_of(&request["Key"], &["SEQ", "C#"]),
        "TransactWriteItems" => {
            list(&request["TransactItems"]).any(|item| is_of(&item["Update"]["Key"], &["C#"]))
        }
        "BatchWriteItem" => return body_units(exchange),
        _ => false,
    };
    Ok(if is_chunk { capacity(reply) } else { 0.0 })
}

/// Returns the write units of the bodies in a batch, by their sizes, as the reply has only the batch's total.
fn body_units(exchange: &Exchange) -> Result<f64> {
    let (mut all, mut bodies) = (0.0, 0.0);
    for item in puts(exchange) {
        let units = f64::from(u32::try_from(size(&item).div_ceil(WRITE_UNIT))?);
        all += units;
        if item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("B#")) {
            bodies += units;
        }
    }
    let charged = capacity(&exchange.reply);
    ensure!(bodies == 0.0 || (all - charged).abs() < 0.01, "items of {all} units were charged as {charged}");
    Ok(bodies)
}

/// Returns the items that a call puts.
pub fn puts(exchange: &Exchange) -> Vec<Value> {
    let Exchange { target, request, .. } = exchange;
    match target.rsplit('.').next().unwrap_or_default() {
        "PutItem" => vec![request["Item"].clone()],
        "BatchWriteItem" => {
            let tables = request["RequestItems"].as_object().into_iter().flatten();
            let writes = tables.flat_map(|(_, writes)| list(writes));
            writes.filter_map(|write| write["PutRequest"].get("Item")).cloned().collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the size of an item in bytes, attribute names included, as DynamoDB's documentation computes it.
pub fn size(item: &Value) -> usize {
    item.as_object().into_iter().flatten().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else { return 0 };
    let text = value.as_str().unwrap_or_default();
    match kind.as_str() {
        "S" => text.len(),
        "N" => text.trim_start_matches('-').len().div_ceil(2) + 1,
        "B" => text.trim_end_matches('=').len() * 3 / 4,
        "M" => 3 + value.as_object().map_or(0, serde_json::Map::len) + size(value),
        "L" => 3 + list(value).map(|value| 1 + value_size(value)).sum::<usize>(),
        _ => 1,
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Returns the capacity units of a call. The reply to a failed condition does not report them; they are one, because every
/// record under a condition is smaller than a kilobyte.
fn capacity(reply: &Value) -> f64 {
    if reply["__type"].as_str().is_some_and(|kind| kind.contains("ConditionalCheckFailed")) {
        return 1.0;
    }
    let units = |used: &Value| used["CapacityUnits"].as_f64().unwrap_or_default();
    match &reply["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().map(units).fold(0.0, |sum, units| sum + units),
        used => units(used),
    }
}
