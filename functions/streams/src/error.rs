//! Errors of this API and their body: a title and a description, as in the original's framework.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use edge::status::to_response;
use http::StatusCode;
use http::header::ALLOW;
use serde::Serialize;

/// A failed request.
#[derive(Debug)]
pub enum ApiError {
    /// A POST without a method override.
    NoOverride,
    /// Any other error.
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
        match self {
            Self::NoOverride => {
                let text = "POST requires the header X-HTTP-Method-Override: PUT or DELETE.";
                let response = error_body(StatusCode::METHOD_NOT_ALLOWED, text);
                ([(ALLOW, "GET,HEAD,PUT,DELETE,OPTIONS")], response).into_response()
            }
            Self::Failed(error) => to_response(&error, error_body),
        }
    }
}

/// Builds this API's response from a failing status and a text.
pub fn error_body(status: StatusCode, description: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    (status, Json(Body { title, description })).into_response()
}
