//! Announcements of verified records: stored with the verdict, published at least once, always as the same message.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::storage::item::{self, Item};
use crate::storage::key::{Collection, Key};
use crate::time::Micros;

/// A verified notification that is still to be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// What was verified.
    #[serde(rename = "k")]
    pub collection: Collection,
    /// The (first) row that was verified.
    pub id: u64,
    /// The raw notification that is announced as verified.
    pub raw: u64,
    /// The announcement's own `message_id`, fixed here: publishing twice publishes the same message.
    #[serde(rename = "mi")]
    pub message_id: String,
    /// Since when it is waiting.
    #[serde(rename = "at")]
    pub since: Micros,
}

/// The item that holds it.
pub fn item(announcement: &Announcement) -> Result<Item, Error> {
    item::item(&key(announcement), announcement)
}

/// Where it is held.
pub fn key(announcement: &Announcement) -> Key {
    Key::outbox(announcement.collection, announcement.id)
}
