//! Successful responses.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, VARY};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// Returns an object with one member, `key`.
pub fn enveloped<T: Serialize>(key: &'static str, value: T) -> Response {
    Json(BTreeMap::from([(key, value)])).into_response()
}

/// Returns the response to a successful write: of type JSON, but empty.
pub fn empty() -> Response {
    let json = HeaderValue::from_static("application/json");
    (StatusCode::OK, [(CONTENT_TYPE, json)]).into_response()
}

/// Adds the `Vary` header that every documented response has.
pub async fn vary(mut response: Response) -> Response {
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
    response
}
