//! Pure. What a client asks for, and whether it is whole.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// Characters of the longest name, address and group.
const LONGEST_NAME: usize = 256;
/// Bytes of the longest reason.
const LONGEST_REASON: usize = 4_096;
/// Elements of the longest list.
const MOST_ELEMENTS: usize = 1_000;
/// Bytes of all fields together: an item has 400 KB, of which the history needs its part.
const LARGEST: usize = 256 * 1_024;

/// What was asked for, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields {
    /// Who asks.
    #[serde(rename = "rn")]
    pub requester_name: String,
    /// Where they are written to.
    #[serde(rename = "re")]
    pub requester_email: String,
    /// Why.
    #[serde(rename = "rs")]
    pub reason: String,
    /// From when on.
    #[serde(rename = "sa")]
    pub start_time: Micros,
    /// Until when; not before the start.
    #[serde(rename = "ea")]
    pub end_time: Micros,
    /// The name of the report; nobody checks that there is one.
    #[serde(rename = "rp")]
    pub report: String,
    /// Groups to leave out, as sent.
    #[serde(rename = "ex")]
    pub exclude: Vec<String>,
    /// Metrics to leave out.
    #[serde(rename = "xm")]
    pub exclude_metrics: Vec<Metric>,
    /// Monitoring sources to leave out, each in a period of its own.
    #[serde(rename = "xs")]
    pub exclude_monitoring_source: Vec<Source>,
    /// States to compute with instead of those that were seen.
    #[serde(rename = "as")]
    pub applied_status_changes: Vec<Applied>,
}

/// A metric, as far as it is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// Its name.
    pub metric: String,
    /// On which host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Of which service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// In which group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A monitoring source in a period, in UTC with whole seconds and `Z`, which is all that compute engines read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its host.
    pub host: String,
    /// From when on.
    pub start_time: String,
    /// Until when.
    pub end_time: String,
}

/// A state of whatever the named members lead to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// A group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// A service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// A host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// A metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Such as `EXCLUDED`; any word.
    pub state: String,
}

/// What a client sent, member by member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The members that are texts, by name.
    pub texts: BTreeMap<&'static str, String>,
    /// Groups to leave out.
    pub exclude: Vec<String>,
    /// Metrics to leave out.
    pub exclude_metrics: Vec<Metric>,
    /// Monitoring sources to leave out.
    pub exclude_monitoring_source: Vec<Source>,
    /// States to compute with.
    pub applied_status_changes: Vec<Applied>,
}

/// The members that every request has.
pub const REQUIRED: [&str; 6] =
    ["requester_name", "requester_email", "reason", "start_time", "end_time", "report"];

