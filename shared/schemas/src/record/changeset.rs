//! Changesets.

use std::fmt;

use domain::time::Micros;
use serde::{Deserialize, Serialize};

use crate::record::{Name, Record};

/// A reviewed change of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changeset {
    /// The id.
    pub id: u64,
    /// The id of the schema.
    pub database_schema: u64,
    /// The kind of change. It does not affect how the statements run.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The expected impact, which decides who may apply the changeset.
    pub classification: Classification,
    /// The state of the review.
    pub review_status: ReviewStatus,
    /// The id of the version that the review starts from.
    pub review_version: Option<u64>,
    /// The id of the version on the first server before the changeset was applied to it.
    pub before_version: Option<u64>,
    /// The id of the version on the first server after the changeset was applied to it.
    pub after_version: Option<u64>,
    /// The id of the user who submitted it.
    pub submitted_by: Option<u64>,
    /// When it was submitted.
    pub submitted_at: Option<Micros>,
    /// The id of the user who requested the latest review.
    pub reviewed_by: Option<u64>,
    /// When the latest review ended.
    pub reviewed_at: Option<Micros>,
    /// The id of the user who approved or rejected it last.
    pub approved_by: Option<u64>,
    /// When it was approved or rejected last.
    pub approved_at: Option<Micros>,
    /// The ids of the users whose approvals count. Not a documented field.
    #[serde(default)]
    pub approvals: Vec<u64>,
    /// Whether it is deleted. A deleted changeset stays readable.
    pub is_deleted: bool,
    /// The path of the file that it was imported from; may be empty.
    pub repo_filename: String,
    /// The URL of that file; may be empty.
    pub version_control_url: String,
    /// The ids of its details, in the order in which they are applied. Not a documented field.
    pub details: Vec<u64>,
    /// The ids of the tests of the latest review. Not a documented field.
    #[serde(default)]
    pub tests: Vec<u64>,
    /// The ids of the findings of the latest review. Not a documented field.
    #[serde(default)]
    pub validations: Vec<u64>,
    /// The ids of the validation types that a dba has waived. Not a documented field.
    #[serde(default)]
    pub waived: Vec<u64>,
    /// When it was created.
    pub created_at: Micros,
    /// When it was changed.
    pub updated_at: Micros,
    /// The version of the row.
    #[serde(rename = "v")]
    pub version: u64,
}

impl Record for Changeset {
    const RESOURCE: Name = Name::Changeset;

    fn id(&self) -> u64 {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn references(&self) -> Vec<(&'static str, u64)> {
        // An update may move a changeset to another schema, so that it is not indexed by it.
        Vec::new()
    }
}

/// A kind of change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A new table.
    #[default]
    #[serde(rename = "DDL:Table:Create")]
    TableCreate,
    /// A changed table.
    #[serde(rename = "DDL:Table:Alter")]
    TableAlter,
    /// A dropped table.
    #[serde(rename = "DDL:Table:Drop")]
    TableDrop,
    /// A new view, trigger, routine or event.
    #[serde(rename = "DDL:Code:Create")]
    CodeCreate,
    /// A changed view, trigger, routine or event.
    #[serde(rename = "DDL:Code:Alter")]
    CodeAlter,
    /// A dropped view, trigger, routine or event.
    #[serde(rename = "DDL:Code:Drop")]
    CodeDrop,
    /// New rows.
    #[serde(rename = "DML:Insert")]
    Insert,
    /// New rows from a query.
    #[serde(rename = "DML:Insert:Select")]
    InsertSelect,
    /// Changed rows.
    #[serde(rename = "DML:Update")]
    Update,
    /// Deleted rows.
    #[serde(rename = "DML:Delete")]
    Delete,
}

/// The expected impact of a changeset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Classification {
    /// No impact. Developers may apply it.
    #[default]
    Painless,
    /// A low risk. Developers may apply it.
    Lowrisk,
    /// Other changes depend on it.
    Dependency,
    /// It affects running applications.
    Impacting,
}

/// The state of the review of a changeset. Its transitions are in [`crate::changeset`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewStatus {
    /// A review is needed.
    #[default]
    Needs,
    /// The review succeeded; a decision is needed.
    InProgress,
    /// The review failed, or the changeset was rejected.
    Rejected,
    /// Approved.
    Approved,
}

impl ReviewStatus {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Needs, Self::InProgress, Self::Rejected, Self::Approved];

    /// Returns the documented name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Needs => "needs",
            Self::InProgress => "in_progress",
            Self::Rejected => "rejected",
            Self::Approved => "approved",
        }
    }
}

impl fmt::Display for ReviewStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
