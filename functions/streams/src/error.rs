//! The failing statuses of this API, and the one body that they share: a title and a description, as the original's
//! framework has them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use edge::status::to_status;
use http::StatusCode;
use http::header::ALLOW;
use serde::Serialize;

/// A request that is answered by a failing status.
#[derive(Debug)]
pub enum ApiError {
    /// A POST that overrides nothing.
    NoOverride,
    /// Everything else.
    Failed(Error),
}

#[derive(Serialize)]
struct Body<'a> {
    title: &'a str,
    description: &'a str,
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = match self {
            Self::NoOverride => {
                let text = "POST needs the header X-HTTP-Method-Override, which says PUT or DELETE.";
                let answer = error_body(StatusCode::METHOD_NOT_ALLOWED, text);
                return ([(ALLOW, "GET,HEAD,PUT,DELETE,OPTIONS")], answer).into_response();
            }
            Self::Failed(error) => error,
        };
        let (status, text) = to_status(&error);
        error_body(status, &text)
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
pub fn error_body(status: StatusCode, description: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    (status, Json(Body { title, description })).into_response()
}
