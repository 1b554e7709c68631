//! Releases id blocks whose writers died, so that they do not hold back the watermark for ever.

use serde::de::IgnoredAny;

use crate::error::Error;
use crate::storage::key::{Key, Range};
use crate::storage::sequence::{self, OverdueBlock};
use crate::storage::table::{Table, Write};
use crate::time::Micros;
use crate::work::claim::Chunks;

/// Moves blocks past their deadline to items of their own, and deletes the items whose chunks are all done.
pub async fn sweep(table: &Table, now: Micros) -> Result<(), Error> {
    for block in sequence::overdue(table, now).await? {
        table.put_new::<_, IgnoredAny>(&Key::open_block(&block.invocation), &block).await?;
        sequence::forget(table, &block.invocation, &block.collections()).await?;
    }
    for block in table.query_all::<OverdueBlock>(&Range::open_blocks()).await? {
        if Chunks::new(table).all_finished(&block.chunks).await? {
            table.write_all(vec![Write::Delete(Key::open_block(&block.invocation))]).await?;
        }
    }
    Ok(())
}
