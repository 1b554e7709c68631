//! Pure. The record of the chunk that owns a `message_id`, and of the rows of its notification.

use serde::{Deserialize, Serialize};

use crate::storage::key::Collection;
use crate::time::Micros;

/// The owner of a `message_id`, and the ids of its notification's rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ownership {
    /// The raw row's id.
    pub id: u64,
    /// The owning chunk.
    #[serde(rename = "ck")]
    pub chunk: String,
    /// The token of that chunk's claim when it last acquired or confirmed ownership.
    #[serde(rename = "tk")]
    pub token: u64,
    /// The notification's position in that chunk.
    #[serde(rename = "po")]
    pub position: u64,
    /// When the notification was first received, by whichever chunk.
    #[serde(rename = "rc")]
    pub received: Micros,
    /// The collection of the rows derived from the notification.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<Collection>,
    /// The id of the first derived row.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// The number of derived rows.
    #[serde(rename = "xn", default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// When the record expires, in seconds since the epoch. `None` if exists rows are looked up through it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
}

/// Consecutive rows of one collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowRange {
    /// The collection.
    pub collection: Collection,
    /// The id of the first row; in a plan, its offset from the chunk's first id.
    pub first: u64,
    /// The number of rows.
    pub count: u64,
}

impl RowRange {
    /// Returns the ids of the rows.
    pub fn ids(self) -> impl Iterator<Item = u64> {
        self.first..self.first + self.count
    }
}

impl Ownership {
    /// Returns the rows derived from the notification, or `None` if there are none.
    pub fn rows(&self) -> Option<RowRange> {
        Some(RowRange { collection: self.collection?, first: self.first?, count: self.count? })
    }

    /// Returns the ownership after `new` took over. What is stored under its ids stays, unless the notification is now
    /// interpreted otherwise, so that it needs other rows.
    #[must_use]
    pub fn taken_over(&self, new: &Self) -> Self {
        let kind = |rows: RowRange| (rows.collection, rows.count);
        let keeps_rows = self.rows().map(kind) == new.rows().map(kind);
        let rows = if keeps_rows { self.rows() } else { new.rows() };
        Self {
            id: self.id,
            received: self.received,
            collection: rows.map(|rows| rows.collection),
            first: rows.map(|rows| rows.first),
            count: rows.map(|rows| rows.count),
            ..new.clone()
        }
    }
}
