//! The ledger in the table: nothing else of the group touches it.

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

/// Where a row is found from something else than its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// The row's id.
    pub id: u64,
}

impl Usage {
    fn table(&self) -> &Table {
        &self.table
    }

    /// Sets aside the id blocks whose writers died, and forgets those that are whole.
    pub(crate) async fn blocks_sweep(&self) -> Result<(), Error> {
        open_blocks::sweep(self.table(), self.now()).await
    }

    /// Makes pointers lead to rows.
    pub(crate) async fn pointers_put(&self, pointers: Vec<(Key, Pointer)>) -> Result<(), Error> {
        let writes = pointers.iter().map(|(key, pointer)| Ok(Write::Put(item(key, pointer)?)));
        self.table().write_all(writes.collect::<Result<_, Error>>()?).await
    }

    /// Puts a row that stands under its own id, unless it stands there already: a repeat must not undo a later change.
    pub(crate) async fn row_put<T: Serialize>(
        &self,
        collection: Collection,
        id: u64,
        row: &T,
    ) -> Result<(), Error> {
        self.table().put_new::<T, IgnoredAny>(&Key::row(collection, id), row).await.map(drop)
    }

    /// The row with this id.
    pub(crate) async fn row_get<R: Row>(&self, id: u64) -> Result<Option<R>, Error> {
        self.table().get(&Key::row(R::COLLECTION, id)).await
    }

    /// The rows that the pointers of a range lead to.
    pub(crate) async fn rows_at<T: DeserializeOwned>(
        &self,
        collection: Collection,
        pointers: &Range,
    ) -> Result<Vec<T>, Error> {
        let pointers: Vec<Pointer> = self.table().query_all(pointers).await?;
        let keys: Vec<_> = pointers.iter().map(|pointer| Key::row(collection, pointer.id)).collect();
        Ok(self.table().get_many(&keys).await?.into_values().collect())
    }

    /// Reads a row, merges something into it, and writes it in place of the version that was read, until nobody else
    /// was faster. `merge` returns the row and that version (0 for none), or nothing where nothing changes.
    async fn merge_at<R, M>(&self, key: &Key, merge: M) -> Result<(), Error>
    where
        R: Serialize + DeserializeOwned,
        M: Fn(Option<R>) -> Option<(R, u64)>,
    {
        let mut standing = self.table().get(key).await?;
        for _ in 0..failure::ATTEMPTS {
            let Some((row, version)) = merge(standing) else { return Ok(()) };
            standing = self.table().replace(key, &row, version).await?;
            if standing.is_none() {
                return Ok(());
            }
        }
        Err(Error::new(Kind::Conflict, "The row is changed by too many at once; try again."))
    }

    /// The id of the row that a pointer leads to; where there is none yet, it leads to the proposed one from now on.
    async fn id_at(&self, pointer: &Key, proposed: u64) -> Result<u64, Error> {
        // A refused write costs more than a read, and most events are not the first of their row.
        if let Some(Pointer { id }) = self.table().get(pointer).await? {
            return Ok(id);
        }
        let standing: Option<Pointer> = self.table().put_new(pointer, &Pointer { id: proposed }).await?;
        Ok(standing.map_or(proposed, |pointer| pointer.id))
    }
}
