//! The state that the usage table stores, without ids: two tables that hold the same records are equal, whatever was
//! delivered twice, in another order or to a worker that crashed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use aws_sdk_dynamodb::Client;
use serde_json::{Map, Value, json};

/// Stored records by kind, and by a name built from the notifications themselves.
pub type StoredState = BTreeMap<String, BTreeMap<String, Value>>;

/// Reads the stored state of a table.
pub async fn read(client: &Client, table: &str) -> Result<StoredState> {
    let items = scan(client, table).await?;
    let names = Names::new(&items);
    let mut places = BTreeMap::<String, BTreeMap<String, Vec<Value>>>::new();
    for (kind, name, value) in items.iter().filter_map(|item| names.place(item)) {
        places.entry(kind.to_owned()).or_default().entry(name).or_default().push(value);
    }
    let one = |(name, values)| (name, merged(values));
    Ok(places.into_iter().map(|(kind, named)| (kind, named.into_iter().map(one).collect())).collect())
}

/// Removes the chunks, which depend on how notifications were packed and delivered.
pub fn without_chunks(mut stored: StoredState) -> StoredState {
    stored.remove("chunk");
    stored
}

/// Describes every difference between two states.
pub fn differences(one: &StoredState, other: &StoredState) -> Vec<String> {
    let none = BTreeMap::new();
    let mut differences = Vec::new();
    for kind in one.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
        let (one, other) = (one.get(kind).unwrap_or(&none), other.get(kind).unwrap_or(&none));
        for name in one.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
            if one.get(name) != other.get(name) {
                let text =
                    |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
                differences.push(format!(
                    "{kind} {name}: {} or {}",
                    text(one.get(name)),
                    text(other.get(name))
                ));
            }
        }
    }
    differences
}

/// Reads all items of a table as JSON.
pub async fn scan(client: &Client, table: &str) -> Result<Vec<Map<String, Value>>> {
    let mut items = Vec::new();
    let mut pages = client.scan().table_name(table).into_paginator().send();
    while let Some(page) = pages.next().await {
        for mut item in page.context("cannot scan the table")?.items.unwrap_or_default() {
            // Compressed bodies are not JSON; the rows hold their contents.
            item.remove("z");
            items.push(serde_dynamo::from_item(item).context("an item does not convert to JSON")?);
        }
    }
    Ok(items)
}

/// The names of rows by collection and id.
struct Names {
    by_row: BTreeMap<(String, u64), String>,
}

fn text<'a>(item: &'a Map<String, Value>, name: &str) -> &'a str {
    item.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn is_announcement(item: &Map<String, Value>) -> bool {
    text(item, "et").ends_with(".verified")
}

/// Returns the code of the row's collection, or `None` if the item is not a row.
fn collection(item: &Map<String, Value>) -> Option<&str> {
    let (code, block) = text(item, "pk").split_once('#')?;
    let rows = ["N", "XN", "XG", "U", "GU", "D", "GD", "R"].contains(&code);
    (rows && block.bytes().all(|byte| byte.is_ascii_digit())).then_some(code)
}

/// Returns the columns that link to rows of other collections.
fn links(code: &str) -> &'static [(&'static str, &'static str)] {
    match code {
        "XN" => &[("raw", "N"), ("us", "U"), ("de", "D")],
        "XG" => &[("raw", "N"), ("us", "GU"), ("de", "GD")],
        "GU" | "D" | "GD" => &[("raw", "N")],
        _ => &[],
    }
}

impl Names {
    fn new(items: &[Map<String, Value>]) -> Self {
        let by_row = items.iter().filter_map(|item| {
            let code = collection(item)?;
            Some(((code.to_owned(), item.get("id")?.as_u64()?), name(code, item)))
        });
        Self { by_row: by_row.collect() }
    }

    /// Returns an item's kind, name and comparable value, or `None` if it is not compared.
    fn place(&self, item: &Map<String, Value>) -> Option<(&'static str, String, Value)> {
        if let Some(code) = collection(item) {
            return Some((kind(code), name(code, item), self.row(code, item)));
        }
        let pk = text(item, "pk");
        let rest = pk.split_once('#').map_or("", |(_, rest)| rest);
        match pk.split('#').next().unwrap_or_default() {
            "M" => Some(("message", self.message(rest, item)?, json!([item.get("k"), item.get("xn")]))),
            "C" => Some(("chunk", text(item, "st").to_owned(), json!(1))),
            // The shards and parts of an hour are added up.
            "K" => {
                let (service, hour) = (pk.rsplit_once('#')?.0, text(item, "sk").split('#').next()?);
                Some(("hour", format!("{service} {hour}"), Self::counts(item)))
            }
            "V" => Some(("due", format!("{pk} {}", self.target(item)?), json!(1))),
            "OB" => Some(("outbox", self.target(item)?, json!(1))),
            "I" | "G" => self.pointer(pk, item),
            "OPEN" => {
                let chunks = item.get("c").and_then(Value::as_array).into_iter().flatten();
                let chunks: Vec<_> = chunks.filter_map(Value::as_str).collect();
                Some(("open block", chunks.join(" "), json!(1)))
            }
            _ => None,
        }
    }

