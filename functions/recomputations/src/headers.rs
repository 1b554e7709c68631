//! What a client may ask for by headers: a version, and that nothing is made twice.

use domain::recomputations::tag::Expected;
use http::HeaderMap;
use http::header::IF_MATCH;

use crate::error::ApiError;

/// Characters of the longest idempotency key.
const LONGEST_KEY: usize = 255;

/// The versions that a change is meant for, where `If-Match` says so.
pub fn expected(headers: &HeaderMap) -> Option<Expected> {
    let header = headers.get(IF_MATCH)?;
    Some(Expected::parse(header.to_str().unwrap_or_default()))
}

/// What `Idempotency-Key` says.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(header) = headers.get("idempotency-key") else { return Ok(None) };
    let key = header.to_str().ok().filter(|key| (1..=LONGEST_KEY).contains(&key.trim().len()));
    key.map(Some).ok_or_else(|| {
        ApiError::Problems(vec![format!("Idempotency-Key should have 1 to {LONGEST_KEY} visible characters")])
    })
}
