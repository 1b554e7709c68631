//! Results of reviews, applications and checks.

use domain::time::Micros;
use serde::{Deserialize, Serialize};

use crate::record::{Name, Record};

/// The test of a part of a changeset on the scratch server. A later review replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesetTest {
    /// The id.
    pub id: u64,
    /// The id of the detail.
    pub changeset_detail: u64,
    /// The id of the changeset. Not a documented field.
    pub changeset: u64,
    /// The id of the kind of test.
    pub test_type: u64,
    /// When it started.
    pub started_at: Option<Micros>,
    /// When it ended.
    pub ended_at: Option<Micros>,
    /// The error; empty if the test passed.
    pub results_log: String,
    /// When the row was created.
    pub created_at: Micros,
    /// When the row was changed.
    pub updated_at: Micros,
    /// The version of the row.
    #[serde(rename = "v")]
    pub version: u64,
}

/// A finding of a lint. A later review replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesetValidation {
    /// The id.
    pub id: u64,
    /// The id of the changeset.
    pub changeset: u64,
    /// The id of the detail. Not a documented field.
    pub changeset_detail: Option<u64>,
    /// The id of the kind of validation.
    pub validation_type: u64,
    /// When the finding was made.
    pub timestamp: Option<Micros>,
    /// The finding.
    pub result: String,
    /// `error`, `warning` or `notice`. Not a documented field.
    pub severity: String,
    /// Whether a dba has waived the finding. Not a documented field.
    #[serde(default)]
    pub is_waived: bool,
    /// When the row was created.
    pub created_at: Micros,
    /// When the row was changed.
    pub updated_at: Micros,
    /// The version of the row.
    #[serde(rename = "v")]
    pub version: u64,
}

/// The application of a part of a changeset to a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangesetDetailApply {
    /// The id.
    pub id: u64,
    /// The id of the detail.
    pub changeset_detail: u64,
    /// The id of the changeset. Not a documented field.
    pub changeset: u64,
    /// The id of the environment that the server had.
    pub environment: Option<u64>,
    /// The id of the server. `None` once the server is deleted.
    pub server: Option<u64>,
    /// The error; empty if the part was applied.
    pub results_log: String,
    /// The id of the task. Not a documented field.
    pub task: u64,
    /// When the part was reverted. Not a documented field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverted_at: Option<Micros>,
    /// When the row was created.
    pub created_at: Micros,
    /// When the row was changed.
    pub updated_at: Micros,
    /// The version of the row.
    #[serde(rename = "v")]
    pub version: u64,
}

/// What the latest check of a schema on a server found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerData {
    /// The id.
    pub id: u64,
    /// The id of the server.
    pub server: u64,
    /// The id of the schema.
    pub database_schema: u64,
    /// `<server id>#<schema id>`, which is unique. Not a field of the resource.
    pub unique: String,
    /// Whether the schema exists on the server.
    pub schema_exists: bool,
    /// The checksum that was found; empty if the schema does not exist.
    pub checksum: String,
    /// The id of the version with this checksum. `None` if it is unknown: the schema has drifted.
    pub schema_version: Option<u64>,
    /// The id of the version that was expected: the latest known one on this server.
    pub expected_version: Option<u64>,
    /// Whether the schema differs from the expected version.
    pub has_drifted: bool,
    /// The difference between the expected and the found structure; empty if there is none. At most 64 KiB.
    pub schema_version_diff: String,
    /// When the latest check was made. `None` before the first one.
    pub checked_at: Option<Micros>,
    /// The id of the task of the next scheduled check. Not a documented field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_check: Option<u64>,
    /// When the row was created.
    pub created_at: Micros,
    /// When the row was changed.
    pub updated_at: Micros,
    /// The version of the row.
    #[serde(rename = "v")]
    pub version: u64,
}

impl Record for ChangesetTest {
    const RESOURCE: Name = Name::ChangesetTest;

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

impl Record for ChangesetValidation {
    const RESOURCE: Name = Name::ChangesetValidation;

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

impl Record for ChangesetDetailApply {
    const RESOURCE: Name = Name::ChangesetDetailApply;

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

impl Record for ServerData {
    const RESOURCE: Name = Name::ServerData;

    fn id(&self) -> u64 {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn references(&self) -> Vec<(&'static str, u64)> {
        vec![("database_schema", self.database_schema)]
    }

    fn unique_name(&self) -> Option<&str> {
        Some(&self.unique)
    }
}
