//! The failing statuses of this function, and their bodies.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::error::{Error, Kind};
use edge::status::to_status;
use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use serde::Serialize;

/// A request that is answered by a failing status.
#[derive(Debug)]
pub struct ApiError(Error);

/// A request of a session that is answered by a failing status.
#[derive(Debug)]
pub enum SessionError {
    /// The body is no JSON.
    NoJson,
    /// A member is missing.
    NotSent(&'static str),
    /// A member or header cannot be what it should.
    Malformed(&'static str),
    /// No user has this name and password.
    WrongPassword,
    /// The session has ended, or never was.
    NoSession,
    /// Something else.
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
        let (status, message) = answer(&self.0);
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
            Self::NoJson => (StatusCode::NOT_ACCEPTABLE, "Invalid json format.".to_owned()),
            Self::NotSent(name) => (StatusCode::NOT_ACCEPTABLE, format!("Parameter '{name}' not sent.")),
            Self::Malformed(name) => {
                (StatusCode::NOT_ACCEPTABLE, format!("Parameter '{name}' is malformed."))
            }
            Self::WrongPassword => (StatusCode::NOT_FOUND, "Invalid username/password.".to_owned()),
            Self::NoSession => (StatusCode::UNAUTHORIZED, "Invalid session.".to_owned()),
            Self::Failed(error) => answer(&error),
        };
        (status, Json(AgentBody { error: &error })).into_response()
    }
}

fn answer(error: &Error) -> (StatusCode, String) {
    match error.kind() {
        // A name that is taken, a change that came second: here no repeat helps.
        Kind::Conflict => (StatusCode::CONFLICT, error.to_string()),
        _ => to_status(error),
    }
}

/// A failing status and its text as this function answers them.
pub fn error_body(status: StatusCode, message: &str) -> Response {
    (status, Json(Body { status: status.as_u16(), message })).into_response()
}

/// The answer to a path that is not there.
pub async fn not_found() -> Response {
    error_body(StatusCode::NOT_FOUND, "There is nothing under this path.")
}

/// The answer to a method that a path does not know; the router adds `Allow`.
pub async fn method_not_allowed() -> Response {
    error_body(StatusCode::METHOD_NOT_ALLOWED, "This path does not know this method.")
}
