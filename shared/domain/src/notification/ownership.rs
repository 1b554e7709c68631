//! Pure. The record of the chunk that owns a `message_id`, and of the rows of its notification.

use serde::{Deserialize, Serialize};

use crate::storage::key::Collection;

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
}
