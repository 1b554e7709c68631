//! The failing statuses of this API, and the one body that they share.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use domain::error::{Error, Kind};
use edge::status::to_status;
use http::StatusCode;
use serde::Serialize;

/// A request that is answered by a failing status.
#[derive(Debug)]
pub struct ApiError(Error);

#[derive(Serialize)]
struct Body<'a> {
    status: u16,
    message: &'a str,
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// A body that was not read to its end.
impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        Self(match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::new(Kind::TooLarge, "The body is too large."),
            _ => Error::invalid("The body could not be read."),
        })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, message) = to_status(&self.0);
        error_body(status, &message)
    }
}

/// The answer to a path that is not there.
pub async fn not_found() -> Response {
    error_body(StatusCode::NOT_FOUND, "There is nothing under this path.")
}

/// The answer to a method that a path does not know; the router adds `Allow`.
pub async fn method_not_allowed() -> Response {
    error_body(StatusCode::METHOD_NOT_ALLOWED, "This path does not know this method.")
}

/// A failing status and its text as this API answers them.
pub fn error_body(status: StatusCode, message: &str) -> Response {
    (status, Json(Body { status: status.as_u16(), message })).into_response()
}