    /// Returns a row without its id, with links replaced by the names of their targets.
    fn row(&self, code: &str, item: &Map<String, Value>) -> Value {
        let mut row = item.clone();
        for column in ["pk", "sk", "id", "v", "tk", "ck", "ps", "po", "ttl", "gf"] {
            row.remove(column);
        }
        if code == "N" || code == "R" {
            row.remove("rc");
        }
        if is_announcement(item) {
            row.remove("mi");
        }
        for (column, target) in links(code) {
            if let Some(id) = row.get(*column).and_then(Value::as_u64) {
                let name = self.by_row.get(&((*target).to_owned(), id)).cloned();
                row.insert((*column).to_owned(), name.unwrap_or_else(|| format!("dangling {target}")).into());
            }
        }
        if let Some(reason) = row.get("fr").and_then(Value::as_str) {
            let stable = stable_reason(reason);
            row.insert("fr".to_owned(), stable.into());
        }
        Value::Object(row)
    }

    fn counts(item: &Map<String, Value>) -> Value {
        item.iter()
            .filter(|(name, _)| name.starts_with("e:"))
            .map(|(name, n)| (name.clone(), n.clone()))
            .collect()
    }

    /// Returns the name of the row to which an item links by collection and id.
    fn target(&self, item: &Map<String, Value>) -> Option<String> {
        Some(self.named(text(item, "k"), item.get("id")?.as_u64()?))
    }

    /// Names the pointer of an instance or image by its target.
    fn pointer(&self, pk: &str, item: &Map<String, Value>) -> Option<(&'static str, String, Value)> {
        let code = match (pk.starts_with("I#"), text(item, "sk").split('#').next()?) {
            (true, "U") => "U",
            (true, "D") => "D",
            (true, "E") => "XN",
            (true, _) => return None,
            (false, "U") => "GU",
            (false, _) => "GD",
        };
        Some(("pointer", format!("{pk} {}", self.named(code, item.get("id")?.as_u64()?)), json!(1)))
    }

    /// Names a message by its id, and an announcement, whose id differs between runs, by its row.
    fn message(&self, message_id: &str, item: &Map<String, Value>) -> Option<String> {
        let row = self.named("N", item.get("id")?.as_u64()?);
        Some(if row == message_id || row.contains(".verified ") {
            row
        } else {
            format!("{message_id} of {row}")
        })
    }

    fn named(&self, code: &str, id: u64) -> String {
        let name = self.by_row.get(&(code.to_owned(), id)).cloned();
        name.unwrap_or_else(|| format!("dangling {code}"))
    }
}

fn kind(code: &str) -> &'static str {
    match code {
        "N" => "raw",
        "XN" => "instance exists",
        "XG" => "image exists",
        "U" => "launch",
        "GU" => "image",
        "D" => "instance delete",
        "GD" => "image delete",
        _ => "rejected",
    }
}

/// Names a row by the notification that it comes from. The id of an announcement differs between runs, so its event
/// type is used.
fn name(code: &str, item: &Map<String, Value>) -> String {
    let column = |name: &str| item.get(name).map(ToString::to_string).unwrap_or_default();
    match code {
        "N" if is_announcement(item) => format!("{} {} {}", text(item, "et"), column("in"), column("wh")),
        "N" | "XN" => text(item, "mi").to_owned(),
        "XG" => format!("{} {}", text(item, "mi"), text(item, "uu")),
        "U" => format!("{} {}", text(item, "in"), text(item, "rq")),
        "D" => format!("{} {} {}", text(item, "in"), column("la"), column("da")),
        "GU" | "GD" => format!("{} {}", text(item, "uu"), column("by")),
        _ => text(item, "re").to_owned(),
    }
}

/// Removes from a failure reason what differs between runs: the time of the failure and the id of the exists.
fn stable_reason(reason: &str) -> String {
    let reason = reason.split_once(" UTC").map_or(reason, |(_, rest)| rest);
    let words: Vec<_> = reason.split(' ').collect();
    let is_id = |place: usize| {
        place > 0 && words[place - 1] == "exists" && words[place].bytes().all(|byte| byte.is_ascii_digit())
    };
    let kept = (0..words.len()).filter(|place| !is_id(*place)).map(|place| words[place]);
    kept.collect::<Vec<_>>().join(" ")
}

/// Merges records of the same name: the shards of a counter are added up, other records become a list.
fn merged(mut values: Vec<Value>) -> Value {
    let is_counter = |value: &Value| {
        value.as_object().is_some_and(|counts| counts.keys().all(|name| name.starts_with("e:")))
    };
    if values.iter().all(Value::is_u64) {
        return values.iter().filter_map(Value::as_u64).sum::<u64>().into();
    }
    if values.iter().all(is_counter) {
        let mut sum = BTreeMap::<&String, u64>::new();
        for (name, count) in values.iter().filter_map(Value::as_object).flatten() {
            *sum.entry(name).or_default() += count.as_u64().unwrap_or_default();
        }
        return json!(sum);
    }
    values.sort_by_key(ToString::to_string);
    if values.len() == 1 { values.remove(0) } else { Value::Array(values) }
}
