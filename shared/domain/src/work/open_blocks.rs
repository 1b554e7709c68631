//! Closes id blocks whose invocations left them open, so that they do not hold back the watermark for ever.

use crate::error::Error;
use crate::storage::sequence;
use crate::storage::table::Table;
use crate::time::Micros;
use crate::work::claim::Chunks;

/// Seconds that a block stays open at least after its deadline: by so much clocks may differ.
const MARGIN_SECONDS: i64 = 60;
/// Seconds after the deadline at which a block is closed although a chunk of it is not done. A list that is read upwards
/// may miss the rows of a chunk that is recorded after that.
const LONGEST_SECONDS: i64 = 3_600;

/// Closes the blocks whose chunks are all done, and those that have been open for an hour.
pub async fn sweep(table: &Table, now: Micros) -> Result<(), Error> {
    for block in sequence::open_blocks(table).await? {
        if now < block.deadline.plus_seconds(MARGIN_SECONDS) {
            continue;
        }
        let is_abandoned = block.deadline.plus_seconds(LONGEST_SECONDS) < now;
        if is_abandoned {
            tracing::warn!(block.invocation, "an id block is closed although its chunks are not recorded");
        }
        if is_abandoned || Chunks::new(table).all_finished(&block.chunks).await? {
            sequence::forget(table, &block).await?;
        }
    }
    Ok(())
}
