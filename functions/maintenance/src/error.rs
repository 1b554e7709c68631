//! The failing statuses of this API. All of them have the documented body: `{"error": "…"}`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::error::{self, Error};
use edge::status::to_status;
use http::StatusCode;
use maintenance::operation::objects::Rejection;
use maintenance::operation::options::Unsupported;
use serde::Serialize;

/// A request that is answered with a failing status.
#[derive(Debug)]
pub enum ApiError {
    /// No such path, or a name that no object can have.
    UrlNotFound,
    /// A header or a parameter is missing or malformed.
    Malformed(&'static str),
    /// The header and the query name different servers.
    AmbiguousInstance,
    /// The session has expired or does not exist.
    InvalidSession,
    /// The key does not exist.
    InvalidKey,
    /// The body is not a JSON object.
    InvalidJson,
    /// An option does not apply.
    Unsupported(Unsupported),
    /// No operation of the kind is scheduled under the id.
    NotScheduled,
    /// The object does not exist.
    Missing(String),
    /// Everything else.
    Failed(Error),
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Unsupported> for ApiError {
    fn from(unsupported: Unsupported) -> Self {
        Self::Unsupported(unsupported)
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Missing(text) => Self::Missing(text),
            Rejection::Unsupported(unsupported) => Self::Unsupported(unsupported),
            Rejection::Standby => {
                Self::Failed(Error::new(error::Kind::Conflict, Rejection::Standby.to_string()))
            }
            Rejection::Failed(error) => Self::Failed(error),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::UrlNotFound => error_body(StatusCode::NOT_FOUND, "URL not found."),
            Self::Malformed(name) => {
                error_body(StatusCode::NOT_ACCEPTABLE, &format!("Parameter '{name}' is malformed."))
            }
            Self::AmbiguousInstance => error_body(
                StatusCode::NOT_ACCEPTABLE,
                "Header 'X-Instance' and parameter 'instance' name different servers.",
            ),
            Self::InvalidSession => error_body(StatusCode::UNAUTHORIZED, "Invalid session."),
            Self::InvalidKey => error_body(StatusCode::UNAUTHORIZED, "Invalid key"),
            Self::InvalidJson => error_body(StatusCode::BAD_REQUEST, "Invalid json format"),
            Self::Unsupported(unsupported) => {
                error_body(StatusCode::NOT_ACCEPTABLE, &unsupported.to_string())
            }
            Self::NotScheduled => error_body(StatusCode::NOT_FOUND, "Scheduled operation not found"),
            Self::Missing(text) => error_body(StatusCode::NOT_FOUND, &text),
            Self::Failed(error) => {
                let (status, text) = match error.kind() {
                    // A database that accepts no connections, a standby: repeating the request does not help.
                    error::Kind::Conflict => (StatusCode::CONFLICT, error.to_string()),
                    _ => to_status(&error),
                };
                error_body(status, &text)
            }
        }
    }
}

/// Returns the response to a failing status and a text.
pub fn error_body(status: StatusCode, message: &str) -> Response {
    (status, Json(Body { error: message })).into_response()
}

/// The response to an unknown path.
pub async fn not_found() -> Response {
    ApiError::UrlNotFound.into_response()
}

/// The response to a method that a path does not support; the router adds `Allow`.
pub async fn method_not_allowed() -> Response {
    error_body(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.")
}
