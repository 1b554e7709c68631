//! The failing statuses of this API. Whoever is not let in gets one body, whoever is gets another, as in the original.

use crate::settings::InvalidStatus;
use axum::response::{IntoResponse, Response};
use domain::error::{Error, Kind};
use domain::recomputations::change_error::ChangeError;
use domain::recomputations::status::Status;
use http::StatusCode;
use serde_json::json;

use crate::answer;
use crate::dialect::Dialect;

/// A request that is answered by a failing status.
#[derive(Debug)]
pub enum ApiError {
    /// Nobody known asks.
    Unauthorized,
    /// Whoever asks may not do this.
    Forbidden,
    /// Whoever asks takes no JSON.
    NotAcceptable,
    /// The body is not what it should be.
    Malformed,
    /// `date` is no day.
    Date,
    /// These are wrong with the body or the query.
    Problems(Vec<String>),
    /// A status that is none, in this dialect, and the operator's choice of what the document's dialect answers.
    Ineligible(Dialect, InvalidStatus),
    /// There is more than an answer can carry.
    TooMuch,
    /// The request was not changed.
    Refusal(ChangeError),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Refusal(ChangeError::Failed(error))
    }
}

impl From<ChangeError> for ApiError {
    fn from(refusal: ChangeError) -> Self {
        Self::Refusal(refusal)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthorized => gatekeeper(
                StatusCode::UNAUTHORIZED,
                "Unauthorized",
                Some("You need to provide a correct authentication token using the header 'x-api-key'"),
            ),
            Self::Forbidden => gatekeeper(StatusCode::FORBIDDEN, "Access to the resource is Forbidden", None),
            Self::NotAcceptable => gatekeeper(
                StatusCode::NOT_ACCEPTABLE,
                "Not Acceptable Content Type",
                Some(
                    "Accept header provided did not contain any valid content types. Acceptable content type \
                     is 'application/json'",
                ),
            ),
            Self::Malformed => one(
                StatusCode::BAD_REQUEST,
                "Bad Request",
                "Request Body contains malformed JSON, thus rendering the Request Bad",
            ),
            Self::Date => one(
                StatusCode::BAD_REQUEST,
                "Bad Request",
                "date argument should be in the YYYY-MM-DD format",
            ),
            Self::Problems(problems) => failing(StatusCode::BAD_REQUEST, "Bad Request", &problems),
            Self::Ineligible(dialect, configured) => {
                let status = match (dialect, configured) {
                    (Dialect::Document, InvalidStatus::NotFound) => StatusCode::NOT_FOUND,
                    _ => StatusCode::CONFLICT,
                };
                one(status, "Conflict", &format!("status should be among values: {}", all()))
            }
            Self::TooMuch => one(
                StatusCode::PAYLOAD_TOO_LARGE,
                "Content Too Large",
                "the list is larger than an answer may be; ask for it in pages, with limit and cursor",
            ),
            Self::Refusal(refusal) => refused(refusal),
        }
    }
}

fn refused(refusal: ChangeError) -> Response {
    match refusal {
        ChangeError::NotFound => {
            one(StatusCode::NOT_FOUND, "Not Found", "item with the specific ID was not found on the server")
        }
        ChangeError::VersionMismatch => one(
            StatusCode::PRECONDITION_FAILED,
            "Precondition Failed",
            "the item has another version than If-Match names; read it again",
        ),
        ChangeError::InvalidTransition { from, allowed } => {
            let allowed: Vec<_> = allowed.iter().map(|status| format!("\"{status}\"")).collect();
            let allowed = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(",") };
            one(StatusCode::CONFLICT, "Conflict", &format!("{from} may be followed by: {allowed}"))
        }
        ChangeError::HistoryFull => one(
            StatusCode::CONFLICT,
            "Conflict",
            "the history is full; reset the status or make a new request",
        ),
        ChangeError::KeyReused => one(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Unprocessable Content",
            "this Idempotency-Key was used with another body",
        ),
        ChangeError::Failed(error) => failed(&error),
    }
}

fn failed(error: &Error) -> Response {
    let (status, message) = match error.kind() {
        Kind::Locked => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
        Kind::Unavailable | Kind::Conflict => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
    };
    tracing::error!(status = status.as_u16(), cause = error.chain(), "a request failed");
    one(status, message, "the request could not be served; the header x-request-id names it")
}

fn all() -> String {
    Status::ALL.map(|status| format!("\"{status}\"")).join(",")
}

fn one(status: StatusCode, message: &str, details: &str) -> Response {
    failing(status, message, &[details.to_owned()])
}

fn failing(status: StatusCode, message: &str, details: &[String]) -> Response {
    let code = status.as_str();
    let problem = |details: &String| json!({"message": message, "code": code, "details": details});
    let problems: Vec<_> = details.iter().map(problem).collect();
    answer::body(status, &json!({"status": answer::status(status, message), "errors": problems}))
}

fn gatekeeper(status: StatusCode, message: &str, details: Option<&str>) -> Response {
    let mut said = answer::status(status, message);
    if let Some(details) = details {
        said["details"] = json!(details);
    }
    answer::body(status, &json!({"status": said}))
}

/// A failing status and its text as this API answers them.
pub fn error_body(status: StatusCode, message: &str) -> Response {
    gatekeeper(status, status.canonical_reason().unwrap_or("Error"), Some(message))
}

/// The answer to a path that is not there.
pub async fn not_found() -> Response {
    error_body(StatusCode::NOT_FOUND, "There is nothing under this path.")
}

/// The answer to a method that a path does not know; the router adds `Allow`.
pub async fn method_not_allowed() -> Response {
    error_body(StatusCode::METHOD_NOT_ALLOWED, "This path does not know this method.")
}
