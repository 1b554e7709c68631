//! Telling listeners that a status changed: at least once, always the same text, in no order; the version orders them.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::key::SHARDS;
use crate::recomputations::Recomputations;
use crate::recomputations::document::{Document, Zone};
use crate::recomputations::record::Recomputation;
use crate::recomputations::status::Status;
use crate::time::Micros;

/// Seconds that a change may wait for its own request before the ticker publishes it.
const PATIENCE_SECONDS: i64 = 60;

/// A change that is still to be published.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Of which request.
    pub id: String,
    /// The version that it led to.
    #[serde(rename = "v")]
    pub version: u64,
    /// Since when it waits.
    #[serde(rename = "at")]
    pub since: Micros,
    /// What is published.
    #[serde(rename = "bo")]
    pub body: String,
}

/// What listeners read. The same `id` and `version` is the same event.
#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "event")]
    name: &'static str,
    tenant: &'a str,
    id: &'a str,
    old: Status,
    new: Status,
    version: u64,
    record: Document<'a>,
}

impl Change {
    pub(crate) fn of(
        tenant: &str,
        old: Status,
        request: &Recomputation,
        since: Micros,
    ) -> Result<Self, Error> {
        let event = Event {
            name: "recomputation.status_changed",
            tenant,
            id: &request.id,
            old,
            new: request.status,
            version: request.version,
            record: Document::of(request, Zone::Z),
        };
        let body = serde_json::to_string(&event);
        let body = body.map_err(|cause| Error::bug("an event could not be written").because(cause))?;
        Ok(Self { id: request.id.clone(), version: request.version, since, body })
    }
}

impl Recomputations {
    /// Publishes a change and takes it out of the table. A crash in between publishes it again.
    pub(crate) async fn publish(&self, change: &Change) -> Result<(), Error> {
        self.platform.queues.published.send(change.body.clone()).await?;
        self.change_remove(change).await
    }

    /// Publishes what requests that failed or died left behind.
    pub async fn tick(&self) -> Result<(), Error> {
        let waited = self.now().plus_seconds(-PATIENCE_SECONDS);
        let mut outcome = Ok(());
        for shard in 0..SHARDS {
            for change in self.change_list(shard).await?.iter().filter(|change| change.since <= waited) {
                // One that cannot be published holds no other back.
                outcome = outcome.and(self.publish(change).await);
            }
        }
        outcome
    }
}
