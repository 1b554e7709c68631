//! Notifications in the table: nothing else of the group touches it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::chunk::{Chunks, Claim};
use crate::digest;
use crate::error::{Error, Kind};
use crate::failure::Failure;
use crate::key::{BLOCK, Collection, Key, Range};

use crate::notification::Notifications;
use crate::notification::body::Body;
use crate::notification::owning::{Message, Owned};
use crate::notification::plan::{Entry, Plan};
use crate::notification::processing::Counts;
use crate::notification::raw::{Place, RawRow};
use crate::notification::rejected::Row;
use crate::sequence;
use crate::table::{Cancelled, Change, Outcome, Table, Write, item};
use crate::time::Micros;

/// Shards of one hour's counters that are tried before a chunk goes back to the queue.
const COUNTER_SHARDS: u64 = 8;

impl Notifications {
    fn table(&self) -> &Table {
        &self.platform.tables.usage
    }

    /// The claims of chunks.
    pub(crate) fn chunks(&self) -> Chunks<'_> {
        Chunks::new(self.table())
    }

    /// Takes ids for these chunks until `deadline`.
    pub(crate) async fn ids_take(
        &self,
        wanted: &sequence::Ids,
        chunks: Vec<String>,
        deadline: Micros,
    ) -> Result<sequence::Block, Error> {
        let now = self.platform.clock.now().into();
        sequence::take(self.table(), &self.platform.ids.uuid(), wanted, chunks, now, deadline).await
    }

    /// Says that everything under these ids is written.
    pub(crate) async fn ids_close(&self, block: &sequence::Block) -> Result<(), Error> {
        sequence::close(self.table(), block).await
    }

    /// Makes a message belong to a chunk. Returns the owner that it has already, if it has one.
    pub(crate) async fn message_put_new(
        &self,
        message_id: &str,
        new: &Message,
    ) -> Result<Option<Message>, Error> {
        self.table().put_new(&Key::message(message_id), new).await
    }

    /// Makes a message belong to another chunk or claim, unless somebody else was faster. Its ids stay.
    pub(crate) async fn message_take(
        &self,
        message_id: &str,
        old: &Message,
        new: &Message,
    ) -> Result<Outcome<Message>, Error> {
        let change = Change::of(Key::message(message_id), "SET ck = :new, tk = :next, po = :position")
            .when("ck = :old AND tk = :token")
            .value(":new", &new.chunk)?
            .value(":next", new.token)?
            .value(":position", new.position)?
            .value(":old", &old.chunk)?
            .value(":token", old.token)?;
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
            let row = RawRow::of(&entry.notification, place).with_event(entry.event.as_ref(), entry.made);
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
            let mut writes = vec![Write::Change(Chunks::finish(chunk, claim, expires)?)];
            for ((service, hour), events) in counts {
                writes.push(Write::Change(count(Key::hour(*service, *hour, shard), events)?));
            }
            // Each shard has its own token, and the next one is tried only where this one surely was not written.
            let token = digest::short(&format!("{chunk} {} {shard}", claim.token));
            match self.table().transact(writes, &token).await {
                Ok(()) => return Ok(()),
                Err(Cancelled::Conflict) => {}
                Err(Cancelled::Condition(_)) => {
                    return Err(Failure::Retry(Error::new(Kind::Conflict, "Another worker took the chunk.")));
                }
                Err(Cancelled::Failed(error)) => return Err(Failure::Retry(error)),
            }
        }
        Err(Failure::Retry(Error::new(Kind::Conflict, "The counters are busy.")))
    }

    /// The rows of what is set aside with ids below this one, newest first, at most `limit` of those not yet expired.
    pub(crate) async fn rejected_list(
        &self,
        below: Option<u64>,
        limit: usize,
        now: i64,
    ) -> Result<Vec<Row>, Error> {
        let newest = sequence::last_id(self.table(), Collection::Rejected).await?;
        let mut next = below.unwrap_or(u64::MAX).min(newest + 1);
        let mut rows: Vec<Row> = Vec::new();
        while next > 1 && rows.len() < limit {
            let range = Range::block_below(Collection::Rejected, next);
            let page = self.table().query::<Row>(&range, true, None, None).await?;
            next = page.next.map_or((next - 1) / BLOCK * BLOCK, |last| last.number());
            rows.extend(page.items.into_iter().filter(|row| row.ttl > now));
        }
        rows.truncate(limit);
        Ok(rows)
    }

    /// The elements of these chunks, in the same order; none where they are forgotten already.
    pub(crate) async fn bodies(&self, chunks: &[&str]) -> Result<Vec<Option<Vec<Value>>>, Error> {
        bodies(self.table(), chunks).await
    }
}

/// A notification as it came, by the id of its row; none where it is forgotten already.
pub async fn notification_get(table: &Table, raw: u64) -> Result<Option<Value>, Error> {
    let Some(row) = table.get::<RawRow>(&Key::row(Collection::Notification, raw)).await? else {
        return Ok(None);
    };
    let elements = bodies(table, &[&row.chunk]).await?.pop().flatten().unwrap_or_default();
    Ok(elements.into_iter().nth(usize::try_from(row.position).unwrap_or(usize::MAX)))
}

async fn bodies(table: &Table, chunks: &[&str]) -> Result<Vec<Option<Vec<Value>>>, Error> {
    let keys: Vec<_> = chunks.iter().map(|chunk| Key::body(chunk)).collect();
    let bodies = table.get_many::<Body>(&keys).await?;
    keys.iter().map(|key| bodies.get(key).map(Body::elements).transpose()).collect()
}

fn count(key: Key, events: &BTreeMap<&str, u64>) -> Result<Change, Error> {
    let adds: Vec<_> = (0..events.len()).map(|number| format!("#e{number} :n{number}")).collect();
    let mut change = Change::of(key, format!("ADD {}", adds.join(", ")));
    for (number, (event_type, count)) in events.iter().enumerate() {
        change = change
            .name(format!("#e{number}"), format!("e:{event_type}"))
            .value(format!(":n{number}"), count)?;
    }
    Ok(change)
}
