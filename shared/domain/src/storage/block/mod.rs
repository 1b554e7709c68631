//! Rows in id blocks: neighbouring ids under one partition key, so that a list by id reads few partitions.

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

/// Blocks that are read at once where the whole collection is wanted.
const AHEAD: usize = 8;

/// The blocks of one collection as they are when the reading begins.
#[derive(Clone, Debug)]
pub struct Blocks {
    table: Table,
    collection: Collection,
    last: u64,
}

/// The rows of a block, and the read units they cost.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    /// The rows by descending id.
    pub rows: Vec<T>,
    /// Read units.
    pub units: f64,
}

impl Blocks {
    /// The blocks of a collection up to its highest id so far.
    pub async fn of(table: Table, collection: Collection) -> Result<Self, Error> {
        let last = sequence::last_id(&table, collection).await?;
        Ok(Self { table, collection, last })
    }

    /// The highest id that was given so far, and so the most rows there can be; 0 where there are none.
    pub fn last_id(&self) -> u64 {
        self.last
    }

    /// How many blocks there are.
    pub fn count(&self) -> u64 {
        if self.last == 0 { 0 } else { self.last / BLOCK + 1 }
    }

    /// Read units that reading all rows takes, by the usual size of a row.
    pub fn units(&self) -> u64 {
        (self.last * row_bytes(self.collection)).div_ceil(READ_UNIT)
    }

    /// A page of the block at this place, counted from the newest or from the oldest, in the same order.
    pub async fn page<T: DeserializeOwned>(
        &self,
        place: u64,
        newest_first: bool,
        after: Option<&Key>,
        limit: Option<i32>,
    ) -> Result<Page<T>, Error> {
        let number = if newest_first { self.count() - 1 - place } else { place };
        self.table.query(&Range::block(self.collection, number), newest_first, after, limit).await
    }

    /// All blocks from the newest to the oldest, several read ahead.
    pub fn newest_first<T: DeserializeOwned>(
        &self,
    ) -> impl Stream<Item = Result<Rows<T>, Error>> + use<'_, T> {
        stream::iter(0..self.count()).map(|place| self.read(place)).buffered(AHEAD)
    }

    async fn read<T: DeserializeOwned>(&self, place: u64) -> Result<Rows<T>, Error> {
        let mut page = self.page(place, true, None, None).await?;
        let mut rows = Rows { rows: page.items, units: page.units };
        while let Some(next) = page.next {
            page = self.page(place, true, Some(&next), None).await?;
            rows.rows.append(&mut page.items);
            rows.units += page.units;
        }
        Ok(rows)
    }
}

/// Bytes that an eventually consistent read unit covers.
const READ_UNIT: u64 = 8_192;

/// The usual size of a stored row: an estimate for refusing a query before it reads, nothing else.
fn row_bytes(collection: Collection) -> u64 {
    match collection {
        Collection::Notification | Collection::Rejected => 600,
        Collection::Stream => 400,
        Collection::InstanceExists | Collection::ImageExists | Collection::Launch => 260,
        Collection::Image | Collection::InstanceDelete | Collection::ImageDelete => 160,
    }
}
