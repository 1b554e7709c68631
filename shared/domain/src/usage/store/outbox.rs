//! The outbox: announcements that are stored with a verdict and not published yet.

use serde_json::Value;

use crate::error::Error;
use crate::notification::store;
use crate::storage::item::{self, Item};
use crate::storage::key::{Key, Range};
use crate::storage::table::Write;
use crate::usage::Usage;
use crate::usage::announcement::Announcement;

/// Returns the item that stores an announcement.
pub(super) fn item(announcement: &Announcement) -> Result<Item, Error> {
    item::item(&key(announcement), announcement)
}

fn key(announcement: &Announcement) -> Key {
    Key::outbox(announcement.collection, announcement.id)
}

impl Usage {
    /// Returns the accepted notification of a raw row. `None` if it has expired or is not written yet.
    pub(crate) async fn notification_get(&self, raw: u64) -> Result<Option<Value>, Error> {
        store::notification_get(self.table(), raw).await
    }

    /// Whether one shard of the outbox is empty.
    pub(crate) async fn outbox_is_empty(&self, shard: u64) -> Result<bool, Error> {
        let page = self.table().query::<Announcement>(&Range::outbox(shard), false, None, Some(1)).await?;
        Ok(page.items.is_empty())
    }

    /// Returns the announcements in one shard of the outbox.
    pub(crate) async fn outbox_list(&self, shard: u64) -> Result<Vec<Announcement>, Error> {
        self.table().query_all(&Range::outbox(shard)).await
    }

    /// Removes a published announcement.
    pub(crate) async fn outbox_remove(&self, announcement: &Announcement) -> Result<(), Error> {
        self.table().write_all(vec![Write::Delete(key(announcement))]).await
    }
}
