//! Ids of new streams.

use crate::error::Error;
use crate::storage::key::Collection;
use crate::storage::sequence::Block;
use crate::streams::Streams;
use crate::work::open_blocks;

/// Seconds within which the streams with reserved ids are written.
const WRITE_SECONDS: i64 = 60;

/// Ids for new streams. The block stays open until the streams are written, so that readers do not pass it.
pub(crate) struct ReservedIds {
    block: Option<Block>,
    count: u64,
}

impl ReservedIds {
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + use<> {
        let first = self.block.as_ref().and_then(|block| block.first.get(&Collection::Stream).copied());
        let first = first.unwrap_or_default();
        first..first + self.count
    }
}

impl Streams {
    /// Reserves ids for this many new streams.
    pub(crate) async fn ids_reserve(&self, chunk: &str, count: u64) -> Result<ReservedIds, Error> {
        if count == 0 {
            return Ok(ReservedIds { block: None, count });
        }
        let wanted = [(Collection::Stream, count)].into();
        let now = self.now();
        let deadline = now.plus_seconds(WRITE_SECONDS);
        let invocation = format!("{chunk}#{}", self.ids.uuid());
        let block = self.sequences.take(&invocation, &wanted, Vec::new(), now, deadline).await?;
        Ok(ReservedIds { block: Some(block), count })
    }

    /// Closes a block whose streams are written.
    pub(crate) async fn ids_close(&self, reserved: ReservedIds) -> Result<(), Error> {
        match reserved.block {
            Some(block) => self.sequences.close(block, Vec::new()).await,
            None => Ok(()),
        }
    }

    /// Closes blocks whose worker died before it did.
    pub(crate) async fn ids_sweep(&self) -> Result<(), Error> {
        open_blocks::sweep(self.table(), self.now()).await
    }
}
