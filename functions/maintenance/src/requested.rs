//! Bodies of requests for operations.

use domain::time::Micros;
use maintenance::operation::datetime;
use maintenance::operation::kind::Kind;
use maintenance::operation::mode::Mode;
use maintenance::operation::options::Options;
use maintenance::operation::record::Draft;
use maintenance::operation::recurrence::Definition;
use maintenance::operation::schedule::{Schedule, Timing};
use maintenance::operation::target::Target;
use maintenance::operation::window::Window;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::ApiError;

/// The body of a request for an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// When the operation is due.
    pub start: Start,
    /// The options.
    pub options: Options,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
}

/// When an operation is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// Once, at a time in whole seconds, at which the window is open.
    Once {
        /// The due time.
        due: Micros,
        /// The time of each day in which statements may start.
        window: Option<Window>,
    },
    /// Again and again.
    Recurring {
        /// The due times.
        timing: Timing,
        /// The time before which there is no occurrence.
        not_before: Option<Micros>,
    },
}

impl Requested {
    /// Parses a body: a JSON object, or nothing. Members are checked in the documented order, `datetime` first. Without
    /// `datetime` and `schedule`, the operation is due now, or when its window opens. Unknown members are ignored, and so
    /// is `mode` unless the operation is a VACUUM.
    pub fn parse(body: &[u8], kind: Kind, now: Micros) -> Result<Self, ApiError> {
        let members: Map<String, Value> = match body.trim_ascii() {
            b"" => Map::new(),
            body => serde_json::from_slice(body).map_err(|_| ApiError::InvalidJson)?,
        };
        let datetime = match members.get("datetime") {
            None => None,
            Some(value) => {
                Some(value.as_str().and_then(datetime::parse).ok_or(ApiError::Malformed("datetime"))?)
            }
        };
        let mode = match members.get("mode").filter(|_| kind == Kind::Vacuum) {
            None => Mode::default(),
            Some(value) => value.as_str().and_then(Mode::parse).ok_or(ApiError::Malformed("mode"))?,
        };
        let options = Options {
            mode,
            skip_locked: option(&members, "skip_locked")?,
            parallel: option(&members, "parallel")?,
            index_cleanup: option(&members, "index_cleanup")?,
            truncate: option(&members, "truncate")?,
            buffer_usage_limit: option(&members, "buffer_usage_limit")?,
            concurrently: option(&members, "concurrently")?,
        };
        if options.parallel.is_some_and(|workers| workers > MOST_WORKERS) {
            return Err(ApiError::Malformed("parallel"));
        }
        let start = start(&members, datetime, now)?;
        options.check_kind(kind)?;
        let dry_run = option(&members, "dry_run")?.unwrap_or_default();
        Ok(Self { start, options, dry_run })
    }

    /// Returns what the body requests for an object: one operation, or a recurrence.
    pub fn into_request(self, kind: Kind, target: Target) -> Request {
        let Self { start, options, .. } = self;
        match start {
            Start::Once { due, window } => {
                Request::Once(Draft { kind, target, options, due, window, recurrence: None })
            }
            Start::Recurring { timing, not_before } => {
                Request::Recurring(Definition { kind, target, options, timing, not_before })
            }
        }
    }
}

/// A request for one operation or for a recurrence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// One operation.
    Once(Draft),
    /// A recurrence.
    Recurring(Definition),
}

/// Parses `schedule` and `window`. A single operation that would be due while its window is closed is due at the next
/// opening.
fn start(members: &Map<String, Value>, datetime: Option<Micros>, now: Micros) -> Result<Start, ApiError> {
    let schedule = match members.get("schedule") {
        None => None,
        Some(value) => Some(value.as_str().and_then(Schedule::parse).ok_or(ApiError::Malformed("schedule"))?),
    };
    let window: Option<Window> = option(members, "window")?;
    let Some(schedule) = schedule else {
        let due = datetime.unwrap_or_else(|| now.whole_second());
        let due = match window {
            Some(window) if !window.contains(due.max(now)) => window.open_from(due.max(now)),
            _ => due,
        };
        return Ok(Start::Once { due, window });
    };
    let timing = Timing::new(schedule, window).ok_or(ApiError::Malformed("window"))?;
    let has_run = timing.run_from(datetime.map_or(now, |time| time.max(now))).is_some();
    // Schedules end with the year 5000.
    if !has_run {
        return Err(ApiError::Malformed("datetime"));
    }
    Ok(Start::Recurring { timing, not_before: datetime })
}

/// Parallel workers that PostgreSQL accepts.
const MOST_WORKERS: u16 = 1_024;

