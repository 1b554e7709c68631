//! Claims on queued messages: which worker holds one, the ids of its rows, and its state.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> claimed: first delivery
//!     claimed --> claimed: redelivery after the lease (token + 1)
//!     claimed --> done: rows written, counters updated in the same transaction
//!     claimed --> abandoned: after the lease, another chunk needs one of its message_ids (token + 1)
//!     abandoned --> claimed: redelivery (token + 1)
//! ```
//!
//! A worker that was paused past its lease cannot finish, because `done` requires its token.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest;
use crate::error::{Error, Kind};
use crate::failure::Failure;
use crate::storage::change::Change;
use crate::storage::key::{Collection, Key};
use crate::storage::sequence;
use crate::storage::table::{Outcome, Table};
use crate::time::Micros;

/// The state of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A worker is recording it, or died while recording it.
    Claimed,
    /// Everything in it is recorded and counted.
    Done,
    /// Another chunk took over one of its messages. The rest is recorded when it is delivered again.
    Abandoned,
}

/// A claim on a chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The state of the chunk.
    #[serde(rename = "st")]
    pub state: State,
    /// The number of the claim, from 1. Only the holder of the latest may finish.
    #[serde(rename = "tk")]
    pub token: u64,
    /// The end of the lease: until then no other worker takes the chunk.
    #[serde(rename = "le")]
    pub lease: Micros,
    /// When the chunk was first received.
    #[serde(rename = "rc")]
    pub received: Micros,
    /// The ids of its rows.
    #[serde(rename = "ids")]
    allotment: Allotment,
}

/// The ids of a chunk per collection, by the collection's short name: the first id, and a hash of how they are used.
///
/// A chunk that is recorded again uses them in the same way, and keeps them. If another version of the program interprets
/// the chunk otherwise, the ids of that collection could end up on rows of other notifications, so it gets new ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Allotment(BTreeMap<String, (u64, u64)>);

impl Allotment {
    /// Returns an allotment of these first ids, used in these ways.
    pub fn new(first: &sequence::CollectionIds, layouts: &BTreeMap<Collection, String>) -> Self {
        let hash = |collection| layouts.get(collection).map_or(0, |layout| digest::quick(layout) >> 16);
        Self(first.iter().map(|(name, first)| (name.code().to_owned(), (*first, hash(name)))).collect())
    }

    /// Returns the allotment of a chunk that had `old` before: the same ids where they are used in the same way.
    fn after(&self, old: &Self) -> Self {
        let kept = |name: &String, new: (u64, u64)| match old.0.get(name) {
            Some(old) if old.1 == new.1 => *old,
            _ => new,
        };
        Self(self.0.iter().map(|(name, new)| (name.clone(), kept(name, *new))).collect())
    }
}

/// The claims in a table.
#[derive(Clone, Copy, Debug)]
pub struct Chunks<'a> {
    table: &'a Table,
}

impl Claim {
    /// Returns the first id of the chunk in this collection.
    pub fn first(&self, collection: Collection) -> u64 {
        self.allotment.0.get(collection.code()).map(|(first, _)| *first).unwrap_or_default()
    }

    /// Whether the holder of the chunk `own` fences the chunk `other` without waiting for its lease.
    ///
    /// Two chunks that each own a message of the other, and are delivered together, would wait for each other at every
    /// redelivery. From the second claim on, the chunk that sorts first proceeds and the other loses its token.
    pub fn insists(&self, own: &str, other: &str) -> bool {
        self.token > 1 && own < other
    }

    /// Whether another worker may take over the chunk.
    fn is_free(&self, now: Micros) -> bool {
        match self.state {
            State::Claimed => self.lease < now,
            State::Abandoned => true,
            State::Done => false,
        }
    }
}

impl<'a> Chunks<'a> {
    /// Returns the claims in this table.
    pub fn new(table: &'a Table) -> Self {
        Self { table }
    }

