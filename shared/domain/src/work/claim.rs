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
    /// The first id of its rows per collection, by the collection's short name.
    #[serde(rename = "ids")]
    first: BTreeMap<String, u64>,
}

/// The claims in a table.
#[derive(Clone, Copy, Debug)]
pub struct Chunks<'a> {
    table: &'a Table,
}

impl Claim {
    /// Returns the first id of the chunk in this collection.
    pub fn first(&self, collection: Collection) -> u64 {
        self.first.get(collection.code()).copied().unwrap_or_default()
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

    /// Claims a chunk until `lease`. Returns `None` if the chunk is done. A chunk that was claimed before keeps its ids.
    ///
    /// Fails with a retry while another worker holds it.
    pub async fn claim(
        &self,
        chunk: &str,
        first: &sequence::CollectionIds,
        received: Micros,
        now: Micros,
        lease: Micros,
    ) -> Result<Option<Claim>, Failure> {
        let first = first.iter().map(|(collection, id)| (collection.code().to_owned(), *id)).collect();
        let claim = Claim { state: State::Claimed, token: 1, lease, received, first };
        match self.table.put_new::<_, Claim>(&Key::chunk(chunk), &claim).await? {
            None => Ok(Some(claim)),
            Some(old) if old.state == State::Done => Ok(None),
            Some(old) if old.is_free(now) => self.take_over(chunk, &old, lease).await.map(Some),
            Some(_) => Err(conflict("Another worker holds the chunk.")),
        }
    }

    async fn take_over(&self, chunk: &str, old: &Claim, lease: Micros) -> Result<Claim, Failure> {
        let change = Change::of(Key::chunk(chunk))
            .set("st", State::Claimed)
            .set("tk", old.token + 1)
            .set("le", lease)
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