/// Parses a member. `None` if it is missing; null is malformed, as everywhere in the original.
fn option<T: DeserializeOwned>(
    members: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<T>, ApiError> {
    let Some(value) = members.get(name) else { return Ok(None) };
    serde_json::from_value(value.clone()).map(Some).map_err(|_| ApiError::Malformed(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(1_500_000);

    fn due(requested: &Requested) -> Option<Micros> {
        match requested.start {
            Start::Once { due, .. } => Some(due),
            Start::Recurring { .. } => None,
        }
    }

    fn parse(kind: Kind, body: &str) -> Result<Requested, String> {
        Requested::parse(body.as_bytes(), kind, NOW).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn body_may_be_empty_or_an_object() {
        for body in ["", " ", "{}", r#"{"unknown": 1}"#] {
            let requested = parse(Kind::Vacuum, body).expect("a request");
            assert_eq!(due(&requested), Some(Micros(1_000_000)));
            assert_eq!(requested.options, Options::default());
        }
        for body in ["{oops", "null", "[]", "1", "\"x\""] {
            assert_eq!(parse(Kind::Vacuum, body), Err("InvalidJson".to_owned()), "{body}");
        }
    }

    #[test]
    fn datetime_is_checked_first_and_mode_for_a_vacuum_only() {
        for body in [
            r#"{"datetime": null}"#,
            r#"{"datetime": 12}"#,
            r#"{"datetime": ""}"#,
            r#"{"datetime": "soon", "mode": "x"}"#,
        ] {
            assert_eq!(parse(Kind::Vacuum, body), Err("Malformed(\"datetime\")".to_owned()), "{body}");
        }
        for mode in ["null", "1", "[\"full\"]", "\"\"", "\"FULL\"", "\",full\""] {
            let body = format!(r#"{{"mode": {mode}}}"#);
            assert_eq!(parse(Kind::Vacuum, &body), Err("Malformed(\"mode\")".to_owned()), "{body}");
            assert!(parse(Kind::Analyze, &body).is_ok(), "{body}");
        }
        let past = parse(Kind::Reindex, r#"{"datetime": "2001-01-01T00:00:00Z"}"#).expect("a request");
        assert_eq!(due(&past), Some(Micros(978_307_200_000_000)));
    }

    #[test]
    fn further_options_are_checked_as_well() {
        let parsed = parse(Kind::Vacuum, r#"{"parallel": 2, "dry_run": true, "index_cleanup": "off"}"#);
        let requested = parsed.expect("a request");
        assert_eq!((requested.options.parallel, requested.dry_run), (Some(2), true));
        for (body, expected) in [
            (r#"{"parallel": 1025}"#, "Malformed(\"parallel\")"),
            (r#"{"parallel": null}"#, "Malformed(\"parallel\")"),
            (r#"{"truncate": "yes"}"#, "Malformed(\"truncate\")"),
            (r#"{"buffer_usage_limit": "1; DROP"}"#, "Malformed(\"buffer_usage_limit\")"),
        ] {
            assert_eq!(parse(Kind::Vacuum, body), Err(expected.to_owned()), "{body}");
        }
        assert!(parse(Kind::Vacuum, r#"{"concurrently": true}"#).is_err());
    }

    #[test]
    fn closed_window_moves_the_due_time_to_its_opening() {
        // The clock shows 00:00:01.
        let window = r#""window": {"start": "22:00", "end": "04:00"}"#;
        for (datetime, expected) in [
            (None, "1970-01-01T00:00:01Z"),
            (Some("1970-01-02T03:59:59Z"), "1970-01-02T03:59:59Z"),
            (Some("1970-01-02T04:00:00Z"), "1970-01-02T22:00:00Z"),
            (Some("1969-12-31T12:00:00Z"), "1969-12-31T12:00:00Z"),
        ] {
            let datetime = datetime.map_or(String::new(), |time| format!(r#""datetime": "{time}", "#));
            let requested = parse(Kind::Vacuum, &format!("{{{datetime}{window}}}")).expect("a request");
            assert_eq!(due(&requested).map(datetime::print).as_deref(), Some(expected), "{datetime}");
        }
        let closed = r#"{"window": {"start": "04:00", "end": "05:00"}, "datetime": "1969-12-31T04:30:00Z"}"#;
        let requested = parse(Kind::Vacuum, closed).expect("a request");
        assert_eq!(due(&requested).map(datetime::print).as_deref(), Some("1970-01-01T04:00:00Z"));
    }

    #[test]
    fn schedule_and_window_are_checked() {
        let body = r#"{"schedule": "0 2 * * *", "window": {"start": "01:00", "end": "03:00"}}"#;
        let requested = parse(Kind::Reindex, body).expect("a request");
        assert!(matches!(requested.start, Start::Recurring { not_before: None, .. }), "{requested:?}");
        for (body, expected) in [
            (r#"{"schedule": "0 2 * *"}"#, "schedule"),
            (r#"{"schedule": null}"#, "schedule"),
            (r#"{"schedule": 5}"#, "schedule"),
            (r#"{"schedule": "0 0 30 2 *"}"#, "schedule"),
            (r#"{"schedule": "* * * * *"}"#, "schedule"),
            (r#"{"schedule": "* * * * *", "datetime": "soon"}"#, "datetime"),
            (r#"{"schedule": "0 2 * * *", "datetime": "9999-01-01T00:00:00Z"}"#, "datetime"),
            (r#"{"window": null}"#, "window"),
            (r#"{"window": "22:00-04:00"}"#, "window"),
            (r#"{"window": {"start": "22:00", "end": "22:00"}}"#, "window"),
            (r#"{"schedule": "0 2 * * *", "window": {"start": "03:00", "end": "05:00"}}"#, "window"),
        ] {
            assert_eq!(parse(Kind::Vacuum, body), Err(format!("Malformed(\"{expected}\")")), "{body}");
        }
    }
}
