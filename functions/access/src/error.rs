//! The failing statuses of this function, and the one body that they share.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

#[derive(Serialize)]
struct Body<'a> {
    status: u16,
    message: &'a str,
}

/// A failing status and its text as this function answers them.
pub fn shape(status: StatusCode, message: &str) -> Response {
    (status, Json(Body { status: status.as_u16(), message })).into_response()
}

/// The answer to a path that is not there.
pub async fn not_found() -> Response {
    shape(StatusCode::NOT_FOUND, "There is nothing under this path.")
}

/// The answer to a method that a path does not know; the router adds `Allow`.
pub async fn method_not_allowed() -> Response {
    shape(StatusCode::METHOD_NOT_ALLOWED, "This path does not know this method.")
}
