//! The shapes of successful answers.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, VARY};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// One object with one key that says what is in it.
pub fn enveloped<T: Serialize>(key: &'static str, value: T) -> Response {
    Json(BTreeMap::from([(key, value)])).into_response()
}

/// A write that worked: JSON by its type, and nothing in it.
pub fn empty() -> Response {
    let json = HeaderValue::from_static("application/json");
    (StatusCode::OK, [(CONTENT_TYPE, json)]).into_response()
}

/// Every documented answer carries this header.
pub async fn vary(mut response: Response) -> Response {
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
    response
}
