//! The row that says which chunk owns a `message_id`, and which rows its notification has.

use serde::{Deserialize, Serialize};

use crate::storage::key::Collection;

/// The owner of a `message_id`, and the rows that its notification has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ownership {
    /// The raw row's id.
    pub id: u64,
    /// The chunk that records it.
    #[serde(rename = "ck")]
    pub chunk: String,
    /// The claim of that chunk under which it last was made sure of.
    #[serde(rename = "tk")]
    pub token: u64,
    /// Its place in that chunk.
    #[serde(rename = "po")]
    pub position: u64,
    /// The collection of its other rows.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<Collection>,
    /// The first of its other rows.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// How many other rows it has.
    #[serde(rename = "xn", default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// When it may be forgotten, in seconds since the epoch; never where exists rows are looked up by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
}

/// Neighbouring rows of one collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The collection.
    pub collection: Collection,
    /// The first row's id, or its distance from the first of the chunk.
    pub first: u64,
    /// How many.
    pub count: u64,
}

impl Rows {
    /// The ids of the rows.
    pub fn ids(self) -> impl Iterator<Item = u64> {
        self.first..self.first + self.count
    }
}

impl Ownership {
    /// The other rows of the notification. `None` if it made none.
    pub fn rows(&self) -> Option<Rows> {
        Some(Rows { collection: self.collection?, first: self.first?, count: self.count? })
    }
}
