//! The outbox: events that are stored in one transaction with a change and published after it.
//!
//! Listeners get each event at least once, always as the same text and in no order; its version orders it.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::failure;
use crate::storage::item::item;
use crate::storage::key::{Key, Range, SHARDS};
use crate::storage::table::{Table, Write};
use crate::time::Micros;
use crate::work::queue::Queue;

/// Seconds that an event may wait for the request that stored it before the ticker publishes it.
const PATIENCE_SECONDS: i64 = 60;

/// An event that is still to be published. The same `id` and `version` is the same event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The id of the record that changed.
    pub id: String,
    /// The version that the change led to.
    #[serde(rename = "v")]
    pub version: u64,
    /// When it was stored.
    #[serde(rename = "at")]
    pub since: Micros,
    /// The message that is published.
    #[serde(rename = "bo")]
    pub body: String,
}

/// The outbox of a table, and the queue that its events are published on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbox {
    table: Table,
    queue: Queue,
}

impl Event {
    /// The write that stores the event, to be made in one transaction with the change.
    pub fn write(&self) -> Result<Write, Error> {
        Ok(Write::PutNew(item(&self.key(), self)?))
    }

    fn key(&self) -> Key {
        Key::outgoing(&self.id, self.version)
    }
}

impl Outbox {
    /// The outbox in `table`, published on `queue`.
    pub fn new(table: Table, queue: Queue) -> Self {
        Self { table, queue }
    }

    /// Publishes an event that was stored, and removes it. A crash in between publishes it again. An event that cannot
    /// be published stays for the ticker; that is logged and is not a failure of the change.
    pub async fn publish(&self, event: &Event) {
        if let Err(error) = self.send(event).await {
            tracing::warn!(error = error.chain(), "an event waits to be published");
        }
    }

    /// Publishes the events that requests which failed or died left behind.
    pub async fn publish_overdue(&self, now: Micros) -> Result<(), Error> {
        let waited = now.plus_seconds(-PATIENCE_SECONDS);
        let mut outcomes = Vec::new();
        for shard in 0..SHARDS {
            let left: Vec<Event> = self.table.query_all(&Range::outgoing(shard)).await?;
            for event in left.iter().filter(|event| event.since <= waited) {
                // One that cannot be published does not hold up the others.
                outcomes.push(self.send(event).await);
            }
        }
        failure::first(outcomes)
    }

    async fn send(&self, event: &Event) -> Result<(), Error> {
        self.queue.send(event.body.clone()).await?;
        self.table.write_all(vec![Write::Delete(event.key())]).await
    }
}
