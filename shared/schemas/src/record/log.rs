//! Histories: of each changeset, and of everything.

use domain::time::Micros;
use serde::{Deserialize, Serialize};

use crate::record::{Name, Record};

/// An entry of the history of a changeset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesetAction {
    /// The id.
    pub id: u64,
    /// The id of the changeset.
    pub changeset: u64,
    /// The documented type, such as `created` or `applied - failed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id of the user. `None` for what Steward did by itself.
    pub user: Option<u64>,
    /// The id of the server, for applications.
    pub server: Option<u64>,
    /// When it happened.
    pub timestamp: Micros,
    /// The version of the row.
    #[serde(rename = "v")]
    pub version: u64,
}

/// An entry of the history of everything, which is also published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The id.
    pub id: u64,
    /// When it happened.
    pub datetime: Micros,
    /// The documented type, such as `changeset_submitted`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The documented description, such as `Changeset [id=1] was submitted.`.
    pub description: String,
    /// The id of the user. `None` for what Steward did by itself.
    pub user: Option<u64>,
    /// The version of the row.
    #[serde(rename = "v")]
    pub version: u64,
}

impl Record for ChangesetAction {
    const RESOURCE: Name = Name::ChangesetAction;

    fn id(&self) -> u64 {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn references(&self) -> Vec<(&'static str, u64)> {
        vec![("changeset", self.changeset)]
    }
}

impl Record for Event {
    const RESOURCE: Name = Name::Event;

    fn id(&self) -> u64 {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }
}
