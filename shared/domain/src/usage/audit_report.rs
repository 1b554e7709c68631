//! Pure. Audit reports: a second source that exists records are compared with if the ledger disagrees.

use serde::{Deserialize, Serialize};

use crate::time::Micros;
use crate::usage::launch::ImageMeta;

/// A row of `InstanceReconcile`: one instance in an audit report. A later row with the same instance, launch time and
/// source replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditReport {
    /// When the row was created.
    #[serde(rename = "rc")]
    pub row_created: Micros,
    /// When the row was last replaced.
    #[serde(rename = "ru")]
    pub row_updated: Micros,
    /// The instance's UUID.
    #[serde(rename = "in")]
    pub instance: String,
    /// When the instance was launched.
    #[serde(rename = "la")]
    pub launched_at: Micros,
    /// When the instance was deleted. `None` if it still exists.
    #[serde(rename = "da")]
    pub deleted_at: Option<Micros>,
    /// `instance_type_id` as text.
    #[serde(rename = "ty")]
    pub instance_type_id: Option<String>,
    /// `instance_flavor_id` as text.
    #[serde(rename = "fl")]
    pub instance_flavor_id: Option<String>,
    /// The tenant.
    #[serde(rename = "tn")]
    pub tenant: Option<String>,
    /// The image metadata.
    #[serde(flatten)]
    pub image: ImageMeta,
    /// The name of the report; at most 150 characters.
    #[serde(rename = "so")]
    pub source: String,
}
