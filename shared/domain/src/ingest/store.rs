//! Notifications in the table: nothing else of the group touches it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::digest;
use crate::error::{Error, Kind};
use crate::failure::Failure;
use crate::storage::key::{BLOCK, Collection, Key, Range};
use crate::work::claim::{Chunks, Claim};

use crate::ingest::dedup::Owned;
use crate::ingest::plan::{Entry, Plan};
use crate::ingest::recording::Counts;
use crate::ingest::rejected::Row;
use crate::ingest::{Intake, Recorder};
use crate::notification::body::Body;
use crate::notification::ownership::Ownership;
use crate::notification::raw::{Place, RawRow};
use crate::notification::store;
use crate::storage::change::Change;
use crate::storage::item::item;
use crate::storage::sequence;
use crate::storage::table::{Cancelled, Outcome, Table, Write};
use crate::time::Micros;

/// Shards of one hour's counters that are tried before a chunk goes back to the queue.
const COUNTER_SHARDS: u64 = 8;

impl Intake {
    /// The rows of what is set aside with ids below this one, newest first, at most `limit` of those not yet expired.
    pub(crate) async fn rejected_list(
        &self,
        below: Option<u64>,
        limit: usize,
        now: i64,
    ) -> Result<Vec<Row>, Error> {
        let newest = sequence::last_id(&self.table, Collection::Rejected).await?;
        let mut next = below.unwrap_or(u64::MAX).min(newest + 1);
        let mut rows: Vec<Row> = Vec::new();
        while next > 1 && rows.len() < limit {
            let range = Range::block_below(Collection::Rejected, next);
            let page = self.table.query::<Row>(&range, true, None, None).await?;
            next = page.next.map_or((next - 1) / BLOCK * BLOCK, |last| last.number());
            rows.extend(page.items.into_iter().filter(|row| row.ttl > now));
        }
        rows.truncate(limit);
        Ok(rows)
    }

    /// The elements of these chunks, in the same order; `None` for a chunk that has expired.
    pub(crate) async fn bodies(&self, chunks: &[&str]) -> Result<Vec<Option<Vec<Value>>>, Error> {
        store::bodies(&self.table, chunks).await
    }
}

impl Recorder {
    fn table(&self) -> &Table {
        &self.table
    }

    /// The claims of chunks.
    pub(crate) fn chunks(&self) -> Chunks<'_> {
        Chunks::new(self.table())
    }

    /// Takes ids for these chunks until `deadline`.
    pub(crate) async fn ids_take(
        &self,
        wanted: &sequence::CollectionIds,
        chunks: Vec<String>,
        deadline: Micros,
    ) -> Result<sequence::Block, Error> {
        let now = self.clock.micros();
        sequence::take(self.table(), &self.ids.uuid(), wanted, chunks, now, deadline).await
    }

    /// Says that everything under these ids is written.
    pub(crate) async fn ids_close(&self, block: &sequence::Block) -> Result<(), Error> {
        sequence::close(self.table(), block).await
    }

    /// Makes a message belong to a chunk. Returns the owner that it has already, if it has one.
    pub(crate) async fn message_put_new(
        &self,
        message_id: &str,
        new: &Ownership,
    ) -> Result<Option<Ownership>, Error> {
        self.table().put_new(&Key::message(message_id), new).await
    }

    /// Makes a message belong to another chunk or claim, unless somebody else was faster. Its ids stay.
    pub(crate) async fn message_take(
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

    /// Writes what never changes: the body of a chunk, the rows of its notifications, and what it sets aside.
    pub(crate) async fn chunk_put(
        &self,
        plan: &Plan,
        claim: &Claim,
        owned: &[Owned<'_>],
        expires: i64,
    ) -> Result<(), Error> {
        let mut writes = vec![Write::Put(item(&Key::body(&plan.chunk), &Body::of(&plan.body, expires)?)?)];
        for Owned { entry, raw, .. } in owned {
            let place = Place {
                id: *raw,
                chunk: &plan.chunk,
                position: entry.position,
                received: claim.received,
                ttl: expires,
            };
            let row =
                RawRow::of(&entry.notification, place).with_event(entry.event.as_ref(), entry.synthetic);
            writes.push(Write::Put(item(&Key::row(Collection::Notification, *raw), &row)?));
        }
        for (id, rejected) in (claim.first(Collection::Rejected)..).zip(&plan.rejected) {
            let is_here = |entry: &Entry| entry.position == rejected.position;
            let id = match owned.iter().find(|owned| is_here(owned.entry)) {
                Some(owned) => owned.rows.map_or(id, |rows| rows.first),
                // One with a message_id is set aside by the chunk that owns it.
                None if plan.entries.iter().any(is_here) => continue,
                None => id,
            };
            let row = Row::of(id, plan, claim.received, rejected, expires);
            writes.push(Write::Put(item(&Key::row(Collection::Rejected, id), &row)?));
        }
        self.table().write_all(writes).await
    }

    /// Finishes a chunk and counts its notifications, both or neither. From `expires` (seconds since the epoch) on its
    /// claim may be forgotten.
    pub(crate) async fn chunk_finish(
        &self,
        chunk: &str,
        claim: &Claim,
        counts: &Counts<'_>,
        expires: i64,
    ) -> Result<(), Failure> {
        for shard in 0..COUNTER_SHARDS {
            let mut writes = vec![Write::Change(Chunks::finish(chunk, claim, expires))];
            for ((service, hour), events) in counts {
                writes.push(Write::Change(count(Key::hour(service.code(), *hour, shard), events)));
            }
            // Each shard has its own token, and the next one is tried only where this one surely was not written.
            let token = digest::short(&format!("{chunk} {} {shard}", claim.token));
            match self.table().transact(writes, &token).await {
                Ok(_) => return Ok(()),
                Err(Cancelled::Conflict) => {}
                Err(Cancelled::Condition) => {
                    return Err(Failure::Retry(Error::new(Kind::Conflict, "Another worker took the chunk.")));
                }
                Err(Cancelled::Failed(error)) => return Err(Failure::Retry(error)),
            }
        }
        Err(Failure::Retry(Error::new(Kind::Conflict, "The counters are busy.")))
    }
}

fn count(key: Key, events: &BTreeMap<&str, u64>) -> Change {
    events
        .iter()
        .fold(Change::of(key), |change, (event_type, count)| change.add(&format!("e:{event_type}"), *count))
}
