//! Files of past notifications, and their division into chunks.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use domain::notification::packing::CHUNK_NOTIFICATIONS;
use domain::time::Micros;
use flate2::read::MultiGzDecoder;
use serde::de::IgnoredAny;
use serde_json::Value;

/// The first bytes of a gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const MICROS_PER_MINUTE: i64 = 60_000_000;

/// Reads the notifications of a file, each as one line of JSON. The file contains one notification per line or a JSON
/// array, and may be compressed with gzip.
pub fn read(path: &Path) -> Result<Vec<String>> {
    let open = || File::open(path).with_context(|| format!("cannot read {}", path.display()));
    let mut start = [0; GZIP_MAGIC.len()];
    let length = open()?.read(&mut start)?;
    let content: Box<dyn Read> = if length == start.len() && start == GZIP_MAGIC {
        Box::new(MultiGzDecoder::new(open()?))
    } else {
        Box::new(open()?)
    };
    let mut reader = BufReader::new(content);
    if reader.fill_buf()?.trim_ascii_start().first() == Some(&b'[') {
        let all: Vec<Value> = serde_json::from_reader(reader).context("the file is not a JSON array")?;
        return Ok(all.iter().map(Value::to_string).collect());
    }
    let mut lines = Vec::new();
    for (index, line) in reader.lines().enumerate() {
        let line = line.with_context(|| format!("cannot read line {}", index + 1))?;
        if line.trim().is_empty() {
            continue;
        }
        ensure!(serde_json::from_str::<IgnoredAny>(&line).is_ok(), "line {} is not JSON", index + 1);
        lines.push(line);
    }
    Ok(lines)
}

/// Returns the timestamp of a notification. `None` if it has no valid one.
pub fn timestamp(notification: &str) -> Option<Micros> {
    let value: Value = serde_json::from_str(notification).ok()?;
    let body = match &value {
        Value::Array(pair) => pair.get(1)?,
        body => body,
    };
    Micros::parse(body.get("timestamp").or_else(|| body.get("_context_timestamp"))?.as_str()?)
}

/// Divides notifications into chunks of consecutive notifications whose timestamps are in the same minute.
pub fn chunks(notifications: &[String]) -> impl Iterator<Item = &[String]> {
    let minute = |notification: &String| timestamp(notification).map(|at| at.0.div_euclid(MICROS_PER_MINUTE));
    notifications
        .chunk_by(move |one, next| minute(one) == minute(next))
        .flat_map(|minute| minute.chunks(CHUNK_NOTIFICATIONS))
}
