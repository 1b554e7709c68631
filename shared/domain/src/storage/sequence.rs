//! Ascending ids for every collection, taken in blocks: one write for a whole invocation.
//!
//! The one item that holds the sequences also names the blocks that are still being written, so that a reader knows
//! below which id nothing can appear any more. A writer closes its block when its rows stand; a block past its
//! deadline is set aside with its chunks, and forgotten once they are done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::storage::change::Change;
use crate::storage::key::{Collection, Key};
use crate::storage::table::{Outcome, Table};
use crate::time::Micros;

/// How many ids are wanted, or the first of those that were given, per collection.
pub type CollectionIds = BTreeMap<Collection, u64>;

/// Everything in the item of the sequences: numbers and blocks side by side, told apart by their names.
#[derive(Debug, Default, Deserialize)]
struct Sequences {
    #[serde(flatten)]
    attributes: BTreeMap<String, Attribute>,
}

/// Names the attribute that says when ids were taken for the first time.
const SINCE: &str = "since";

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Attribute {
    Number(u64),
    Open(Open),
    /// The item's own key.
    Text(serde::de::IgnoredAny),
}

/// Who writes a block, and until when.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Open {
    #[serde(rename = "d")]
    deadline: Micros,
    #[serde(rename = "c")]
    chunks: Vec<String>,
}

/// A block whose writer ran past its deadline.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OverdueBlock {
    #[serde(rename = "i")]
    pub(crate) invocation: String,
    #[serde(rename = "c")]
    pub(crate) chunks: Vec<String>,
    /// The first id of the block per collection, by its short name.
    #[serde(rename = "f")]
    first: BTreeMap<String, u64>,
}

/// The ids that one invocation writes under.
#[derive(Debug)]
pub struct Block {
    invocation: String,
    collections: Vec<Collection>,
    /// The first id per collection; the others follow it.
    pub first: CollectionIds,
}

/// Takes this many ids of each collection, and says from now until when and for which chunks they are written.
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
        return Err(Error::bug("ids were refused without a condition"));
    };
    let first =
        wanted.iter().map(|(collection, count)| (*collection, sequences.next(*collection) - count)).collect();
    Ok(Block { invocation: invocation.to_owned(), collections: wanted.keys().copied().collect(), first })
}

/// Says that everything of the block is written.
pub async fn close(table: &Table, block: &Block) -> Result<(), Error> {
    forget(table, &block.invocation, &block.collections).await
}

/// Removes a block from the sequences.
pub(crate) async fn forget(table: &Table, invocation: &str, collections: &[Collection]) -> Result<(), Error> {
    let mut change = Change::of(Key::sequences()).remove(&format!("d#{invocation}"));
    for collection in collections {
        change = change.remove(&format!("o#{invocation}#{}", collection.code()));
    }
    table.change::<serde::de::IgnoredAny>(&change).await.map(drop)
}

/// When ids were taken for the first time; none before.
pub async fn since(table: &Table) -> Result<Option<Micros>, Error> {
    let sequences: Sequences = table.get(&Key::sequences()).await?.unwrap_or_default();
    match sequences.attributes.get(SINCE) {
        Some(Attribute::Number(since)) => Ok(i64::try_from(*since).ok().map(Micros)),
        _ => Ok(None),
    }
}

/// The highest id that was ever given out in a collection; 0 before the first.
pub async fn last_id(table: &Table, collection: Collection) -> Result<u64, Error> {
    let sequences: Sequences = table.get(&Key::sequences()).await?.unwrap_or_default();
    Ok(sequences.next(collection) - 1)
}

/// Between which ids the rows of a collection lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The highest id that was ever given out; 0 before the first.
    pub last: u64,
    /// The highest id at and below which nothing can appear any more.
    pub settled: u64,
}

/// The bounds of a collection's ids.
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

/// The blocks whose deadline has passed.
pub(crate) async fn overdue(table: &Table, now: Micros) -> Result<Vec<OverdueBlock>, Error> {
    let sequences: Sequences = table.get(&Key::sequences()).await?.unwrap_or_default();
    Ok(sequences.overdue(now))
}

impl OverdueBlock {
    /// The collections that the block has ids of.
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
