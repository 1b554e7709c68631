//! Reading stored notifications: their rows, and the bodies of their chunks.

use serde_json::Value;

use crate::error::Error;
use crate::notification::chunk_body::ChunkBody;
use crate::notification::raw::RawRow;
use crate::storage::key::{Collection, Key};
use crate::storage::table::Table;

/// Returns a notification in its original form, by the id of its row. Returns `None` if it has expired.
pub async fn notification_get(table: &Table, raw: u64) -> Result<Option<Value>, Error> {
    let Some(row) = table.get::<RawRow>(&Key::row(Collection::Notification, raw)).await? else {
        return Ok(None);
    };
    let elements = bodies(table, &[&row.chunk]).await?.pop().flatten().unwrap_or_default();
    Ok(elements.into_iter().nth(usize::try_from(row.position).unwrap_or(usize::MAX)))
}

/// Returns the elements of these chunks, in the same order; `None` for a chunk that has expired.
pub async fn bodies(table: &Table, chunks: &[&str]) -> Result<Vec<Option<Vec<Value>>>, Error> {
    let keys: Vec<_> = chunks.iter().map(|chunk| Key::body(chunk)).collect();
    let bodies = table.get_many::<ChunkBody>(&keys).await?;
    keys.iter().map(|key| bodies.get(key).map(ChunkBody::elements).transpose()).collect()
}
