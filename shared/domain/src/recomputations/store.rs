//! Storage of requests. No other file of the group accesses the table.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::recomputations::Recomputations;
use crate::recomputations::record::Recomputation;
use crate::storage::change::Change;
use crate::storage::item::item;
use crate::storage::key::{Key, Range};
use crate::storage::table::{Cancelled, Race, Table, Write};
use crate::time::Micros;

/// The request that was submitted with an idempotency key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct IdempotencyRecord {
    /// The SHA-256 of the request's fields.
    #[serde(rename = "ha")]
    pub(crate) hash: String,
    /// The id of the request.
    pub(crate) id: String,
    /// When the record expires, in seconds since the epoch.
    pub(crate) ttl: i64,
}

impl Recomputations {
    fn table(&self) -> &Table {
        &self.table
    }

    pub(crate) async fn request_get(&self, tenant: &str, id: &str) -> Result<Option<Recomputation>, Error> {
        self.table().get(&Key::recomputation(tenant, id)).await
    }

    /// Returns all requests of a tenant, in no particular order.
    pub(crate) async fn request_list(&self, tenant: &str) -> Result<Vec<Recomputation>, Error> {
        self.table().query_all(&Range::recomputations(tenant)).await
    }

    /// Returns the record of an idempotency key unless it has expired.
    pub(crate) async fn idempotency_get(
        &self,
        tenant: &str,
        key: &str,
    ) -> Result<Option<IdempotencyRecord>, Error> {
        let found: Option<IdempotencyRecord> = self.table().get(&Key::idempotency(tenant, key)).await?;
        Ok(found.filter(|found| found.ttl > self.now().epoch_seconds()))
    }

    /// Returns the write of a new request.
    pub(crate) fn request_new(tenant: &str, request: &Recomputation) -> Result<Write, Error> {
        Ok(Write::PutNew(item(&Key::recomputation(tenant, &request.id), request)?))
    }

    /// Returns the write that replaces a request if it has this version.
    pub(crate) fn request_replace(
        tenant: &str,
        request: &Recomputation,
        version: u64,
    ) -> Result<Write, Error> {
        Ok(Write::Replace(item(&Key::recomputation(tenant, &request.id), request)?, version))
    }

    /// Returns the write that removes a request if it has this version.
    pub(crate) fn request_remove(tenant: &str, id: &str, version: u64) -> Write {
        Write::Remove(Key::recomputation(tenant, id), version)
    }

    /// Returns the write that stores the record of an idempotency key unless the key has one that has not expired.
    pub(crate) fn idempotency_put(tenant: &str, key: &str, record: &IdempotencyRecord, now: Micros) -> Write {
        let change = Change::of(Key::idempotency(tenant, key))
            .set("ha", &record.hash)
            .set("id", &record.id)
            .set("ttl", record.ttl)
            .when_at_most("ttl", now.epoch_seconds())
            .or_absent();
        Write::Change(change)
    }

    /// Makes all of the writes or none, in one transaction.
    pub(crate) async fn write_together(&self, writes: Vec<Write>) -> Result<Race, Error> {
        self.table().transact(writes, &self.ids.uuid()).await.or_else(Cancelled::lost)
    }
}
