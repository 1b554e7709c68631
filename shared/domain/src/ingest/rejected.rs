//! Rejected elements: accepted by the API but invalid as notifications, stored with the reason for operators.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::ingest::Intake;
use crate::ingest::plan::{ChunkPlan, InvalidElement};
use crate::time::Micros;

/// The stored row of a rejected element.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RejectedRow {
    id: u64,
    #[serde(rename = "rc")]
    received: Micros,
    #[serde(rename = "re")]
    reason: String,
    #[serde(rename = "ck")]
    chunk: String,
    #[serde(rename = "po")]
    position: u64,
    /// When the row expires, in seconds since the epoch.
    pub(crate) ttl: i64,
}

impl RejectedRow {
    /// Builds the row of an element of a chunk.
    pub(crate) fn new(
        id: u64,
        plan: &ChunkPlan,
        received: Micros,
        element: &InvalidElement,
        ttl: i64,
    ) -> Self {
        let (reason, position) = (element.reason.clone(), element.position);
        Self { id, received, reason, chunk: plan.chunk.clone(), position, ttl }
    }
}

/// A rejected element.
#[derive(Clone, Debug, PartialEq)]
pub struct RejectedElement {
    /// The id; newer elements have higher ids.
    pub id: u64,
    /// When the element was accepted.
    pub received: Micros,
    /// Why the element is not a valid notification.
    pub reason: String,
    /// The original element, as text if it is not JSON.
    pub body: Value,
}

impl Intake {
    /// Returns at most `limit` rejected elements that have not expired, newest first. `below` is the cursor: only
    /// elements with lower ids are returned.
    pub async fn rejected(&self, limit: usize, below: Option<u64>) -> Result<Vec<RejectedElement>, Error> {
        let rows = self.rejected_list(below, limit, self.clock.micros().epoch_seconds()).await?;
        let chunks: Vec<_> = rows.iter().map(|row| row.chunk.as_str()).collect();
        let bodies = self.bodies(&chunks).await?;
        let rejected = |(row, elements): (RejectedRow, Option<Vec<Value>>)| {
            let position = usize::try_from(row.position).unwrap_or(usize::MAX);
            let element = elements.and_then(|elements| elements.into_iter().nth(position));
            RejectedElement {
                id: row.id,
                received: row.received,
                reason: row.reason,
                body: element.unwrap_or_default(),
            }
        };
        Ok(rows.into_iter().zip(bodies).map(rejected).collect())
    }
}
