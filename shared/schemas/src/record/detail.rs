//! The parts of a changeset.

use domain::time::Micros;
use serde::{Deserialize, Serialize};

use crate::record::{Name, Record};

/// A part of a changeset: statements, and those that revert them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesetDetail {
    /// The id.
    pub id: u64,
    /// The id of the changeset.
    pub changeset: u64,
    /// A description; may be empty.
    pub description: String,
    /// The statements to apply.
    pub apply_sql: String,
    /// The statements that revert them; may be empty.
    pub revert_sql: String,
    /// Statements that fail if the change is not applied; may be empty.
    pub apply_verification_sql: String,
    /// Statements that fail if the change is not reverted; may be empty.
    pub revert_verification_sql: String,
    /// The checksum of the schema before the change, as the review found it; empty before.
    pub before_checksum: String,
    /// The checksum of the schema after the change, as the review found it; empty before.
    pub after_checksum: String,
    /// The checksums after each statement of `apply_sql`, as the review found them. Not a documented field.
    #[serde(default)]
    pub statement_checksums: Vec<String>,
    /// The rows and bytes of the changed tables on the targets, as JSON text; may be empty.
    pub volumetric_values: String,
    /// How the scratch server executes the change. Not a documented field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<Impact>,
    /// When it was created.
    pub created_at: Micros,
    /// When it was changed.
    pub updated_at: Micros,
    /// The version of the row.
    #[serde(rename = "v")]
    pub version: u64,
}

/// How a server executes a change of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// The cheapest algorithm that the server accepts: `INSTANT`, `NOCOPY`, `INPLACE` or `COPY`.
    pub algorithm: String,
    /// The weakest lock that the server accepts with it: `NONE`, `SHARED` or `EXCLUSIVE`.
    pub lock: String,
    /// Why the server rejects a cheaper algorithm or a weaker lock; empty if it rejects none.
    pub reason: String,
}

impl Record for ChangesetDetail {
    const RESOURCE: Name = Name::ChangesetDetail;

    fn id(&self) -> u64 {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }
}
