//! Pure. Validation of what a client submits.

use std::collections::BTreeMap;

use crate::recomputations::fields::{
    AppliedStatus, Fields, MAX_NAME_BYTES, MetricSelector, MonitoringSource,
};
use crate::recomputations::w3c_time;
use crate::time::Micros;

/// Maximum length of a reason.
const MAX_REASON_BYTES: usize = 4_096;

/// The unvalidated members of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The text members by name.
    pub texts: BTreeMap<&'static str, String>,
    /// The groups to exclude.
    pub exclude: Vec<String>,
    /// The metrics to exclude.
    pub exclude_metrics: Vec<MetricSelector>,
    /// The monitoring sources to exclude.
    pub exclude_monitoring_source: Vec<MonitoringSource>,
    /// The states to compute with.
    pub applied_status_changes: Vec<AppliedStatus>,
}

/// The names of the required members, all of which are texts.
pub const REQUIRED: [&str; 6] =
    ["requester_name", "requester_email", "reason", "start_time", "end_time", "report"];

impl Draft {
    /// Validates the draft. Fails with all of its problems.
    pub fn check(self) -> Result<Fields, Vec<String>> {
        let mut problems = Vec::new();
        let mut text = |name: &'static str, max_bytes: usize| {
            let text = self.texts.get(name).map(|text| text.trim()).unwrap_or_default();
            if text.is_empty() {
                problems.push(format!("{name} is required"));
            } else if text.len() > max_bytes {
                problems.push(format!("{name} is longer than {max_bytes} bytes"));
            }
            text.to_owned()
        };
        let requester_name = text("requester_name", MAX_NAME_BYTES);
        let requester_email = text("requester_email", MAX_NAME_BYTES);
        let reason = text("reason", MAX_REASON_BYTES);
        let report = text("report", MAX_NAME_BYTES);
        let (start, end) = (text("start_time", MAX_NAME_BYTES), text("end_time", MAX_NAME_BYTES));
        if !requester_email.is_empty() && requester_email.matches('@').count() != 1 {
            problems.push("requester_email should contain one @".to_owned());
        }
        let (start_time, end_time) = Period { path: "", start: &start, end: &end }.check(&mut problems);
        let sources = self.exclude_monitoring_source.into_iter().enumerate();
        let exclude_monitoring_source =
            sources.map(|(index, source)| checked_source(index, source, &mut problems)).collect();
        let fields = Fields {
            requester_name,
            requester_email,
            reason,
            start_time,
            end_time,
            report,
            exclude: self.exclude,
            exclude_metrics: self.exclude_metrics,
            exclude_monitoring_source,
            applied_status_changes: self.applied_status_changes,
        };
        fields.check_sizes(&mut problems);
        if problems.is_empty() { Ok(fields) } else { Err(problems) }
    }
}

fn checked_source(index: usize, source: MonitoringSource, problems: &mut Vec<String>) -> MonitoringSource {
    let path = format!("exclude_monitoring_source[{index}].");
    let period = Period { path: &path, start: &source.start_time, end: &source.end_time };
    let (start, end) = period.check(problems);
    let (start_time, end_time) = (w3c_time::format(start), w3c_time::format(end));
    MonitoringSource { host: source.host, start_time, end_time }
}

/// An unvalidated period.
#[derive(Clone, Copy)]
struct Period<'a> {
    /// The prefix of its members in problems; empty for the period of the request.
    path: &'a str,
    start: &'a str,
    end: &'a str,
}

impl Period<'_> {
    /// Parses both times, and adds a problem for each that is invalid.
    fn check(self, problems: &mut Vec<String>) -> (Micros, Micros) {
        let path = self.path;
        let mut parse = |name: &str, text: &str| match w3c_time::parse(text) {
            Some(at) => Some(at),
            // A required member that is missing was reported already.
            None if text.is_empty() && path.is_empty() => None,
            None => {
                problems.push(format!(
                    "{path}{name} should be a UTC time in W3C format, as 2015-01-10T12:00:00Z"
                ));
                None
            }
        };
        match (parse("start_time", self.start), parse("end_time", self.end)) {
            (Some(start), Some(end)) => {
                if end < start {
                    problems.push(format!("{path}end_time should not be before {path}start_time"));
                }
                (start, end)
            }
            _ => (Micros(0), Micros(0)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn draft(changes: &[(&'static str, &str)]) -> Draft {
        let defaults = [
            ("requester_name", "John Doe"),
            ("requester_email", "JohnDoe@foo.com"),
            ("reason", "power cuts"),
            ("start_time", "2015-01-10T12:00:00Z"),
            ("end_time", "2015-01-30T00:00:00Z"),
            ("report", "Critical"),
        ];
        let texts = defaults.iter().chain(changes).map(|(name, text)| (*name, (*text).to_owned())).collect();
        Draft { texts, exclude: vec!["Gluster".to_owned()], ..Draft::default() }
    }

    pub(crate) fn fields() -> Fields {
        draft(&[]).check().expect("a valid draft")
    }

    #[test]
    fn all_problems_are_reported_together() {
        let problems = Draft::default().check().expect_err("an empty draft");
        assert_eq!(problems.len(), REQUIRED.len());
        for name in REQUIRED {
            assert!(problems.contains(&format!("{name} is required")), "{name}: {problems:?}");
        }
        let long = "x".repeat(257);
        let invalid = draft(&[("start_time", "yesterday"), ("requester_email", "nobody"), ("report", &long)]);
        assert_eq!(
            invalid.check().expect_err("three invalid members"),
            [
                "report is longer than 256 bytes",
                "requester_email should contain one @",
                "start_time should be a UTC time in W3C format, as 2015-01-10T12:00:00Z",
            ]
        );
    }

    #[test]
    fn a_period_must_not_end_before_it_starts() {
        let ends = |end| draft(&[("end_time", end)]).check();
        assert!(ends("2015-01-10T12:00:00Z").is_ok());
        assert_eq!(
            ends("2015-01-10T11:59:59Z").expect_err("the end is before the start"),
            ["end_time should not be before start_time"]
        );
        let host = "h".to_owned();
        let source = |start_time: &str, end_time: &str| MonitoringSource {
            host: host.clone(),
            start_time: start_time.to_owned(),
            end_time: end_time.to_owned(),
        };
        let with = |source| Draft { exclude_monitoring_source: vec![source], ..draft(&[]) }.check();
        let kept = with(source("2015-01-10T12:00+01:00", "2015-01-10T12:00Z")).expect("a valid draft");
        assert_eq!(kept.exclude_monitoring_source, [source("2015-01-10T11:00:00Z", "2015-01-10T12:00:00Z")]);
        assert!(with(source("", "2015-01-10T12:00Z")).is_err());
    }

    #[test]
    fn a_draft_that_exceeds_a_size_limit_is_invalid() {
        let many =
            |count: usize, length: usize| Draft { exclude: vec!["x".repeat(length); count], ..draft(&[]) };
        assert!(many(1_000, 200).check().is_ok());
        assert!(many(1_001, 1).check().is_err());
        assert!(many(1, 257).check().is_err());
        let metric =
            MetricSelector { metric: "x".repeat(300_000), hostname: None, service: None, group: None };
        let problems = Draft { exclude_metrics: vec![metric], ..draft(&[]) }.check().expect_err("too large");
        assert_eq!(problems, ["the request is larger than 256 KB"]);
    }
}