impl Draft {
    /// The fields, or everything that is wrong with them.
    pub fn check(self) -> Result<Fields, Vec<String>> {
        let mut problems = Vec::new();
        let mut text = |name: &'static str, longest: usize| {
            let given = self.texts.get(name).map(|text| text.trim()).unwrap_or_default();
            if given.is_empty() {
                problems.push(format!("{name} is required"));
            } else if given.len() > longest {
                problems.push(format!("{name} is longer than {longest} bytes"));
            }
            given.to_owned()
        };
        let requester_name = text("requester_name", LONGEST_NAME);
        let requester_email = text("requester_email", LONGEST_NAME);
        let reason = text("reason", LONGEST_REASON);
        let report = text("report", LONGEST_NAME);
        let (start, end) = (text("start_time", LONGEST_NAME), text("end_time", LONGEST_NAME));
        if !requester_email.is_empty() && requester_email.matches('@').count() != 1 {
            problems.push("requester_email should contain one @".to_owned());
        }
        let (start_time, end_time) = period("", &start, &end, &mut problems);
        let mut exclude_monitoring_source = Vec::new();
        for (number, source) in self.exclude_monitoring_source.into_iter().enumerate() {
            let place = format!("exclude_monitoring_source[{number}].");
            let (start, end) = period(&place, &source.start_time, &source.end_time, &mut problems);
            let (start_time, end_time) = (written(start), written(end));
            exclude_monitoring_source.push(Source { host: source.host, start_time, end_time });
        }
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

impl Fields {
    fn check_sizes(&self, problems: &mut Vec<String>) {
        for (name, count) in [
            ("exclude", self.exclude.len()),
            ("exclude_metrics", self.exclude_metrics.len()),
            ("exclude_monitoring_source", self.exclude_monitoring_source.len()),
            ("applied_status_changes", self.applied_status_changes.len()),
        ] {
            if count > MOST_ELEMENTS {
                problems.push(format!("{name} has more than {MOST_ELEMENTS} elements"));
            }
        }
        if self.exclude.iter().any(|group| group.len() > LONGEST_NAME) {
            problems.push(format!("exclude has an element that is longer than {LONGEST_NAME} bytes"));
        }
        if serde_json::to_vec(self).is_ok_and(|text| text.len() > LARGEST) {
            problems.push(format!("the request is larger than {} KB", LARGEST / 1_024));
        }
    }
}

/// Both times, of which each that is wrong is a problem.
fn period(place: &str, start: &str, end: &str, problems: &mut Vec<String>) -> (Micros, Micros) {
    let mut read = |name: &str, text: &str| match moment(text) {
        Some(at) => Some(at),
        None if text.is_empty() && place.is_empty() => None,
        None => {
            problems
                .push(format!("{place}{name} should be a UTC time in W3C format, as 2015-01-10T12:00:00Z"));
            None
        }
    };
    match (read("start_time", start), read("end_time", end)) {
        (Some(start), Some(end)) => {
            if end < start {
                problems.push(format!("{place}end_time should not be before {place}start_time"));
            }
            (start, end)
        }
        _ => (Micros(0), Micros(0)),
    }
}

/// A time with its zone, seconds and their fraction optional; to the whole second, as it is written again. A blank may
/// stand for the `+` of an offset, which a query turns into one.
fn moment(text: &str) -> Option<Micros> {
    let text = text.trim().replacen(' ', "+", 1);
    let at = DateTime::parse_from_rfc3339(&text).ok().map(|at| at.with_timezone(&Utc)).or_else(|| {
        let (clock, offset) = match text.strip_suffix('Z') {
            Some(clock) => (clock, "+00:00"),
            None => text.split_at_checked(text.len().checked_sub(6)?)?,
        };
        NaiveDateTime::parse_from_str(clock, "%Y-%m-%dT%H:%M").ok()?;
        DateTime::parse_from_rfc3339(&format!("{clock}:00{offset}")).ok().map(|at| at.with_timezone(&Utc))
    })?;
    Some(Micros::from(at.trunc_subsecs(0)))
}

/// A time as it is written: `2015-01-10T12:00:00Z`.
pub fn written(at: Micros) -> String {
    at.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn draft(changes: &[(&'static str, &str)]) -> Draft {
        let given = [
            ("requester_name", "John Doe"),
            ("requester_email", "JohnDoe@foo.com"),
            ("reason", "power cuts"),
            ("start_time", "2015-01-10T12:00:00Z"),
            ("end_time", "2015-01-30T00:00:00Z"),
            ("report", "Critical"),
        ];
        let texts = given.iter().chain(changes).map(|(name, text)| (*name, (*text).to_owned())).collect();
        Draft { texts, exclude: vec!["Gluster".to_owned()], ..Draft::default() }
    }

    pub(crate) fn fields() -> Fields {
        draft(&[]).check().expect("it is whole")
    }

    #[test]
    fn times_are_taken_in_any_zone_and_written_in_utc() {
        for (given, expected) in [
            ("2015-01-10T12:00:00Z", Some("2015-01-10T12:00:00Z")),
            ("2015-01-10T12:00Z", Some("2015-01-10T12:00:00Z")),
            ("2015-01-10T12:00:00.75Z", Some("2015-01-10T12:00:00Z")),
            ("2015-01-10T12:00:00+02:00", Some("2015-01-10T10:00:00Z")),
            ("2015-01-10T12:00:00 02:00", Some("2015-01-10T10:00:00Z")),
            ("2015-01-10T12:00-02:30", Some("2015-01-10T14:30:00Z")),
            ("2015-01-10", None),
            ("2015-01-10T12:00:00", None),
            ("2015-02-30T12:00:00Z", None),
            ("yesterday", None),
            ("é", None),
            ("", None),
        ] {
            assert_eq!(moment(given).map(written).as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let problems = Draft::default().check().expect_err("nothing is there");
        assert_eq!(problems.len(), REQUIRED.len());
        for name in REQUIRED {
            assert!(problems.contains(&format!("{name} is required")), "{name}: {problems:?}");
        }
        let long = "x".repeat(257);
        let wrong = draft(&[("start_time", "yesterday"), ("requester_email", "nobody"), ("report", &long)]);
        assert_eq!(
            wrong.check().expect_err("three things are wrong"),
            [
                "report is longer than 256 bytes",
                "requester_email should contain one @",
                "start_time should be a UTC time in W3C format, as 2015-01-10T12:00:00Z",
            ]
        );
    }

    #[test]
    fn a_period_does_not_end_before_it_starts() {
        let ends = |end| draft(&[("end_time", end)]).check();
        assert!(ends("2015-01-10T12:00:00Z").is_ok());
        assert_eq!(
            ends("2015-01-10T11:59:59Z").expect_err("it ends too soon"),
            ["end_time should not be before start_time"]
        );
        let host = "h".to_owned();
        let source = |start_time: &str, end_time: &str| Source {
            host: host.clone(),
            start_time: start_time.to_owned(),
            end_time: end_time.to_owned(),
        };
        let with = |source| Draft { exclude_monitoring_source: vec![source], ..draft(&[]) }.check();
        let kept = with(source("2015-01-10T12:00+01:00", "2015-01-10T12:00Z")).expect("it is whole");
        assert_eq!(kept.exclude_monitoring_source, [source("2015-01-10T11:00:00Z", "2015-01-10T12:00:00Z")]);
        assert!(with(source("", "2015-01-10T12:00Z")).is_err());
    }

    #[test]
    fn what_would_not_fit_an_item_is_refused() {
        let many =
            |count: usize, length: usize| Draft { exclude: vec!["x".repeat(length); count], ..draft(&[]) };
        assert!(many(1_000, 200).check().is_ok());
        assert!(many(1_001, 1).check().is_err());
        assert!(many(1, 257).check().is_err());
        let metric = Metric { metric: "x".repeat(300_000), hostname: None, service: None, group: None };
        let problems =
            Draft { exclude_metrics: vec![metric], ..draft(&[]) }.check().expect_err("it is large");
        assert_eq!(problems, ["the request is larger than 256 KB"]);
    }
}
