//! Pure. The fields of a valid request.

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// Maximum length of a name, an address and a group.
pub(crate) const MAX_NAME_BYTES: usize = 256;
/// Maximum number of elements in a list.
const MAX_ELEMENTS: usize = 1_000;
/// Maximum size of all fields: an item has at most 400 KB, part of which is reserved for the history.
const MAX_BYTES: usize = 256 * 1_024;

/// The fields that a client submits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields {
    /// The name of the requester.
    #[serde(rename = "rn")]
    pub requester_name: String,
    /// The email address of the requester.
    #[serde(rename = "re")]
    pub requester_email: String,
    /// Why the recomputation is needed.
    #[serde(rename = "rs")]
    pub reason: String,
    /// The start of the period to recompute.
    #[serde(rename = "sa")]
    pub start_time: Micros,
    /// The end of the period, not before its start.
    #[serde(rename = "ea")]
    pub end_time: Micros,
    /// The name of the report; it is not checked that the report exists.
    #[serde(rename = "rp")]
    pub report: String,
    /// The groups to exclude.
    #[serde(rename = "ex")]
    pub exclude: Vec<String>,
    /// The metrics to exclude.
    #[serde(rename = "xm")]
    pub exclude_metrics: Vec<MetricSelector>,
    /// The monitoring sources to exclude, each for a period of its own.
    #[serde(rename = "xs")]
    pub exclude_monitoring_source: Vec<MonitoringSource>,
    /// The states to compute with instead of the observed ones.
    #[serde(rename = "as")]
    pub applied_status_changes: Vec<AppliedStatus>,
}

/// Selects a metric; `None` matches any value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricSelector {
    /// The metric's name.
    pub metric: String,
    /// The host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A monitoring source in a period. The times are in UTC with whole seconds and `Z`, the only form that compute engines
/// read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonitoringSource {
    /// The source's host.
    pub host: String,
    /// The start of the period.
    pub start_time: String,
    /// The end of the period.
    pub end_time: String,
}

/// A state to compute with, for everything that the other members select; `None` matches any value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedStatus {
    /// The group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// The state, such as `EXCLUDED`; any text is accepted.
    pub state: String,
}

impl Fields {
    /// Adds a problem for every size limit that the fields exceed.
    pub(crate) fn check_sizes(&self, problems: &mut Vec<String>) {
        for (name, count) in [
            ("exclude", self.exclude.len()),
            ("exclude_metrics", self.exclude_metrics.len()),
            ("exclude_monitoring_source", self.exclude_monitoring_source.len()),
            ("applied_status_changes", self.applied_status_changes.len()),
        ] {
            if count > MAX_ELEMENTS {
                problems.push(format!("{name} has more than {MAX_ELEMENTS} elements"));
            }
        }
        if self.exclude.iter().any(|group| group.len() > MAX_NAME_BYTES) {
            problems.push(format!("exclude has an element that is longer than {MAX_NAME_BYTES} bytes"));
        }
        if serde_json::to_vec(self).is_ok_and(|text| text.len() > MAX_BYTES) {
            problems.push(format!("the request is larger than {} KB", MAX_BYTES / 1_024));
        }
    }
}
