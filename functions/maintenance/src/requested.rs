//! Bodies of requests for operations.

use domain::time::Micros;
use maintenance::operation::datetime;
use maintenance::operation::kind::Kind;
use maintenance::operation::mode::Mode;
use maintenance::operation::options::Options;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::ApiError;

/// The body of a request for an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// The due time, in whole seconds.
    pub due: Micros,
    /// The options.
    pub options: Options,
    /// Whether only the plan is wanted.
    pub dry_run: bool,
}

impl Requested {
    /// Parses a body: a JSON object, or nothing. Members are checked in the documented order, `datetime` first. Without
    /// `datetime`, the operation is due now. Unknown members are ignored, and so is `mode` unless the operation is a
    /// VACUUM.
    pub fn parse(body: &[u8], kind: Kind, now: Micros) -> Result<Self, ApiError> {
        let members: Map<String, Value> = match body.trim_ascii() {
            b"" => Map::new(),
            body => serde_json::from_slice(body).map_err(|_| ApiError::InvalidJson)?,
        };
        let due = match members.get("datetime") {
            None => now.whole_second(),
            Some(value) => value.as_str().and_then(datetime::parse).ok_or(ApiError::Malformed("datetime"))?,
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
        options.check_kind(kind)?;
        let dry_run = option(&members, "dry_run")?.unwrap_or_default();
        Ok(Self { due, options, dry_run })
    }
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

    fn parse(kind: Kind, body: &str) -> Result<Requested, String> {
        Requested::parse(body.as_bytes(), kind, NOW).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn body_may_be_empty_or_an_object() {
        for body in ["", " ", "{}", r#"{"unknown": 1}"#] {
            let requested = parse(Kind::Vacuum, body).expect("a request");
            assert_eq!((requested.due, requested.options), (Micros(1_000_000), Options::default()));
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
        assert_eq!(past.due, Micros(978_307_200_000_000));
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
}
