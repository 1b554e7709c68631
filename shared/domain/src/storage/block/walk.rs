//! Walks a list by the ids of its rows.

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::storage::block::Budget;
use crate::storage::key::{BLOCK, Collection, Range};
use crate::storage::sequence;
use crate::storage::table::Table;

/// Where a list starts and in which direction it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// From the newest row downwards.
    Newest,
    /// Below this id, downwards.
    Below(u64),
    /// Above this id, upwards.
    Above(u64),
}

/// Returns at most `limit` of the rows from `start` on that `keep` maps to a value.
///
/// An upward walk stops below the first id that a writer may still fill, so that a client that pages upwards misses no
/// row.
pub async fn walk<R: DeserializeOwned, T>(
    table: Table,
    collection: Collection,
    start: Start,
    limit: usize,
    mut budget: Budget,
    keep: impl Fn(R) -> Option<T>,
) -> Result<Vec<T>, Error> {
    let bounds = sequence::bounds(&table, collection).await?;
    // Below the watermark every row is written, but an eventually consistent read may still miss it.
    let table = if matches!(start, Start::Above(_)) { table.consistent() } else { table };
    let mut kept = Vec::new();
    let (mut low, mut high, descending) = match start {
        Start::Newest => (1, bounds.last, true),
        Start::Below(id) => (1, id.saturating_sub(1).min(bounds.last), true),
        Start::Above(id) => (id.saturating_add(1), bounds.settled, false),
    };
    while low <= high && kept.len() < limit {
        let number = if descending { high / BLOCK } else { low / BLOCK };
        let (first, last) = (low.max(number * BLOCK), high.min(number * BLOCK + BLOCK - 1));
        let range = Range::ids(collection, first, last);
        let mut after = None;
        loop {
            // Small pages if few rows are wanted; whole blocks if any number may have to be skipped.
            let page = table.query::<R>(&range, descending, after.as_ref(), page_size(limit)).await?;
            budget.spend(page.units)?;
            kept.extend(page.items.into_iter().filter_map(&keep));
            after = page.next;
            if after.is_none() || kept.len() >= limit {
                break;
            }
        }
        if descending {
            high = (number * BLOCK).saturating_sub(1);
        } else {
            low = (number + 1) * BLOCK;
        }
    }
    kept.truncate(limit);
    Ok(kept)
}

fn page_size(limit: usize) -> Option<i32> {
    i32::try_from(limit).ok().filter(|limit| *limit > 0)
}
