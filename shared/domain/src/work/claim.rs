//! The claim of a queued message: who works on it, under which ids, and whether it is done.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> claimed: first delivery
//!     claimed --> claimed: redelivery, lease over (token + 1)
//!     claimed --> done: rows stand, counters moved with it
//!     claimed --> abandoned: lease over, another chunk needs a message_id of it (token + 1)
//!     abandoned --> claimed: redelivery (token + 1)
//! ```
//!
//! A worker that was paused past its lease cannot finish: `done` expects its token.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::failure::Failure;
use crate::storage::change::Change;
use crate::storage::key::{Collection, Key};
use crate::storage::sequence;
use crate::storage::table::{Outcome, Table};
use crate::time::Micros;

/// Where a chunk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A worker is at it, or died at it.
    Claimed,
    /// Everything in it is recorded and counted.
    Done,
    /// Another chunk took a message of it over; what is left is recorded when it is delivered again.
    Abandoned,
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Where the chunk stands.
    #[serde(rename = "st")]
    pub state: State,
    /// Counts the claims: only the holder of the newest may finish.
    #[serde(rename = "tk")]
    pub token: u64,
    /// Until when the holder may be expected to finish.
    #[serde(rename = "le")]
    pub lease: Micros,
    /// When the chunk was first received.
    #[serde(rename = "rc")]
    pub received: Micros,
    /// The first id of each collection that its rows stand under, by the collection's short name.
    #[serde(rename = "ids")]
    first: BTreeMap<String, u64>,
}

/// The claims of a table.
#[derive(Clone, Copy, Debug)]
pub struct Chunks<'a> {
    table: &'a Table,
}

impl Claim {
    /// The first id that the chunk has in this collection.
    pub fn first(&self, collection: Collection) -> u64 {
        self.first.get(collection.code()).copied().unwrap_or_default()
    }

    /// Whether the holder of this claim on the chunk `own` does not wait for the holder of the chunk `other`.
    ///
    /// Two chunks that each hold a message of the other, and are delivered together, would find each other alive at
    /// every redelivery. From the second claim on the first of them by name goes on: the other's claim loses its token.
    pub fn insists(&self, own: &str, other: &str) -> bool {
        self.token > 1 && own < other
    }

    /// Whether another worker may take it over.
    fn is_free(&self, now: Micros) -> bool {
        match self.state {
            State::Claimed => self.lease < now,
            State::Abandoned => true,
            State::Done => false,
        }
    }
}

impl<'a> Chunks<'a> {
    /// The claims of this table.
    pub fn new(table: &'a Table) -> Self {
        Self { table }
    }

    /// Claims a chunk until `lease`: none when it is done already. A chunk that was claimed before keeps its ids.
    ///
    /// Retried while another worker holds it.
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
            Some(_) => Err(held("Another worker holds the chunk.")),
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
            Outcome::Refused(_) => Err(held("Another worker took the chunk.")),
        }
    }

    /// Makes sure that the holder of another chunk can no longer finish: true when that chunk is done or forgotten,
    /// and its messages are recorded; false when it is abandoned now, and its messages may be taken over.
    ///
    /// Retried while its holder may still finish, unless the caller insists: see [`Claim::insists`].
    pub async fn fence(&self, chunk: &str, insists: bool, now: Micros) -> Result<bool, Failure> {
        // A claim is only forgotten some time after it was done.
        let Some(claim) = self.table.get::<Claim>(&Key::chunk(chunk)).await? else { return Ok(true) };
        match claim.state {
            State::Done => Ok(true),
            State::Abandoned => Ok(false),
            State::Claimed if insists || claim.is_free(now) => self.abandon(chunk, &claim).await,
            State::Claimed => Err(held("A message of the chunk is in another worker's hands.")),
        }
    }

    async fn abandon(&self, chunk: &str, claim: &Claim) -> Result<bool, Failure> {
        let change = Change::of(Key::chunk(chunk))
            .set("st", State::Abandoned)
            .set("tk", claim.token + 1)
            .when_equal("st", State::Claimed)
            .when_equal("tk", claim.token);
        match self.table.change::<Claim>(&change).await? {
            // Refused so, another message of the same two chunks, or a third chunk, was faster.
            Outcome::Written(_) | Outcome::Refused(Some(Claim { state: State::Abandoned, .. })) => Ok(false),
            Outcome::Refused(Some(Claim { state: State::Done, .. })) => Ok(true),
            Outcome::Refused(_) => Err(held("A worker came back to the other chunk.")),
        }
    }

    /// The change that finishes a chunk, to be made in one transaction with what counts it.
    /// From `expires` (seconds since the epoch) on the claim may be forgotten.
    pub fn finish(chunk: &str, claim: &Claim, expires: i64) -> Change {
        Change::of(Key::chunk(chunk))
            .set("st", State::Done)
            .set("ttl", expires)
            .when_equal("st", State::Claimed)
            .when_equal("tk", claim.token)
    }

    /// Whether nobody will write rows of these chunks any more.
    pub async fn all_finished(&self, chunks: &[String]) -> Result<bool, Error> {
        let keys: Vec<_> = chunks.iter().map(|chunk| Key::chunk(chunk)).collect();
        let claims = self.table.get_many::<Claim>(&keys).await?;
        Ok(claims.values().all(|claim| claim.state == State::Done))
    }
}

/// Somebody else is at it, or was faster: the message comes back later.
fn held(why: &str) -> Failure {
    Failure::Retry(Error::new(Kind::Conflict, why))
}
