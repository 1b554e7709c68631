//! Rows in id blocks: neighbouring ids share a partition key, so that a list by id reads few partitions.

mod budget;
mod walk;

use futures::{Stream, StreamExt, stream};
use serde::de::DeserializeOwned;

pub use budget::Budget;
pub use walk::{Start, walk};

use crate::error::Error;
use crate::storage::key::{BLOCK, Collection, Key, Range};
use crate::storage::sequence;
use crate::storage::table::{Page, Table};

/// Blocks that are read concurrently when all rows are wanted.
const AHEAD: usize = 8;

/// The blocks of a collection when reading starts.
#[derive(Clone, Debug)]
pub struct Blocks {
    table: Table,
    collection: Collection,
    last: u64,
}

/// The rows of a block.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    /// The rows, by descending id.
    pub rows: Vec<T>,
    /// Read units that they cost.
    pub units: f64,
}

impl Blocks {
    /// Returns the blocks of a collection up to its highest id.
    pub async fn of(table: Table, collection: Collection) -> Result<Self, Error> {
        let last = sequence::last_id(&table, collection).await?;
        Ok(Self { table, collection, last })
    }

    /// Returns the highest allocated id, an upper bound of the number of rows; 0 if there are none.
    pub fn last_id(&self) -> u64 {
        self.last
    }

    /// Returns the number of blocks.
    pub fn count(&self) -> u64 {
        if self.last == 0 { 0 } else { self.last / BLOCK + 1 }
    }

    /// Estimates the read units for reading all rows, by the typical size of a row.
    pub fn units(&self) -> u64 {
        (self.last * row_bytes(self.collection)).div_ceil(READ_UNIT)
    }

    /// Returns a page of the block at this position, counted from the newest or the oldest block, in the same order.
    pub async fn page<T: DeserializeOwned>(
        &self,
        position: u64,
        newest_first: bool,
        after: Option<&Key>,
        limit: Option<i32>,
    ) -> Result<Page<T>, Error> {
        let number = if newest_first { self.count() - 1 - position } else { position };
        self.table.query(&Range::block(self.collection, number), newest_first, after, limit).await
    }

    /// Streams all blocks from the newest to the oldest, reading ahead.
    pub fn newest_first<T: DeserializeOwned>(
        &self,
    ) -> impl Stream<Item = Result<Rows<T>, Error>> + use<'_, T> {
        stream::iter(0..self.count()).map(|position| self.read(position)).buffered(AHEAD)
    }

    async fn read<T: DeserializeOwned>(&self, position: u64) -> Result<Rows<T>, Error> {
        let mut page = self.page(position, true, None, None).await?;
        let mut rows = Rows { rows: page.items, units: page.units };
        while let Some(next) = page.next {
            page = self.page(position, true, Some(&next), None).await?;
            rows.rows.append(&mut page.items);
            rows.units += page.units;
        }
        Ok(rows)
    }
}

/// Bytes that one eventually consistent read unit covers.
const READ_UNIT: u64 = 8_192;

/// Returns the typical size of a stored row, to estimate the cost of a query.
fn row_bytes(collection: Collection) -> u64 {
    match collection {
        Collection::Notification | Collection::Rejected => 600,
        Collection::Stream | Collection::Operation | Collection::SchemaTask => 400,
        Collection::InstanceExists | Collection::ImageExists | Collection::Launch => 260,
        Collection::Image | Collection::InstanceDelete | Collection::ImageDelete => 160,
    }
}
