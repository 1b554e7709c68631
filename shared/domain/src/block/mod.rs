//! Rows in id blocks: neighbouring ids under one partition key, so that a list by id reads few partitions.

mod budget;

use futures::{Stream, StreamExt, stream};
use serde::de::DeserializeOwned;

pub use budget::Budget;

use crate::error::Error;
use crate::key::{BLOCK, Collection, Range};
use crate::sequence;
use crate::table::Table;

/// Blocks that are read at once where the whole collection is wanted.
const AHEAD: usize = 8;

/// The blocks of one collection as they are when the reading begins.
#[derive(Clone, Copy, Debug)]
pub struct Blocks<'a> {
    table: &'a Table,
    collection: Collection,
    last: u64,
}

/// The rows of a block, and the read units they cost.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    /// The rows by ascending id.
    pub rows: Vec<T>,
    /// Read units.
    pub units: f64,
}

impl<'a> Blocks<'a> {
    /// The blocks of a collection up to its highest id so far.
    pub async fn of(table: &'a Table, collection: Collection) -> Result<Self, Error> {
        Ok(Self { table, collection, last: sequence::last_id(table, collection).await? })
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

    /// The range of the block at this place, counted from the newest or from the oldest.
    pub fn range(&self, place: u64, newest_first: bool) -> Range {
        let place = if newest_first {
            self.count() - 1 - place
        } else {
            place
        };
        Range::block(self.collection, place)
    }

    /// All blocks from the newest to the oldest, several read ahead.
    pub fn newest_first<T: DeserializeOwned + 'a>(
        &self,
    ) -> impl Stream<Item = Result<Rows<T>, Error>> + use<'a, T> {
        let blocks = *self;
        stream::iter(0..blocks.count())
            .map(move |place| blocks.read(place))
            .buffered(AHEAD)
    }

    async fn read<T: DeserializeOwned>(self, place: u64) -> Result<Rows<T>, Error> {
        let range = self.range(place, true);
        let mut page = self.table.query(&range, false, None, None).await?;
        let mut rows = Rows {
            rows: page.items,
            units: page.units,
        };
        while let Some(next) = page.next {
            page = self.table.query(&range, false, Some(&next), None).await?;
            rows.rows.append(&mut page.items);
            rows.units += page.units;
        }
        Ok(rows)
    }
}

/// Bytes that a strongly consistent read unit covers.
const READ_UNIT: u64 = 4_096;

/// The usual size of a stored row: an estimate for refusing a query before it reads, nothing else.
fn row_bytes(collection: Collection) -> u64 {
    match collection {
        Collection::Notification | Collection::Rejected => 600,
        Collection::InstanceExists | Collection::ImageExists | Collection::Launch => 260,
        Collection::Image | Collection::InstanceDelete | Collection::ImageDelete => 160,
    }
}
