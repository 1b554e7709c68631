//! Who records a message: each `message_id` has one owner, the chunk that names it first.

use std::cmp::Ordering;

use crate::error::{Error, Kind};
use crate::failure::{self, Failure};
use crate::ingest::Recorder;
use crate::ingest::plan::{Entry, Plan};
use crate::notification::ownership::{Ownership, Rows};
use crate::storage::key::Collection;
use crate::storage::table::Outcome;
use crate::time::Micros;
use crate::work::claim::Claim;

/// An entry that this chunk records, under ids that will not change.
#[derive(Debug)]
pub struct Owned<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// The raw row's id.
    pub raw: u64,
    /// The other rows that it may make.
    pub rows: Option<Rows>,
}

impl Recorder {
    /// The entries of the plan that its chunk owns; the others are recorded already.
    ///
    /// Retried while another chunk that owns one of them may still finish.
    pub(crate) async fn owned<'a>(
        &self,
        plan: &'a Plan,
        claim: &Claim,
        now: Micros,
        expires: i64,
    ) -> Result<Vec<Owned<'a>>, Failure> {
        let entries = plan.entries.iter().map(|entry| self.own(plan, claim, entry, now, expires));
        let owned = futures::future::join_all(entries).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(owned.into_iter().flatten().collect())
    }

    async fn own<'a>(
        &self,
        plan: &Plan,
        claim: &Claim,
        entry: &'a Entry,
        now: Micros,
        expires: i64,
    ) -> Result<Option<Owned<'a>>, Failure> {
        let raw = claim.first(Collection::Notification) + entry.position;
        let rows = entry.rows.map(|rows| Rows { first: claim.first(rows.collection) + rows.first, ..rows });
        // Without a message_id the chunk's own claim is all that tells a repeat.
        let Some(message_id) = &entry.notification.message_id else {
            return Ok(Some(Owned { entry, raw, rows }));
        };
        let message = ownership(plan, claim, entry, raw, rows, expires);
        let standing = match self.message_put_new(message_id, &message).await? {
            None => Some(message),
            Some(old) => self.take_over(message_id, claim, old, &message, now).await?,
        };
        Ok(standing.map(|message| Owned { entry, raw: message.id, rows: message.rows() }))
    }

    /// Takes a message from an earlier claim of its own chunk, or from a chunk that cannot finish any more, keeping the
    /// ids that its rows may already stand under. None where it is recorded already.
    ///
    /// Each claim writes its token: where the other chunk was claimed once more after it was fenced, the message is found
    /// changed, and never recorded by both.
    async fn take_over(
        &self,
        message_id: &str,
        claim: &Claim,
        mut old: Ownership,
        new: &Ownership,
        now: Micros,
    ) -> Result<Option<Ownership>, Failure> {
        let lost = || Failure::Retry(Error::new(Kind::Conflict, "Another worker took the message."));
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
            old = match self.message_take(message_id, &old, new).await? {
                Outcome::Written(taken) => return Ok(Some(taken)),
                Outcome::Refused(standing) => standing.ok_or_else(lost)?,
            };
        }
        Err(lost())
    }
}

/// The claim of a chunk on one of its notifications.
fn ownership(
    plan: &Plan,
    claim: &Claim,
    entry: &Entry,
    raw: u64,
    rows: Option<Rows>,
    expires: i64,
) -> Ownership {
    Ownership {
        id: raw,
        chunk: plan.chunk.clone(),
        token: claim.token,
        position: entry.position,
        collection: rows.map(|rows| rows.collection),
        first: rows.map(|rows| rows.first),
        count: rows.map(|rows| rows.count),
        ttl: (!is_exists(rows)).then_some(expires),
    }
}

fn is_exists(rows: Option<Rows>) -> bool {
    rows.is_some_and(|rows| matches!(rows.collection, Collection::InstanceExists | Collection::ImageExists))
}
