//! Pure. What an audit report says of an instance: a second opinion that the verifier asks when the ledger disagrees.

use serde::{Deserialize, Serialize};

use crate::time::Micros;
use crate::usage::launch;

/// A row of `InstanceReconcile`; a later one with the same instance, launch time and source replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconcile {
    /// When the row was made.
    #[serde(rename = "rc")]
    pub row_created: Micros,
    /// When the row was last replaced.
    #[serde(rename = "ru")]
    pub row_updated: Micros,
    /// The instance's UUID.
    #[serde(rename = "in")]
    pub instance: String,
    /// When the instance had been launched.
    #[serde(rename = "la")]
    pub launched_at: Micros,
    /// When it was deleted; none while it lives.
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
    /// The image fields.
    #[serde(flatten)]
    pub image: launch::Image,
    /// Which report says so, at most 150 characters.
    #[serde(rename = "so")]
    pub source: String,
}