    /// Claims a chunk until `lease`. Returns `None` if the chunk is done. A chunk that was claimed before keeps its ids
    /// where it uses them as before.
    ///
    /// Fails with a retry while another worker holds it.
    pub async fn claim(
        &self,
        chunk: &str,
        allotment: &Allotment,
        received: Micros,
        now: Micros,
        lease: Micros,
    ) -> Result<Option<Claim>, Failure> {
        let allotment = allotment.clone();
        let claim = Claim { state: State::Claimed, token: 1, lease, received, allotment };
        match self.table.put_new::<_, Claim>(&Key::chunk(chunk), &claim).await? {
            None => Ok(Some(claim)),
            Some(old) if old.state == State::Done => Ok(None),
            Some(old) if old.is_free(now) => self.take_over(chunk, &old, &claim).await.map(Some),
            Some(_) => Err(conflict("Another worker holds the chunk.")),
        }
    }

    async fn take_over(&self, chunk: &str, old: &Claim, new: &Claim) -> Result<Claim, Failure> {
        let change = Change::of(Key::chunk(chunk))
            .set("st", State::Claimed)
            .set("tk", old.token + 1)
            .set("le", new.lease)
            .set("ids", new.allotment.after(&old.allotment))
            .when_equal("tk", old.token)
            .when_not_equal("st", State::Done);
        match self.table.change(&change).await? {
            Outcome::Written(claim) => Ok(claim),
            Outcome::Refused(_) => Err(conflict("Another worker took the chunk.")),
        }
    }

    /// Fences another chunk, so that its holder cannot finish. Returns whether the chunk was done already: then its
    /// messages are recorded; otherwise it is abandoned and its messages may be taken over.
    ///
    /// Fails with a retry while its holder may still finish, unless the caller insists: see [`Claim::insists`].
    pub async fn fence(&self, chunk: &str, insists: bool, now: Micros) -> Result<bool, Failure> {
        // A claim expires only some time after its chunk was done.
        let Some(claim) = self.table.get::<Claim>(&Key::chunk(chunk)).await? else { return Ok(true) };
        match claim.state {
            State::Done => Ok(true),
            State::Abandoned => Ok(false),
            State::Claimed if insists || claim.is_free(now) => self.abandon(chunk, &claim).await,
            State::Claimed => Err(conflict("Another worker is recording a message of the chunk.")),
        }
    }

    async fn abandon(&self, chunk: &str, claim: &Claim) -> Result<bool, Failure> {
        let change = Change::of(Key::chunk(chunk))
            .set("st", State::Abandoned)
            .set("tk", claim.token + 1)
            .when_equal("st", State::Claimed)
            .when_equal("tk", claim.token);
        match self.table.change::<Claim>(&change).await? {
            // Abandoned already, by another message of the same two chunks or by a third chunk.
            Outcome::Written(_) | Outcome::Refused(Some(Claim { state: State::Abandoned, .. })) => Ok(false),
            Outcome::Refused(Some(Claim { state: State::Done, .. })) => Ok(true),
            Outcome::Refused(_) => Err(conflict("Another worker claimed the other chunk again.")),
        }
    }

    /// Returns the change that finishes a chunk, for the transaction that also updates the counters.
    /// The claim expires at `expires` (seconds since the epoch).
    pub fn finish(chunk: &str, claim: &Claim, expires: i64) -> Change {
        Change::of(Key::chunk(chunk))
            .set("st", State::Done)
            .set("ttl", expires)
            .when_equal("st", State::Claimed)
            .when_equal("tk", claim.token)
    }

    /// Whether all of these chunks are done, so that no row of them can appear any more.
    pub async fn all_finished(&self, chunks: &[String]) -> Result<bool, Error> {
        let keys: Vec<_> = chunks.iter().map(|chunk| Key::chunk(chunk)).collect();
        let claims = self.table.get_many::<Claim>(&keys).await?;
        Ok(claims.values().all(|claim| claim.state == State::Done))
    }
}

/// A conflict with another worker. The message is delivered again later.
fn conflict(why: &str) -> Failure {
    Failure::Retry(Error::new(Kind::Conflict, why))
}
