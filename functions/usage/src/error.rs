//! The failing statuses of this API, and the one body that they share.

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use domain::error::{Error, Kind};
use http::StatusCode;
use serde::Serialize;

/// A request that is answered by a failing status.
#[derive(Debug)]
pub struct Refused(Error);

#[derive(Serialize)]
struct Body<'a> {
    status: u16,
    message: &'a str,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// A body that was not read to its end.
impl From<BytesRejection> for Refused {
    fn from(rejection: BytesRejection) -> Self {
        Self(match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::new(Kind::TooLarge, "The body is too large."),
            _ => Error::invalid("The body could not be read."),
        })
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let public = self.0.to_string();
        let (status, message) = match self.0.kind() {
            Kind::Invalid => (StatusCode::BAD_REQUEST, public.as_str()),
            Kind::Unauthenticated => (StatusCode::UNAUTHORIZED, public.as_str()),
            Kind::Forbidden => (StatusCode::FORBIDDEN, public.as_str()),
            Kind::Locked => (StatusCode::TOO_MANY_REQUESTS, public.as_str()),
            Kind::Missing => (StatusCode::NOT_FOUND, public.as_str()),
            Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, public.as_str()),
            Kind::Conflict | Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, public.as_str()),
            Kind::Bug => (StatusCode::INTERNAL_SERVER_ERROR, "The request could not be served."),
        };
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), cause = self.0.chain(), "a request failed");
        }
        shape(status, message)
    }
}

/// The answer to a path that is not there.
pub async fn not_found() -> Response {
    shape(StatusCode::NOT_FOUND, "There is nothing under this path.")
}

/// The answer to a method that a path does not know; the router adds `Allow`.
pub async fn method_not_allowed() -> Response {
    shape(StatusCode::METHOD_NOT_ALLOWED, "This path does not know this method.")
}

/// A failing status and its text as this API answers them.
pub fn shape(status: StatusCode, message: &str) -> Response {
    (status, Json(Body { status: status.as_u16(), message })).into_response()
}
