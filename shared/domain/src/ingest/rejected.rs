//! Elements that were accepted and are no usable notification: set aside with the reason, for a person to look at.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::ingest::Intake;
use crate::ingest::plan::{self, Plan};
use crate::time::Micros;

/// A row of what is set aside.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    id: u64,
    #[serde(rename = "rc")]
    received: Micros,
    #[serde(rename = "re")]
    reason: String,
    #[serde(rename = "ck")]
    chunk: String,
    #[serde(rename = "po")]
    position: u64,
    /// When it is forgotten, in seconds since the epoch.
    pub(crate) ttl: i64,
}

impl Row {
    /// The row of an element of a chunk.
    pub(crate) fn of(id: u64, plan: &Plan, received: Micros, rejected: &plan::Rejected, ttl: i64) -> Self {
        let (reason, position) = (rejected.reason.clone(), rejected.position);
        Self { id, received, reason, chunk: plan.chunk.clone(), position, ttl }
    }
}

/// An element that was set aside.
#[derive(Clone, Debug, PartialEq)]
pub struct SetAside {
    /// Its id: a higher one was set aside later.
    pub id: u64,
    /// When it was accepted.
    pub received: Micros,
    /// Why it is no usable notification.
    pub reason: String,
    /// The element as it came; a text where it was no JSON.
    pub body: Value,
}

impl Intake {
    /// What was set aside, newest first, at most `limit` and, where a mark is given, only ids below it.
    /// Elements past their retention are forgotten.
    pub async fn rejected(&self, limit: usize, below: Option<u64>) -> Result<Vec<SetAside>, Error> {
        let rows = self.rejected_list(below, limit, self.clock.micros().epoch_seconds()).await?;
        let chunks: Vec<_> = rows.iter().map(|row| row.chunk.as_str()).collect();
        let bodies = self.bodies(&chunks).await?;
        let set_aside = |(row, elements): (Row, Option<Vec<Value>>)| {
            let position = usize::try_from(row.position).unwrap_or(usize::MAX);
            let element = elements.and_then(|elements| elements.into_iter().nth(position));
            SetAside {
                id: row.id,
                received: row.received,
                reason: row.reason,
                body: element.unwrap_or_default(),
            }
        };
        Ok(rows.into_iter().zip(bodies).map(set_aside).collect())
    }
}
