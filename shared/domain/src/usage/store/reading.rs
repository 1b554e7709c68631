//! Reading for whoever asks from outside: at half the price, and without the writes of the last moments.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Error;
use crate::notification::service::Service;
use crate::storage::block::Blocks;
use crate::storage::key::{Collection, Key, Range};
use crate::storage::table::Page;
use crate::usage::Usage;
use crate::usage::column::Row;
use crate::usage::store::Pointer;

impl Usage {
    /// The row with this id.
    pub(crate) async fn row_read<R: Row>(&self, id: u64) -> Result<Option<R>, Error> {
        self.table().eventual().get(&Key::row(R::COLLECTION, id)).await
    }

    /// Where the rows of a range are.
    pub(crate) async fn pointers_read(&self, pointers: &Range) -> Result<Vec<Pointer>, Error> {
        self.table().eventual().query_all(pointers).await
    }

    /// The rows that pointers lead to, in no order.
    pub(crate) async fn rows_read<R: Row>(&self, pointers: &[Pointer]) -> Result<Vec<R>, Error> {
        let keys: Vec<_> = pointers.iter().map(|pointer| Key::row(R::COLLECTION, pointer.id)).collect();
        Ok(self.table().eventual().get_many(&keys).await?.into_values().collect())
    }

    /// The id blocks of a collection.
    pub(crate) async fn blocks(&self, collection: Collection) -> Result<Blocks, Error> {
        Blocks::of(self.table().eventual(), collection).await
    }

    /// A page of the hour counters of a service, from one hour to another (since the epoch), both included.
    pub(crate) async fn hours_page(
        &self,
        service: Service,
        bounds: Option<(i64, i64)>,
        after: Option<&Key>,
    ) -> Result<Page<BTreeMap<String, Value>>, Error> {
        self.table().eventual().query(&Range::hours(service.code(), bounds), false, after, None).await
    }
}
