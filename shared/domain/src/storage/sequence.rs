//! Allocates ascending ids for every collection, in blocks: one write for a whole invocation.
//!
//! The item that holds the sequences also lists the blocks that are still being written, so that a reader knows below
//! which id no row can appear any more. A writer closes its block once its rows are written. A block past its deadline
//! is moved to an item of its own, which is deleted once its chunks are done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::storage::change::Change;
use crate::storage::key::{Collection, Key};
use crate::storage::table::{Outcome, Table};
use crate::time::Micros;

/// A number per collection: how many ids are wanted, or the first id of a block.
pub type CollectionIds = BTreeMap<Collection, u64>;

/// The item of the sequences: numbers and open blocks, distinguished by their attribute names.
#[derive(Debug, Default, Deserialize)]
struct Sequences {
    #[serde(flatten)]
    attributes: BTreeMap<String, Attribute>,
}

/// The attribute that holds when ids were allocated for the first time.
const SINCE: &str = "since";

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Attribute {
    Number(u64),
    Open(Open),
    /// The key of the item.
    Text(serde::de::IgnoredAny),
}

/// The writer of a block: its deadline and the chunks that it records.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Open {
    #[serde(rename = "d")]
    deadline: Micros,
    #[serde(rename = "c")]
    chunks: Vec<String>,
}

/// A block whose writer missed its deadline.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OverdueBlock {
    #[serde(rename = "i")]
    pub(crate) invocation: String,
    #[serde(rename = "c")]
    pub(crate) chunks: Vec<String>,
    /// The first id of the block per collection, by the collection's short name.
    #[serde(rename = "f")]
    first: BTreeMap<String, u64>,
}

/// The ids allocated to one invocation.
#[derive(Debug)]
pub struct Block {
    invocation: String,
    collections: Vec<Collection>,
    /// The first id per collection. The others follow it without gaps.
    pub first: CollectionIds,
}

/// Allocates this many ids of each collection, to be written by `deadline` for these chunks.
pub async fn take(
    table: &Table,
    invocation: &str,
    wanted: &CollectionIds,
    chunks: Vec<String>,
    now: Micros,
    deadline: Micros,
) -> Result<Block, Error> {
    let mut change = Change::of(Key::sequences())
        .set(&format!("d#{invocation}"), Open { deadline, chunks })
        .set_if_missing(SINCE, now);
    for (collection, count) in wanted {
        let code = collection.code();
        let next = format!("n{code}");
        change = change.copy(&next, &format!("o#{invocation}#{code}"), 1).increase(&next, *count, 1);
    }
    let Outcome::Written(sequences) = table.change::<Sequences>(&change).await? else {
        return Err(Error::bug("an unconditional change was refused"));
    };
    let first =
        wanted.iter().map(|(collection, count)| (*collection, sequences.next(*collection) - count)).collect();
    Ok(Block { invocation: invocation.to_owned(), collections: wanted.keys().copied().collect(), first })
}

/// Closes a block: all its rows are written.
pub async fn close(table: &Table, block: &Block) -> Result<(), Error> {
    forget(table, &block.invocation, &block.collections).await
}

/// Removes a block from the open blocks.
pub(crate) async fn forget(table: &Table, invocation: &str, collections: &[Collection]) -> Result<(), Error> {
    let mut change = Change::of(Key::sequences()).remove(&format!("d#{invocation}"));
    for collection in collections {
        change = change.remove(&format!("o#{invocation}#{}", collection.code()));
    }
    table.change::<serde::de::IgnoredAny>(&change).await.map(drop)
}

/// Returns when ids were allocated for the first time.
pub async fn since(table: &Table) -> Result<Option<Micros>, Error> {
    let sequences: Sequences = table.get(&Key::sequences()).await?.unwrap_or_default();
    match sequences.attributes.get(SINCE) {
        Some(Attribute::Number(since)) => Ok(i64::try_from(*since).ok().map(Micros)),
        _ => Ok(None),
    }
}

/// Returns the highest id ever allocated in a collection; 0 if there is none.
pub async fn last_id(table: &Table, collection: Collection) -> Result<u64, Error> {
    let sequences: Sequences = table.get(&Key::sequences()).await?.unwrap_or_default();
    Ok(sequences.next(collection) - 1)
}

/// The bounds of the ids of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The highest allocated id; 0 if there is none.
    pub last: u64,
    /// The watermark: no row can appear at or below this id any more.
    pub settled: u64,
}

/// Returns the bounds of the ids of a collection.
pub async fn bounds(table: &Table, collection: Collection) -> Result<Bounds, Error> {
    let sequences: Sequences = table.get(&Key::sequences()).await?.unwrap_or_default();
    let last = sequences.next(collection) - 1;
    let suffix = format!("#{}", collection.code());
    let open = sequences.attributes.iter().filter_map(|(name, attribute)| match attribute {
        Attribute::Number(first) if name.starts_with("o#") && name.ends_with(&suffix) => Some(*first),
        Attribute::Open(_) | Attribute::Number(_) | Attribute::Text(_) => None,
    });
    let settled = open.min().map_or(last, |first| last.min(first.saturating_sub(1)));
    Ok(Bounds { last, settled })
}

/// Returns the open blocks whose deadline has passed.
pub(crate) async fn overdue(table: &Table, now: Micros) -> Result<Vec<OverdueBlock>, Error> {
    let sequences: Sequences = table.get(&Key::sequences()).await?.unwrap_or_default();
    Ok(sequences.overdue(now))
}

impl OverdueBlock {
    /// Returns the collections in which the block has ids.
    pub(crate) fn collections(&self) -> Vec<Collection> {
        self.first.keys().filter_map(|code| Collection::from_code(code)).collect()
    }
}

impl Sequences {
    fn next(&self, collection: Collection) -> u64 {
        match self.attributes.get(&format!("n{}", collection.code())) {
            Some(Attribute::Number(next)) => *next,
            _ => 1,
        }
    }

    fn overdue(&self, now: Micros) -> Vec<OverdueBlock> {
        let open = self.attributes.iter().filter_map(|(name, attribute)| match attribute {
            Attribute::Open(open) if open.deadline < now => Some((name.strip_prefix("d#")?, open)),
            Attribute::Open(_) | Attribute::Number(_) | Attribute::Text(_) => None,
        });
        let blocks = open.map(|(invocation, open)| OverdueBlock {
            invocation: invocation.to_owned(),
            chunks: open.chunks.clone(),
            first: self.first_ids(invocation),
        });
        blocks.collect()
    }

    fn first_ids(&self, invocation: &str) -> BTreeMap<String, u64> {
        let prefix = format!("o#{invocation}#");
        let firsts = self.attributes.iter().filter_map(|(name, attribute)| match attribute {
            Attribute::Number(first) => Some((name.strip_prefix(&prefix)?.to_owned(), *first)),
            Attribute::Open(_) | Attribute::Text(_) => None,
        });
        firsts.collect()
    }
}
