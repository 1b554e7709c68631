//! Who records a message: each `message_id` has one owner, the chunk that names it first.

use serde::{Deserialize, Serialize};

use crate::chunk::{Chunks, Claim};
use crate::error::Error;
use crate::failure::Failure;
use crate::key::{Collection, Key};
use crate::notification::plan::{Entry, Plan, Rows};
use crate::table::{Change, Outcome, Table};
use crate::time::Micros;

/// The owner of a `message_id`, and the rows that its notification has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// The raw row's id.
    pub id: u64,
    /// The chunk that records it.
    #[serde(rename = "ck")]
    chunk: String,
    /// Its place in that chunk.
    #[serde(rename = "po")]
    position: u64,
    /// Short name of the collection of its other rows.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// The first of its other rows.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// How many other rows it has.
    #[serde(rename = "xn", default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// When it may be forgotten, in seconds since the epoch; never where exists rows are looked up by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<i64>,
}

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

impl Message {
    fn rows(&self) -> Option<Rows> {
        let collection = Collection::from_code(self.collection.as_deref()?)?;
        Some(Rows { collection, first: self.first?, count: self.count? })
    }
}

/// The entries of the plan that its chunk owns; the others are recorded already.
///
/// Retried while another chunk that owns one of them may still finish.
pub async fn owned<'a>(
    table: &Table,
    plan: &'a Plan,
    claim: &Claim,
    now: Micros,
    expires: i64,
) -> Result<Vec<Owned<'a>>, Failure> {
    let entries = plan.entries.iter().map(|entry| own(table, plan, claim, entry, now, expires));
    let owned = futures::future::join_all(entries).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(owned.into_iter().flatten().collect())
}

async fn own<'a>(
    table: &Table,
    plan: &Plan,
    claim: &Claim,
    entry: &'a Entry,
    now: Micros,
    expires: i64,
) -> Result<Option<Owned<'a>>, Failure> {
    let raw = claim.first(Collection::Notification) + entry.position;
    let rows = entry.rows.map(|rows| Rows { first: claim.first(rows.collection) + rows.first, ..rows });
    let owned = Owned { entry, raw, rows };
    // Without a message_id the chunk's own claim is all that tells a repeat.
    let Some(message_id) = &entry.notification.message_id else { return Ok(Some(owned)) };
    let message = Message {
        id: raw,
        chunk: plan.chunk.clone(),
        position: entry.position,
        collection: rows.map(|rows| rows.collection.code().to_owned()),
        first: rows.map(|rows| rows.first),
        count: rows.map(|rows| rows.count),
        ttl: (!is_exists(rows)).then_some(expires),
    };
    match table.put_new::<_, Message>(&Key::message(message_id), &message).await? {
        None => Ok(Some(owned)),
        Some(old) if old.chunk == plan.chunk && old.position == entry.position => {
            Ok(Some(Owned { entry, raw: old.id, rows: old.rows() }))
        }
        Some(old) if old.chunk == plan.chunk => Ok(None),
        Some(old) => take_over(table, message_id, old, &message, now).await.map(|message| {
            message.map(|message| Owned { entry, raw: message.id, rows: message.rows() })
        }),
    }
}

/// Takes a message from a chunk that cannot finish any more, keeping the ids that its rows may already stand under.
async fn take_over(
    table: &Table,
    message_id: &str,
    old: Message,
    new: &Message,
    now: Micros,
) -> Result<Option<Message>, Failure> {
    if Chunks::new(table).fence(&old.chunk, &new.chunk, now).await? {
        return Ok(None);
    }
    let change = Change::of(Key::message(message_id), "SET ck = :new, po = :position")
        .when("ck = :old")
        .value(":new", &new.chunk)?
        .value(":position", new.position)?
        .value(":old", &old.chunk)?;
    match table.change(&change).await? {
        Outcome::Written(message) => Ok(Some(message)),
        Outcome::Refused(_) => Err(Failure::Retry(Error::unavailable("Another chunk took the message."))),
    }
}

fn is_exists(rows: Option<Rows>) -> bool {
    rows.is_some_and(|rows| matches!(rows.collection, Collection::InstanceExists | Collection::ImageExists))
}
