//! Errors of this API and their body.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use domain::error::{Error, Kind};
use edge::status::to_response;
use http::StatusCode;
use serde::Serialize;

/// A failed request.
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
        to_response(&self.0, error_body)
    }
}

/// Builds this API's response from a failing status and a text.
pub fn error_body(status: StatusCode, message: &str) -> Response {
    (status, Json(Body { status: status.as_u16(), message })).into_response()
}
