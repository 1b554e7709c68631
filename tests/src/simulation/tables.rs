//! The tables as they are stored, read without faults.

use std::time::Duration;

use local::dynamodb::{DynamoDb, TARGET_PREFIX};
use serde_json::{Value, json};

use crate::simulation::time::at;

/// States of streams that are not finished.
const OPEN_STATES: [&str; 5] = ["active", "firing", "expiring", "retry_fire", "retry_expire"];

/// Minutes after which no sweep looks at a due row any more: each covers the last five again.
const SWEPT_MINUTES: i64 = 7;

/// Returns all items of a table, in the service's JSON.
pub fn scan(dynamodb: &DynamoDb, table: &str) -> Vec<Value> {
    read(dynamodb, &json!({"TableName": table}))
}

/// Whether a table holds work that some process will still do.
pub fn has_work(dynamodb: &DynamoDb, table: &str, now: Duration) -> bool {
    let request = json!({
        "TableName": table,
        "FilterExpression": "begins_with(pk, :due) OR begins_with(pk, :out) OR begins_with(pk, :stream) \
                             OR pk IN (:sequences, :open)",
        "ExpressionAttributeValues": {
            ":due": {"S": "V#"}, ":out": {"S": "OB#"}, ":stream": {"S": "S#"}, ":sequences": {"S": "SEQ"},
            ":open": {"S": "OPEN"},
        },
    });
    let is_past = |minute: Option<&str>| {
        minute
            .and_then(|minute| minute.parse().ok())
            .is_some_and(|due: i64| due + SWEPT_MINUTES < minute_of(now))
    };
    read(dynamodb, &request).iter().any(|item| {
        if pk(item).starts_with("V#") {
            !is_past(pk(item).split('#').nth(1))
        } else if is_open_stream(item) {
            !is_past(item["du"]["N"].as_str())
        } else {
            work(item).is_some()
        }
    })
}

fn read(dynamodb: &DynamoDb, request: &Value) -> Vec<Value> {
    let (mut items, mut start) = (Vec::new(), Value::Null);
    loop {
        let mut request = request.clone();
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

/// Describes an item of scheduled or unfinished work; `None` if it is no such item, or if it expires by itself.
pub fn work(item: &Value) -> Option<String> {
    if !item["ttl"].is_null() {
        return None;
    }
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
pub fn minute_of(elapsed: Duration) -> i64 {
    at(elapsed).timestamp().div_euclid(60)
}
