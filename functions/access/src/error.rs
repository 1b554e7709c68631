//! Errors of this function and their bodies.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::error::{Error, Kind};
use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use serde::Serialize;

/// A failed request.
#[derive(Debug)]
pub struct ApiError(Error);

/// A failed login, logout or profile request.
#[derive(Debug)]
pub enum SessionError {
    /// The body is empty.
    NoBody,
    /// The body is not a JSON object.
    InvalidJson,
    /// A member is missing.
    Missing(&'static str),
    /// A member or a header is malformed.
    Malformed(&'static str),
    /// The name or the password is wrong.
    WrongPassword,
    /// The session has ended or does not exist.
    UnknownSession,
    /// Any other error.
    Failed(Error),
}

#[derive(Serialize)]
struct Body<'a> {
    status: u16,
    message: &'a str,
}

#[derive(Serialize)]
struct AgentBody<'a> {
    error: &'a str,
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, message) = to_status(&self.0);
        let challenge = [(WWW_AUTHENTICATE, "Basic realm=\"steward\"")];
        match status {
            StatusCode::UNAUTHORIZED => (challenge, error_body(status, &message)).into_response(),
            _ => error_body(status, &message),
        }
    }
}

impl IntoResponse for SessionError {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::NoBody => (StatusCode::BAD_REQUEST, "Unable to read post data".to_owned()),
            Self::InvalidJson => (StatusCode::BAD_REQUEST, "Invalid json format".to_owned()),
            Self::Missing(name) => (StatusCode::NOT_ACCEPTABLE, format!("Parameter '{name}' not sent.")),
            Self::Malformed(name) => {
                (StatusCode::NOT_ACCEPTABLE, format!("Parameter '{name}' is malformed."))
            }
            Self::WrongPassword => (StatusCode::NOT_FOUND, "Invalid username/password.".to_owned()),
            Self::UnknownSession => (StatusCode::UNAUTHORIZED, "Invalid session.".to_owned()),
            Self::Failed(error) => to_status(&error),
        };
        (status, Json(AgentBody { error: &error })).into_response()
    }
}

/// Returns the status of an error and the text for the client.
fn to_status(error: &Error) -> (StatusCode, String) {
    match error.kind() {
        // A name is taken, or another change came first: a retry of the same request does not help.
        Kind::Conflict => (StatusCode::CONFLICT, error.to_string()),
        _ => edge::status::to_status(error),
    }
}

/// Builds this function's response from a failing status and a text.
pub fn error_body(status: StatusCode, message: &str) -> Response {
    (status, Json(Body { status: status.as_u16(), message })).into_response()
}
