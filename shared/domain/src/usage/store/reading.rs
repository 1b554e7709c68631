//! Eventually consistent reads for API clients: they cost half as much, and may miss the latest writes.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Error;
use crate::notification::service::Service;
use crate::storage::block::Blocks;
use crate::storage::key::{Collection, Key, Range};
use crate::storage::table::Page;
use crate::time::Hour;
use crate::usage::Usage;
use crate::usage::column::Row;
use crate::usage::store::Pointer;

impl Usage {
    /// Returns the row with this id.
    pub(crate) async fn row_read<R: Row>(&self, id: u64) -> Result<Option<R>, Error> {
        self.table().eventual().get(&Key::row(R::COLLECTION, id)).await
    }

    /// Returns the pointers of a range.
    pub(crate) async fn pointers_read(&self, pointers: &Range) -> Result<Vec<Pointer>, Error> {
        self.table().eventual().query_all(pointers).await
    }

    /// Returns the rows that pointers lead to, in no particular order.
    pub(crate) async fn rows_read<R: Row>(&self, pointers: &[Pointer]) -> Result<Vec<R>, Error> {
        let keys: Vec<_> = pointers.iter().map(|pointer| Key::row(R::COLLECTION, pointer.id)).collect();
        Ok(self.table().eventual().get_many(&keys).await?.into_values().collect())
    }

    /// Returns the id blocks of a collection.
    pub(crate) async fn blocks(&self, collection: Collection) -> Result<Blocks, Error> {
        Blocks::of(self.table().eventual(), collection).await
    }

    /// Returns a page of a shard of the hour counters of a service. `bounds` are the first and last hour (since the epoch).
    pub(crate) async fn hours_page(
        &self,
        service: Service,
        shard: u64,
        bounds: Option<(Hour, Hour)>,
        after: Option<&Key>,
    ) -> Result<Page<BTreeMap<String, Value>>, Error> {
        self.table().eventual().query(&Range::hours(service.code(), shard, bounds), false, after, None).await
    }
}
