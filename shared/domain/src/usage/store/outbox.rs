//! Announcements that are still to be published.

use serde_json::Value;

use crate::error::Error;
use crate::notification::store;
use crate::storage::key::Range;
use crate::storage::table::Write;
use crate::usage::Usage;
use crate::usage::outbox::{self, Announcement};

impl Usage {
    /// A notification as it came, by the id of its row; none where it is forgotten already.
    pub(crate) async fn notification_get(&self, raw: u64) -> Result<Option<Value>, Error> {
        store::notification_get(self.table(), raw).await
    }

    /// Whether anything waits in one shard of the outbox.
    pub(crate) async fn outbox_waits(&self, shard: u64) -> Result<bool, Error> {
        let page = self.table().query::<Announcement>(&Range::outbox(shard), false, None, Some(1)).await?;
        Ok(!page.items.is_empty())
    }

    /// All that waits in one shard of the outbox.
    pub(crate) async fn outbox_list(&self, shard: u64) -> Result<Vec<Announcement>, Error> {
        self.table().query_all(&Range::outbox(shard)).await
    }

    /// Says that an announcement is published.
    pub(crate) async fn outbox_remove(&self, announcement: &Announcement) -> Result<(), Error> {
        self.table().write_all(vec![Write::Delete(outbox::key(announcement))]).await
    }
}
