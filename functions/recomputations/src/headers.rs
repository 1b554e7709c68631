//! Pure. Headers of this API: `Accept`, `If-Match`, `ETag` and `Idempotency-Key`.
//!
//! The typed headers of the `headers` crate do not fit: an unquoted tag is an error there, but matches nothing here, and
//! its `IfMatch` only compares tags, so that versions could not be passed to the domain.

use domain::recomputations::expected_version::ExpectedVersion;
use edge::quality;
use http::header::{ACCEPT, IF_MATCH};
use http::{HeaderMap, HeaderValue};

use crate::error::ApiError;

/// Characters of the longest idempotency key.
const LONGEST_KEY: usize = 255;

/// Whether the client accepts JSON. Only the first `Accept` header counts, as in the original.
pub fn accepts_json(headers: &HeaderMap) -> bool {
    let Some(header) = headers.get(ACCEPT) else { return true };
    let header = header.to_str().unwrap_or("?");
    header.trim().is_empty()
        || quality::elements(header).any(|(name, is_acceptable)| {
            let kinds = ["application/json", "application/*", "*/*"];
            is_acceptable && kinds.iter().any(|kind| name.eq_ignore_ascii_case(kind))
        })
}

/// Returns the versions that `If-Match` expects: `*`, or tags such as `"3"`. A tag that is weak, unquoted or not a number
/// matches no version.
pub fn expected_version(headers: &HeaderMap) -> Option<ExpectedVersion> {
    let header = headers.get(IF_MATCH)?.to_str().unwrap_or_default();
    if header.trim() == "*" {
        return Some(ExpectedVersion::Any);
    }
    let number = |tag: &str| tag.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok();
    Some(ExpectedVersion::OneOf(header.split(',').filter_map(number).collect()))
}

/// Formats a version as an entity tag.
pub fn etag(version: u64) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("\"{version}\"")).ok()
}

/// Returns the value of `Idempotency-Key`. Fails if it is empty, too long or not text.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(header) = headers.get("idempotency-key") else { return Ok(None) };
    let key = header.to_str().ok().filter(|key| (1..=LONGEST_KEY).contains(&key.trim().len()));
    key.map(Some).ok_or_else(|| {
        ApiError::Problems(vec![format!("Idempotency-Key should have 1 to {LONGEST_KEY} visible characters")])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_accepted_unless_only_other_types_are() {
        for (header, expected) in [
            (None, true),
            (Some(""), true),
            (Some("*/*"), true),
            (Some("application/*"), true),
            (Some("application/json"), true),
            (Some("Application/JSON; charset=utf-8"), true),
            (Some("text/html, application/json;q=0.1"), true),
            (Some("text/html, application/json;q=0"), false),
            (Some("application/xml"), false),
            (Some("application/jaason"), false),
            (Some("text/*"), false),
        ] {
            let accept = header.map(|header| (ACCEPT, HeaderValue::from_static(header)));
            assert_eq!(accepts_json(&accept.into_iter().collect()), expected, "{header:?}");
        }
    }

    #[test]
    fn if_match_names_the_versions_that_a_change_is_meant_for() {
        let expects_3 = |header: HeaderValue| {
            let headers = HeaderMap::from_iter([(IF_MATCH, header)]);
            expected_version(&headers).expect("the header is set").matches(3)
        };
        for (header, expected) in [
            ("*", true),
            ("\"3\"", true),
            ("\"1\", \"3\"", true),
            ("\"2\"", false),
            ("3", false),
            ("W/\"3\"", false),
            ("", false),
            ("\"x\"", false),
        ] {
            assert_eq!(expects_3(HeaderValue::from_static(header)), expected, "{header}");
        }
        assert!(expects_3(etag(3).expect("a header value")));
        assert_eq!(expected_version(&HeaderMap::new()), None);
    }
}
