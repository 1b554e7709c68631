//! The ledger's storage. No other module of the group accesses the table.

mod due;
mod exists;
mod ledger;
mod outbox;
mod reading;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::failure;
use crate::storage::item::item;
use crate::storage::key::{Collection, Key, Range};
use crate::storage::table::{Table, Write};
use crate::usage::Usage;
use crate::usage::column::Row;
use crate::work::open_blocks;

/// A reference to a row, stored under a key other than the row's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// The row's id.
    pub id: u64,
}

impl Usage {
    fn table(&self) -> &Table {
        &self.table
    }

    /// Sets aside the unfinished id blocks of workers that died, and removes the finished ones.
    pub(crate) async fn blocks_sweep(&self) -> Result<(), Error> {
        open_blocks::sweep(self.table(), self.now()).await
    }

    /// Stores pointers.
    pub(crate) async fn pointers_put(&self, pointers: Vec<(Key, Pointer)>) -> Result<(), Error> {
        let writes = pointers.iter().map(|(key, pointer)| Ok(Write::Put(item(key, pointer)?)));
        self.table().write_all(writes.collect::<Result<_, Error>>()?).await
    }

    /// Stores a row under its id unless it exists: a redelivery must not undo a later change.
    pub(crate) async fn row_put<T: Serialize>(
        &self,
        collection: Collection,
        id: u64,
        row: &T,
    ) -> Result<(), Error> {
        self.table().put_new::<T, IgnoredAny>(&Key::row(collection, id), row).await.map(drop)
    }

    /// Returns the row with this id. Strongly consistent.
    pub(crate) async fn row_get<R: Row>(&self, id: u64) -> Result<Option<R>, Error> {
        self.table().get(&Key::row(R::COLLECTION, id)).await
    }

    /// Returns the rows that the pointers of a range lead to. Strongly consistent.
    pub(crate) async fn rows_at<T: DeserializeOwned>(
        &self,
        collection: Collection,
        pointers: &Range,
    ) -> Result<Vec<T>, Error> {
        let pointers: Vec<Pointer> = self.table().query_all(pointers).await?;
        let keys: Vec<_> = pointers.iter().map(|pointer| Key::row(collection, pointer.id)).collect();
        Ok(self.table().get_many(&keys).await?.into_values().collect())
    }

    /// Merges a change into a row with optimistic locking, and retries on conflicts. `merge` returns the changed row and
    /// the version that was read (0 if there was no row), or `None` if nothing changes.
    async fn merge_at<R, M>(&self, key: &Key, merge: M) -> Result<(), Error>
    where
        R: Serialize + DeserializeOwned,
        M: Fn(Option<R>) -> Option<(R, u64)>,
    {
        let mut existing = self.table().get(key).await?;
        for _ in 0..failure::ATTEMPTS {
            let Some((row, version)) = merge(existing) else { return Ok(()) };
            existing = self.table().replace(key, &row, version).await?;
            if existing.is_none() {
                return Ok(());
            }
        }
        Err(Error::new(Kind::Conflict, "Too many concurrent changes of the same row; try again."))
    }

    /// Returns the id that a pointer leads to. Creates the pointer with the proposed id if it does not exist.
    async fn id_at(&self, pointer: &Key, proposed: u64) -> Result<u64, Error> {
        // Read first: most events are not the first of their row, and a refused write costs more than a read.
        if let Some(Pointer { id }) = self.table().get(pointer).await? {
            return Ok(id);
        }
        let existing: Option<Pointer> = self.table().put_new(pointer, &Pointer { id: proposed }).await?;
        Ok(existing.map_or(proposed, |pointer| pointer.id))
    }
}
