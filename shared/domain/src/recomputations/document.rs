//! Pure. The JSON document of a request, as clients and listeners receive it.

use serde::Serialize;

use crate::recomputations::fields::{AppliedStatus, MetricSelector, MonitoringSource};
use crate::recomputations::record::{Recomputation, StatusChange};
use crate::recomputations::status::Status;
use crate::recomputations::w3c_time;
use crate::time::Micros;

/// The form of the timestamps of a document's status changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampFormat {
    /// `2015-02-01T14:58:40`, as the documented API has it.
    WithoutZone,
    /// `2015-02-01T14:58:40Z`, as the newer API has it.
    Z,
}

impl TimestampFormat {
    fn format(self, at: Micros) -> String {
        match self {
            Self::WithoutZone => w3c_time::format_without_zone(at),
            Self::Z => w3c_time::format(at),
        }
    }
}

/// A request with its members in the documented order.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    id: &'a str,
    requester_name: &'a str,
    requester_email: &'a str,
    reason: &'a str,
    start_time: String,
    end_time: String,
    report: &'a str,
    exclude: &'a [String],
    status: Status,
    timestamp: String,
    history: Vec<HistoryEntry>,
    #[serde(skip_serializing_if = "<[MetricSelector]>::is_empty")]
    exclude_metrics: &'a [MetricSelector],
    #[serde(skip_serializing_if = "<[MonitoringSource]>::is_empty")]
    exclude_monitoring_source: &'a [MonitoringSource],
    #[serde(skip_serializing_if = "<[AppliedStatus]>::is_empty")]
    applied_status_changes: &'a [AppliedStatus],
}

#[derive(Debug, Serialize)]
struct HistoryEntry {
    status: Status,
    timestamp: String,
}

impl<'a> Document<'a> {
    /// Builds the document of a request.
    pub fn new(request: &'a Recomputation, timestamps: TimestampFormat) -> Self {
        let fields = &request.fields;
        let entry = |change: &StatusChange| HistoryEntry {
            status: change.status,
            timestamp: timestamps.format(change.at),
        };
        Self {
            id: &request.id,
            requester_name: &fields.requester_name,
            requester_email: &fields.requester_email,
            reason: &fields.reason,
            start_time: w3c_time::format(fields.start_time),
            end_time: w3c_time::format(fields.end_time),
            report: &fields.report,
            exclude: &fields.exclude,
            status: request.status,
            timestamp: timestamps.format(request.created),
            history: request.history.iter().map(entry).collect(),
            exclude_metrics: &fields.exclude_metrics,
            exclude_monitoring_source: &fields.exclude_monitoring_source,
            applied_status_changes: &fields.applied_status_changes,
        }
    }
}
