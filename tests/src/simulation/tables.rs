//! The tables as they are stored, read without faults.

use local::dynamodb::{DynamoDb, TARGET_PREFIX};
use serde_json::{Value, json};

use crate::simulation::time::at;

/// States of streams that are not finished.
const OPEN_STATES: [&str; 5] = ["active", "firing", "expiring", "retry_fire", "retry_expire"];

/// Returns all items of a table, in the service's JSON.
pub fn scan(dynamodb: &DynamoDb, table: &str) -> Vec<Value> {
    let (mut items, mut start) = (Vec::new(), Value::Null);
    loop {
        let mut request = json!({"TableName": table});
        if !start.is_null() {
            request["ExclusiveStartKey"] = start;
        }
        let response = dynamodb.respond(&format!("{TARGET_PREFIX}Scan"), request.to_string().as_bytes());
        let mut reply: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        if let Value::Array(page) = reply["Items"].take() {
            items.extend(page);
        }
        start = reply["LastEvaluatedKey"].take();
        if start.is_null() {
            return items;
        }
    }
}

/// Returns the partition key of an item.
pub fn pk(item: &Value) -> &str {
    item["pk"]["S"].as_str().unwrap_or_default()
}

/// Returns the sort key of an item.
pub fn sk(item: &Value) -> &str {
    item["sk"]["S"].as_str().unwrap_or_default()
}

/// Describes an item of scheduled or unfinished work; `None` if it is no such item.
pub fn work(item: &Value) -> Option<String> {
    let key = format!("{} {}", pk(item), sk(item));
    match pk(item).split('#').next().unwrap_or_default() {
        "V" => Some(format!("due row {key}")),
        "OB" | "RO" => Some(format!("outgoing row {key}")),
        "OPEN" => Some(format!("open id block {key}")),
        "SEQ" => {
            let open = item.as_object()?.keys().filter(|name| name.starts_with("d#")).count();
            (open > 0).then(|| format!("{open} open id blocks in {key}"))
        }
        _ => None,
    }
}

/// Whether an item is a stream that is not finished.
pub fn is_open_stream(item: &Value) -> bool {
    let state = item["st"]["S"].as_str().unwrap_or_default();
    pk(item).starts_with("S#") && OPEN_STATES.contains(&state) && item["go"]["BOOL"] != true
}

/// Returns the minute, since 1970, of this time of the run.
pub fn minute(elapsed: std::time::Duration) -> i64 {
    at(elapsed).timestamp().div_euclid(60)
}
