//! The notifications of a chunk as they came, compressed into one item and kept for their retention.

use std::io::{Read, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::key::Key;
use crate::table::{self, Item, Table};

#[derive(Serialize, Deserialize)]
struct Body {
    /// A JSON list of the chunk's elements, gzip.
    #[serde(rename = "z", with = "serde_bytes")]
    compressed: Vec<u8>,
    /// When it is forgotten, in seconds since the epoch.
    ttl: i64,
}

/// The item that keeps the elements of a chunk until `expires` (seconds since the epoch).
pub fn item(chunk: &str, elements: &str, expires: i64) -> Result<Item, Error> {
    let failed = |cause| Error::bug("a body could not be compressed").because(cause);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(elements.as_bytes()).map_err(failed)?;
    table::item(&Key::body(chunk), &Body { compressed: encoder.finish().map_err(failed)?, ttl: expires })
}

/// The elements of these chunks, in the same order; none where they are forgotten already.
pub async fn elements(table: &Table, chunks: &[&str]) -> Result<Vec<Option<Vec<Value>>>, Error> {
    let keys: Vec<_> = chunks.iter().map(|chunk| Key::body(chunk)).collect();
    let bodies = table.get_many::<Body>(&keys).await?;
    keys.iter().map(|key| bodies.get(key).map(read).transpose()).collect()
}

fn read(body: &Body) -> Result<Vec<Value>, Error> {
    let mut text = String::new();
    let inflated = GzDecoder::new(body.compressed.as_slice()).read_to_string(&mut text);
    inflated.map_err(|cause| Error::bug("a body could not be inflated").because(cause))?;
    serde_json::from_str(&text).map_err(|cause| Error::bug("a body could not be read").because(cause))
}
