//! Requests in the table: nothing else of the group touches it.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::key::{Key, Range};
use crate::recomputations::Recomputations;
use crate::recomputations::publishing::Change;
use crate::recomputations::record::Recomputation;
use crate::table::{self, Cancelled, Table, Write, item};
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

/// What became of a transaction that somebody else may have been faster than.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Race {
    /// Everything is written.
    Won,
    /// Nothing is: what it was decided on is no longer so.
    Lost,
}

impl Recomputations {
    fn table(&self) -> &Table {
        &self.platform.tables.registry
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
    pub(crate) fn remember(
        tenant: &str,
        key: &str,
        remembered: &Remembered,
        now: Micros,
    ) -> Result<Write, Error> {
        let change =
            table::Change::of(Key::idempotency(tenant, key), "SET ha = :hash, id = :id, #ttl = :ttl")
                .when("attribute_not_exists(pk) OR #ttl <= :now")
                .name("#ttl", "ttl")
                .value(":hash", &remembered.hash)?
                .value(":id", &remembered.id)?
                .value(":ttl", remembered.ttl)?
                .value(":now", now.epoch_seconds())?;
        Ok(Write::Change(change))
    }

    /// Keeps a change until it is published.
    pub(crate) fn change_keep(change: &Change) -> Result<Write, Error> {
        Ok(Write::PutNew(item(&Key::change(&change.id, change.version), change)?))
    }

    /// The changes in one shard that are still to be published.
    pub(crate) async fn change_list(&self, shard: u64) -> Result<Vec<Change>, Error> {
        self.table().query_all(&Range::changes(shard)).await
    }

    /// Says that a change is published.
    pub(crate) async fn change_remove(&self, change: &Change) -> Result<(), Error> {
        self.table().write_all(vec![Write::Delete(Key::change(&change.id, change.version))]).await
    }

    /// Makes all of the writes or none.
    pub(crate) async fn write_together(&self, writes: Vec<Write>) -> Result<Race, Error> {
        match self.table().transact(writes, &self.platform.ids.uuid()).await {
            Ok(()) => Ok(Race::Won),
            Err(Cancelled::Condition(_) | Cancelled::Conflict) => Ok(Race::Lost),
            Err(Cancelled::Failed(error)) => Err(error),
        }
    }
}
