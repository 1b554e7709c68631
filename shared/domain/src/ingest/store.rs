//! Storage of notifications. No other file of the group accesses the table.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::digest;
use crate::error::{Error, Kind};
use crate::failure::Failure;
use crate::ingest::dedup::Owned;
use crate::ingest::plan::{ChunkPlan, PlannedNotification};
use crate::ingest::recording::HourlyCounters;
use crate::ingest::rejected::RejectedRow;
use crate::ingest::{Intake, Recorder};
use crate::notification::chunk_body::ChunkBody;
use crate::notification::ownership::Ownership;
use crate::notification::raw::{RawRow, RowMetadata};
use crate::notification::store;
use crate::storage::change::Change;
use crate::storage::item::item;
use crate::storage::key::{BLOCK, Collection, Key, Range};
use crate::storage::sequence;
use crate::storage::table::{Cancelled, Outcome, Table, Write};
use crate::time::Micros;
use crate::work::claim::{Chunks, Claim};

/// Number of shards of an hour's counters. A chunk is retried if all of them are contended.
const COUNTER_SHARDS: u64 = 8;

impl Intake {
    /// Returns at most `limit` rows of rejected elements that have not expired, newest first. `below` excludes the ids
    /// from it on.
    pub(crate) async fn rejected_list(
        &self,
        below: Option<u64>,
        limit: usize,
        now: i64,
    ) -> Result<Vec<RejectedRow>, Error> {
        let newest = sequence::last_id(&self.table, Collection::Rejected).await?;
        let mut next = below.unwrap_or(u64::MAX).min(newest + 1);
        let mut rows: Vec<RejectedRow> = Vec::new();
        while next > 1 && rows.len() < limit {
            let range = Range::block_below(Collection::Rejected, next);
            let page = self.table.query::<RejectedRow>(&range, true, None, None).await?;
            next = page.next.map_or((next - 1) / BLOCK * BLOCK, |last| last.number());
            rows.extend(page.items.into_iter().filter(|row| row.ttl > now));
        }
        rows.truncate(limit);
        Ok(rows)
    }

    /// Returns the elements of these chunks, in the same order; `None` for a chunk that has expired.
    pub(crate) async fn bodies(&self, chunks: &[&str]) -> Result<Vec<Option<Vec<Value>>>, Error> {
        store::bodies(&self.table, chunks).await
    }
}

impl Recorder {
    fn table(&self) -> &Table {
        &self.table
    }

    /// Returns the claims of chunks.
    pub(crate) fn chunks(&self) -> Chunks<'_> {
        Chunks::new(self.table())
    }

    /// Takes a block of ids, which stays open for these chunks until `deadline`.
    pub(crate) async fn ids_take(
        &self,
        wanted: &sequence::CollectionIds,
        chunks: Vec<String>,
        deadline: Micros,
    ) -> Result<sequence::Block, Error> {
        let now = self.clock.micros();
        sequence::take(self.table(), &self.ids.uuid(), wanted, chunks, now, deadline).await
    }

    /// Closes a block of ids: all of its rows are written.
    pub(crate) async fn ids_close(&self, block: &sequence::Block) -> Result<(), Error> {
        sequence::close(self.table(), block).await
    }

    /// Stores the first owner of a `message_id`. Returns the existing owner if there is one, which then stays.
    pub(crate) async fn ownership_put_new(
        &self,
        message_id: &str,
        new: &Ownership,
    ) -> Result<Option<Ownership>, Error> {
        self.table().put_new(&Key::message(message_id), new).await
    }

    /// Transfers a `message_id` to another chunk or claim, unless its ownership changed since `old` was read. The ids
    /// stay.
    pub(crate) async fn ownership_take_over(
        &self,
        message_id: &str,
        old: &Ownership,
        new: &Ownership,
    ) -> Result<Outcome<Ownership>, Error> {
        let change = Change::of(Key::message(message_id))
            .set("ck", &new.chunk)
            .set("tk", new.token)
            .set("po", new.position)
            .when_equal("ck", &old.chunk)
            .when_equal("tk", old.token);
        self.table().change(&change).await
    }

    /// Writes the immutable items of a chunk: its body, and the rows of its notifications and rejected elements.
    pub(crate) async fn chunk_put(
        &self,
        plan: &ChunkPlan,
        claim: &Claim,
        owned: &[Owned<'_>],
        expires: i64,
    ) -> Result<(), Error> {
        let mut writes =
            vec![Write::Put(item(&Key::body(&plan.chunk), &ChunkBody::compress(&plan.body, expires)?)?)];
        for Owned { planned, raw, .. } in owned {
            let metadata = RowMetadata {
                id: *raw,
                chunk: &plan.chunk,
                position: planned.position,
                received: claim.received,
                ttl: expires,
            };
            let row = RawRow::new(&planned.notification, metadata)
                .with_event(planned.event.as_ref(), planned.is_synthetic());
            writes.push(Write::Put(item(&Key::row(Collection::Notification, *raw), &row)?));
        }
        for (id, rejected) in (claim.first(Collection::Rejected)..).zip(&plan.rejected) {
            let is_here = |planned: &PlannedNotification| planned.position == rejected.position;
            let id = match owned.iter().find(|owned| is_here(owned.planned)) {
                Some(owned) => owned.rows.map_or(id, |rows| rows.first),
                // A rejected notification with a message_id is stored by the chunk that owns it.
                None if plan.notifications.iter().any(is_here) => continue,
                None => id,
            };
            let row = RejectedRow::new(id, plan, claim.received, rejected, expires);
            writes.push(Write::Put(item(&Key::row(Collection::Rejected, id), &row)?));
        }
        self.table().write_all(writes).await
    }

    /// Finishes a chunk and counts its notifications in one transaction. The claim expires at `expires` (seconds since
    /// the epoch).
    pub(crate) async fn chunk_finish(
        &self,
        chunk: &str,
        claim: &Claim,
        counts: &HourlyCounters<'_>,
        expires: i64,
    ) -> Result<(), Failure> {
        for shard in 0..COUNTER_SHARDS {
            let mut writes = vec![Write::Change(Chunks::finish(chunk, claim, expires))];
            for ((service, hour), events) in counts {
                writes.push(Write::Change(count(Key::hour(service.code(), *hour, shard), events)));
            }
            // A token per shard makes a repeated call idempotent. The next shard is tried only after a conflict, which
            // proves that nothing was written.
            let token = digest::short(&format!("{chunk} {} {shard}", claim.token));
            match self.table().transact(writes, &token).await {
                Ok(_) => return Ok(()),
                Err(Cancelled::Conflict) => {}
                Err(Cancelled::Condition) => {
                    return Err(Failure::Retry(Error::new(
                        Kind::Conflict,
                        "Another worker took over the chunk.",
                    )));
                }
                Err(Cancelled::Failed(error)) => return Err(Failure::Retry(error)),
            }
        }
        Err(Failure::Retry(Error::new(Kind::Conflict, "All shards of the counters are contended.")))
    }
}

fn count(key: Key, events: &BTreeMap<&str, u64>) -> Change {
    events
        .iter()
        .fold(Change::of(key), |change, (event_type, count)| change.add(&format!("e:{event_type}"), *count))
}
