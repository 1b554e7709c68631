//! Deduplication: each `message_id` is owned, and thus recorded, by the first chunk that holds it.

use std::cmp::Ordering;

use crate::error::{Error, Kind};
use crate::failure::{self, Failure};
use crate::ingest::Recorder;
use crate::ingest::plan::{ChunkPlan, PlannedNotification};
use crate::notification::ownership::{Ownership, RowRange};
use crate::storage::key::Collection;
use crate::storage::table::Outcome;
use crate::time::Micros;
use crate::work::claim::Claim;

/// A notification that the chunk owns, with the final ids of its rows.
#[derive(Debug)]
pub struct Owned<'a> {
    /// The notification.
    pub planned: &'a PlannedNotification,
    /// The raw row's id.
    pub raw: u64,
    /// The rows derived from the notification.
    pub rows: Option<RowRange>,
    /// When the notification was first received.
    pub received: Micros,
}

impl Recorder {
    /// Acquires ownership of the notifications of a chunk. Returns those that the chunk owns; the others are recorded
    /// already.
    ///
    /// Fails with [`Failure::Retry`] while another chunk that owns one of them may still finish.
    pub(crate) async fn owned<'a>(
        &self,
        plan: &'a ChunkPlan,
        claim: &Claim,
        now: Micros,
        expires: i64,
    ) -> Result<Vec<Owned<'a>>, Failure> {
        let acquiring =
            plan.notifications.iter().map(|planned| self.acquire(plan, claim, planned, now, expires));
        let outcomes = futures::future::join_all(acquiring).await;
        let mut owned = Vec::new();
        failure::first(outcomes.into_iter().map(|outcome| outcome.map(|acquired| owned.extend(acquired))))?;
        Ok(owned)
    }

    async fn acquire<'a>(
        &self,
        plan: &ChunkPlan,
        claim: &Claim,
        planned: &'a PlannedNotification,
        now: Micros,
        expires: i64,
    ) -> Result<Option<Owned<'a>>, Failure> {
        let raw = claim.first(Collection::Notification) + planned.position;
        let rows =
            planned.rows.map(|rows| RowRange { first: claim.first(rows.collection) + rows.first, ..rows });
        // Without a message_id, only redeliveries of the same chunk are recognized, by its claim.
        let Some(message_id) = &planned.notification.message_id else {
            return Ok(Some(Owned { planned, raw, rows, received: claim.received }));
        };
        let new = ownership(plan, claim, planned, raw, rows, expires);
        let acquired = match self.ownership_put_new(message_id, &new).await? {
            None => Some(new),
            Some(old) => self.take_over(message_id, claim, old, &new, now).await?,
        };
        Ok(acquired.map(|ownership| Owned {
            planned,
            raw: ownership.id,
            rows: ownership.rows(),
            received: ownership.received.min(claim.received),
        }))
    }

    /// Takes ownership over from an earlier claim of the same chunk, or from a chunk that can no longer finish. Returns `None` if the notification is recorded already.
    ///
    /// Each claim writes its token to the ownership. If the other chunk is claimed again after it was fenced, one of
    /// the two fails on the changed token, so the notification is never recorded twice.
    async fn take_over(
        &self,
        message_id: &str,
        claim: &Claim,
        mut old: Ownership,
        new: &Ownership,
        now: Micros,
    ) -> Result<Option<Ownership>, Failure> {
        let lost =
            || Failure::Retry(Error::new(Kind::Conflict, "Another worker took over the notification."));
        for _ in 0..failure::ATTEMPTS {
            if old.chunk == new.chunk {
                match (old.position == new.position, old.token.cmp(&new.token)) {
                    (false, _) => return Ok(None),
                    (true, Ordering::Equal) => return Ok(Some(old)),
                    (true, Ordering::Greater) => return Err(lost()),
                    (true, Ordering::Less) => {}
                }
            } else if self.chunks().fence(&old.chunk, claim.insists(&new.chunk, &old.chunk), now).await? {
                return Ok(None);
            }
            old = match self.ownership_take_over(message_id, &old, new).await? {
                Outcome::Written(taken) => return Ok(Some(taken)),
                Outcome::Refused(current) => current.ok_or_else(lost)?,
            };
        }
        Err(lost())
    }
}

/// Builds the record by which a chunk owns one of its notifications.
fn ownership(
    plan: &ChunkPlan,
    claim: &Claim,
    planned: &PlannedNotification,
    raw: u64,
    rows: Option<RowRange>,
    expires: i64,
) -> Ownership {
    Ownership {
        id: raw,
        chunk: plan.chunk.clone(),
        token: claim.token,
        position: planned.position,
        received: claim.received,
        collection: rows.map(|rows| rows.collection),
        first: rows.map(|rows| rows.first),
        count: rows.map(|rows| rows.count),
        ttl: (!is_exists(rows)).then_some(expires),
    }
}

fn is_exists(rows: Option<RowRange>) -> bool {
    rows.is_some_and(|rows| matches!(rows.collection, Collection::InstanceExists | Collection::ImageExists))
}
