//! Pure. A request as clients and listeners read it.

use serde::Serialize;

use crate::recomputations::draft::{Applied, Metric, Source, written};
use crate::recomputations::record::{Recomputation, StatusChange};
use crate::recomputations::status::Status;
use crate::time::Micros;

/// How the time of a status is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// `2015-02-01T14:58:40`, as the document has it.
    Unnamed,
    /// `2015-02-01T14:58:40Z`, as the newer API has it.
    Z,
}

/// A request in the documented order of its members.
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
    history: Vec<Entry>,
    #[serde(skip_serializing_if = "<[Metric]>::is_empty")]
    exclude_metrics: &'a [Metric],
    #[serde(skip_serializing_if = "<[Source]>::is_empty")]
    exclude_monitoring_source: &'a [Source],
    #[serde(skip_serializing_if = "<[Applied]>::is_empty")]
    applied_status_changes: &'a [Applied],
}

#[derive(Debug, Serialize)]
struct Entry {
    status: Status,
    timestamp: String,
}

impl<'a> Document<'a> {
    /// The document of a request.
    pub fn of(request: &'a Recomputation, zone: Zone) -> Self {
        let time = |at: Micros| match zone {
            Zone::Z => written(at),
            Zone::Unnamed => written(at).trim_end_matches('Z').to_owned(),
        };
        let fields = &request.fields;
        let entry = |had: &StatusChange| Entry { status: had.status, timestamp: time(had.at) };
        Self {
            id: &request.id,
            requester_name: &fields.requester_name,
            requester_email: &fields.requester_email,
            reason: &fields.reason,
            start_time: written(fields.start_time),
            end_time: written(fields.end_time),
            report: &fields.report,
            exclude: &fields.exclude,
            status: request.status,
            timestamp: time(request.created),
            history: request.history.iter().map(entry).collect(),
            exclude_metrics: &fields.exclude_metrics,
            exclude_monitoring_source: &fields.exclude_monitoring_source,
            applied_status_changes: &fields.applied_status_changes,
        }
    }
}
