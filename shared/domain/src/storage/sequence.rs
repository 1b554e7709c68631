//! Allocates ascending ids for every collection, in blocks: one update of a small item for a whole invocation.
//!
//! Readers must know below which id no row can appear any more, the watermark. So a writer stores an open block before it
//! takes ids, and deletes it once its rows are written. A block has a floor per collection: a number that the ids of the
//! block exceed. A reader first reads the numbers and then the open blocks: ids that were taken before it read the numbers
//! belong to blocks that it sees, or to blocks whose rows are written.
//!
//! ```text
//! writer   put OPEN#<shard> (floors)  ->  increase SEQ  ->  write rows  ->  delete OPEN#<shard>
//! reader   read SEQ (last)  ->  query OPEN#0…3  ->  watermark = min(last, floors)
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::storage::change::Change;
use crate::storage::item::item;
use crate::storage::key::{Collection, Key, OPEN_SHARDS, Range};
use crate::storage::table::{Outcome, Table, Write};
use crate::time::Micros;

/// A number per collection: how many ids are wanted, the first id of a block, or a floor.
pub type CollectionIds = BTreeMap<Collection, u64>;

/// The attribute that holds when ids were allocated for the first time.
const SINCE: &str = "since";

/// The item of the numbers: the next id of every collection, by attribute names such as `nXN`.
#[derive(Debug, Default, Deserialize)]
struct Numbers {
    #[serde(flatten)]
    attributes: BTreeMap<String, Attribute>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Attribute {
    Number(u64),
    /// The key of the item.
    Text(serde::de::IgnoredAny),
}

/// A block whose rows are not all written yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OpenBlock {
    #[serde(rename = "i")]
    pub(crate) invocation: String,
    /// Until when the invocation may write.
    #[serde(rename = "d")]
    pub(crate) deadline: Micros,
    /// The chunks that it records.
    #[serde(rename = "c")]
    pub(crate) chunks: Vec<String>,
    /// The floor per collection, by the collection's short name.
    #[serde(rename = "f")]
    floors: BTreeMap<String, u64>,
}

/// The ids allocated to one invocation.
#[derive(Debug)]
pub struct Block {
    open: OpenBlock,
    /// The first id per collection. The others follow it without gaps.
    pub first: CollectionIds,
}

/// The sequences of a table. Cheap to clone; clones share what they have seen.
#[derive(Clone, Debug)]
pub struct Sequences {
    table: Table,
    /// The highest ids that this process has seen, which are floors of all later blocks.
    seen: Arc<Mutex<CollectionIds>>,
}

/// The bounds of the ids of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The highest allocated id; 0 if there is none.
    pub last: u64,
    /// The watermark: no row can appear at or below this id any more.
    pub settled: u64,
}

impl Sequences {
    /// Returns the sequences of a table.
    pub fn new(table: Table) -> Self {
        Self { table, seen: Arc::default() }
    }

    /// Allocates this many ids of each collection, to be written by `deadline` for these chunks. `invocation` is unique.
    pub async fn take(
        &self,
        invocation: &str,
        wanted: &CollectionIds,
        chunks: Vec<String>,
        now: Micros,
        deadline: Micros,
    ) -> Result<Block, Error> {
        let floors = self.floors(wanted).await?;
        let floors = floors.iter().map(|(collection, id)| (collection.code().to_owned(), *id)).collect();
        let open = OpenBlock { invocation: invocation.to_owned(), deadline, chunks, floors };
        put(&self.table, &open).await?;
        let mut change = Change::of(Key::sequences()).set_if_missing(SINCE, now);
        for (collection, count) in wanted {
            change = change.increase(&next_of(*collection), *count, 1);
        }
        let Outcome::Written(numbers) = self.table.change::<Numbers>(&change).await? else {
            return Err(Error::bug("an unconditional change was refused"));
        };
        self.see(wanted.keys(), &numbers);
        let first = wanted.iter().map(|(collection, count)| (*collection, numbers.next(*collection) - count));
        Ok(Block { open, first: first.collect() })
    }

