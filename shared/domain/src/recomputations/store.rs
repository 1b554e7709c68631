//! Requests in the table: nothing else of the group touches it.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::recomputations::Recomputations;
use crate::recomputations::record::Recomputation;
use crate::storage::change::Change;
use crate::storage::item::item;
use crate::storage::key::{Key, Range};
use crate::storage::table::{Cancelled, Race, Table, Write};
use crate::time::Micros;

/// What was made of a request with an idempotency key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// The SHA-256 of the request's fields.
    #[serde(rename = "ha")]
    pub(crate) hash: String,
    /// The id that was answered.
    pub(crate) id: String,
    /// When it may be forgotten, in seconds since the epoch.
    pub(crate) ttl: i64,
}

impl Recomputations {
    fn table(&self) -> &Table {
        &self.table
    }

    pub(crate) async fn request_get(&self, tenant: &str, id: &str) -> Result<Option<Recomputation>, Error> {
        self.table().get(&Key::recomputation(tenant, id)).await
    }

    /// All requests of a tenant, in no order.
    pub(crate) async fn request_list(&self, tenant: &str) -> Result<Vec<Recomputation>, Error> {
        self.table().query_all(&Range::recomputations(tenant)).await
    }

    pub(crate) async fn remembered_get(&self, tenant: &str, key: &str) -> Result<Option<Remembered>, Error> {
        let found: Option<Remembered> = self.table().get(&Key::idempotency(tenant, key)).await?;
        Ok(found.filter(|found| found.ttl > self.now().epoch_seconds()))
    }

    /// Puts a request where none stands.
    pub(crate) fn request_new(tenant: &str, request: &Recomputation) -> Result<Write, Error> {
        Ok(Write::PutNew(item(&Key::recomputation(tenant, &request.id), request)?))
    }

    /// Puts a request in place of the one with this version.
    pub(crate) fn request_replace(
        tenant: &str,
        request: &Recomputation,
        version: u64,
    ) -> Result<Write, Error> {
        Ok(Write::Replace(item(&Key::recomputation(tenant, &request.id), request)?, version))
    }

    /// Removes a request that has this version.
    pub(crate) fn request_remove(tenant: &str, id: &str, version: u64) -> Write {
        Write::Remove(Key::recomputation(tenant, id), version)
    }

    /// Remembers what was made of a request with this key, unless something is remembered that still counts.
    pub(crate) fn remember(tenant: &str, key: &str, remembered: &Remembered, now: Micros) -> Write {
        let change = Change::of(Key::idempotency(tenant, key))
            .set("ha", &remembered.hash)
            .set("id", &remembered.id)
            .set("ttl", remembered.ttl)
            .when_at_most("ttl", now.epoch_seconds())
            .or_absent();
        Write::Change(change)
    }

    /// Makes all of the writes or none.
    pub(crate) async fn write_together(&self, writes: Vec<Write>) -> Result<Race, Error> {
        self.table().transact(writes, &self.ids.uuid()).await.or_else(Cancelled::lost)
    }
}
