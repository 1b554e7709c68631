//! Storage of notifications. No other file of the group accesses the table.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::digest;
use crate::error::{Error, Kind};
use crate::failure::{self, Failure};
use crate::ingest::dedup::Owned;
use crate::ingest::plan::{ChunkPlan, PlannedNotification};
use crate::ingest::recording::HourlyCounters;
use crate::ingest::rejected::RejectedRow;
use crate::ingest::{Intake, Recorder};
use crate::notification::chunk_body::ChunkBody;
use crate::notification::event_types;
use crate::notification::ownership::Ownership;
use crate::notification::raw::{RawRow, RowMetadata};
use crate::notification::store;
use crate::storage::change::Change;
use crate::storage::item::item;
use crate::storage::key::{BLOCK, COUNTER_SHARDS, Collection, Key, Range};
use crate::storage::sequence;
use crate::storage::table::{Cancelled, Outcome, Table, Write};
use crate::time::Micros;
use crate::work::claim::{Chunks, Claim};

/// Parts over which the unusual event types of an hour and a shard are spread, so that no item grows too large.
const UNUSUAL_PARTS: u64 = 16;

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
        self.sequences.take(&self.ids.uuid(), wanted, chunks, self.clock.micros(), deadline).await
    }

    /// Closes a block of ids, except for those chunks whose rows are not written.
    pub(crate) async fn ids_close(
        &self,
        block: sequence::Block,
        unfinished: Vec<String>,
    ) -> Result<(), Error> {
        self.sequences.close(block, unfinished).await
    }

    /// Stores the first owner of a `message_id`. Returns the existing owner if there is one, which then stays.
    pub(crate) async fn ownership_put_new(
        &self,
        message_id: &str,
        new: &Ownership,
    ) -> Result<Option<Ownership>, Error> {
        self.table().put_new(&Key::message(message_id), new).await
    }

    /// Transfers a `message_id` to another chunk or claim, unless its ownership changed since `old` was read.
    pub(crate) async fn ownership_take_over(
        &self,
        message_id: &str,
        old: &Ownership,
        new: &Ownership,
    ) -> Result<Outcome<Ownership>, Error> {
        let taken = old.taken_over(new);
        let mut change = Change::of(Key::message(message_id))
            .set("ck", &taken.chunk)
            .set("tk", taken.token)
            .set("po", taken.position)
            .when_equal("ck", &old.chunk)
            .when_equal("tk", old.token);
        if taken.rows() != old.rows() {
            change = match taken.rows() {
                Some(rows) => change.set("k", rows.collection).set("x", rows.first).set("xn", rows.count),
                None => change.remove("k").remove("x").remove("xn"),
            };
        }
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
        let first = digest::quick(chunk);
        let shards = (0..COUNTER_SHARDS).map(|number| first.wrapping_add(number) % COUNTER_SHARDS);
        for (attempt, shard) in (0..).zip(shards) {
            if attempt > 0 {
                failure::pause(attempt, chunk).await;
            }
            let mut writes = vec![Write::Change(Chunks::finish(chunk, claim, expires))];
            writes.extend(counters(counts, shard).into_iter().map(Write::Change));
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

/// Returns the changes that add these numbers to a shard of the counters.
fn counters(counts: &HourlyCounters<'_>, shard: u64) -> Vec<Change> {
    let mut changes = BTreeMap::new();
    for ((service, hour), events) in counts {
        for (event_type, count) in events {
            let part = part(event_type);
            let new = || Change::of(Key::hour(service.code(), *hour, shard, part));
            let change = changes.remove(&(service, hour, part)).unwrap_or_else(new);
            changes.insert((service, hour, part), change.add(&format!("e:{event_type}"), *count));
        }
    }
    changes.into_values().collect()
}

/// Returns the part of an hour's counters that an event type is counted in. There are few usual ones, so the first part
/// holds them all.
fn part(event_type: &str) -> u64 {
    if event_types::is_usual(event_type) { 0 } else { 1 + digest::quick(event_type) % UNUSUAL_PARTS }
}