    /// Closes a block. If some of its chunks could not be recorded, it stays open for them.
    pub async fn close(&self, block: Block, unfinished: Vec<String>) -> Result<(), Error> {
        if unfinished.is_empty() {
            return forget(&self.table, &block.open).await;
        }
        let floors = block.first.iter().map(|(collection, id)| (collection.code().to_owned(), id - 1));
        put(&self.table, &OpenBlock { chunks: unfinished, floors: floors.collect(), ..block.open }).await
    }

    /// Returns a number per collection that the next ids exceed: from memory, or else from the table, where an old value
    /// will do.
    async fn floors(&self, wanted: &CollectionIds) -> Result<CollectionIds, Error> {
        let is_seen = |collection| self.seen().contains_key(collection);
        if !wanted.keys().all(is_seen) {
            let numbers: Numbers = self.table.eventual().get(&Key::sequences()).await?.unwrap_or_default();
            self.see(wanted.keys(), &numbers);
        }
        let seen = self.seen();
        Ok(wanted.keys().map(|collection| (*collection, seen[collection])).collect())
    }

    fn see<'a>(&self, collections: impl Iterator<Item = &'a Collection>, numbers: &Numbers) {
        let mut seen = self.seen();
        for collection in collections {
            let known = seen.entry(*collection).or_default();
            *known = numbers.last(*collection).max(*known);
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, CollectionIds> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns when ids were allocated for the first time.
pub async fn since(table: &Table) -> Result<Option<Micros>, Error> {
    let numbers: Numbers = table.get(&Key::sequences()).await?.unwrap_or_default();
    match numbers.attributes.get(SINCE) {
        Some(Attribute::Number(since)) => Ok(i64::try_from(*since).ok().map(Micros)),
        _ => Ok(None),
    }
}

/// Returns the highest id ever allocated in a collection; 0 if there is none.
pub async fn last_id(table: &Table, collection: Collection) -> Result<u64, Error> {
    let numbers: Numbers = table.get(&Key::sequences()).await?.unwrap_or_default();
    Ok(numbers.last(collection))
}

/// Returns the bounds of the ids of a collection, from strongly consistent reads.
pub async fn bounds(table: &Table, collection: Collection) -> Result<Bounds, Error> {
    let table = table.consistent();
    // The numbers come first: see the module.
    let last = last_id(&table, collection).await?;
    let open = open_blocks(&table).await?;
    let floors = open.iter().filter_map(|block| block.floors.get(collection.code()));
    Ok(Bounds { last, settled: floors.copied().fold(last, u64::min) })
}

/// Returns all open blocks.
pub(crate) async fn open_blocks(table: &Table) -> Result<Vec<OpenBlock>, Error> {
    let shards: Vec<Range> = (0..OPEN_SHARDS).map(Range::open_blocks).collect();
    let shards = shards.iter().map(|shard| table.query_all::<OpenBlock>(shard));
    Ok(try_join_all(shards).await?.concat())
}

/// Deletes an open block.
pub(crate) async fn forget(table: &Table, block: &OpenBlock) -> Result<(), Error> {
    table.write_all(vec![Write::Delete(Key::open_block(&block.invocation))]).await
}

async fn put(table: &Table, block: &OpenBlock) -> Result<(), Error> {
    table.write_all(vec![Write::Put(item(&Key::open_block(&block.invocation), block)?)]).await
}

/// Returns the name of the attribute with the next id of a collection.
fn next_of(collection: Collection) -> String {
    format!("n{}", collection.code())
}

impl Numbers {
    fn next(&self, collection: Collection) -> u64 {
        match self.attributes.get(&next_of(collection)) {
            Some(Attribute::Number(next)) => *next,
            _ => 1,
        }
    }

    fn last(&self, collection: Collection) -> u64 {
        self.next(collection) - 1
    }
}
