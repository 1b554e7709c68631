//! Errors of this API. Authentication errors have a different body, as in the original.

use axum::response::{IntoResponse, Response};
use domain::error::{Error, Kind};
use domain::recomputations::change_error::ChangeError;
use domain::recomputations::status::Status;
use http::StatusCode;
use serde_json::json;

use crate::dialect::Dialect;
use crate::response;
use crate::settings::InvalidStatus;

/// A failed request.
#[derive(Debug)]
pub enum ApiError {
    /// The request is not authenticated.
    Unauthorized,
    /// The principal lacks the required role.
    Forbidden,
    /// The client does not accept JSON.
    NotAcceptable,
    /// The body is malformed.
    Malformed,
    /// `date` is not a date.
    Date,
    /// The problems of the body, the query or a header.
    Problems(Vec<String>),
    /// An unknown status, with the dialect of the request and the configured response in the documented dialect.
    UnknownStatus(Dialect, InvalidStatus),
    /// The response is too large.
    TooLarge,
    /// The domain refused the change.
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
            Self::Unauthorized => authentication_error(
                StatusCode::UNAUTHORIZED,
                "Unauthorized",
                Some("You need to provide a correct authentication token using the header 'x-api-key'"),
            ),
            Self::Forbidden => {
                authentication_error(StatusCode::FORBIDDEN, "Access to the resource is Forbidden", None)
            }
            Self::NotAcceptable => authentication_error(
                StatusCode::NOT_ACCEPTABLE,
                "Not Acceptable Content Type",
                Some(
                    "Accept header provided did not contain any valid content types. Acceptable content type \
                     is 'application/json'",
                ),
            ),
            Self::Malformed => single(
                StatusCode::BAD_REQUEST,
                "Bad Request",
                "Request Body contains malformed JSON, thus rendering the Request Bad",
            ),
            Self::Date => single(
                StatusCode::BAD_REQUEST,
                "Bad Request",
                "date argument should be in the YYYY-MM-DD format",
            ),
            Self::Problems(problems) => with_details(StatusCode::BAD_REQUEST, "Bad Request", &problems),
            Self::UnknownStatus(dialect, configured) => {
                let status = match (dialect, configured) {
                    (Dialect::Documented, InvalidStatus::NotFound) => StatusCode::NOT_FOUND,
                    _ => StatusCode::CONFLICT,
                };
                single(status, "Conflict", &format!("status should be among values: {}", known_statuses()))
            }
            Self::TooLarge => single(
                StatusCode::PAYLOAD_TOO_LARGE,
                "Content Too Large",
                "the list is too large for one response; request it in pages, with limit and cursor",
            ),
            Self::Refusal(refusal) => refusal_response(refusal),
        }
    }
}

fn refusal_response(refusal: ChangeError) -> Response {
    match refusal {
        ChangeError::NotFound => single(
            StatusCode::NOT_FOUND,
            "Not Found",
            "item with the specific ID was not found on the server",
        ),
        ChangeError::VersionMismatch => single(
            StatusCode::PRECONDITION_FAILED,
            "Precondition Failed",
            "the item has another version than If-Match names; read it again",
        ),
        ChangeError::InvalidTransition { from, allowed } => {
            let allowed: Vec<_> = allowed.iter().map(|status| format!("\"{status}\"")).collect();
            let allowed = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(",") };
            single(StatusCode::CONFLICT, "Conflict", &format!("{from} may be followed by: {allowed}"))
        }
        ChangeError::HistoryFull => single(
            StatusCode::CONFLICT,
            "Conflict",
            "the history is full; reset the status or make a new request",
        ),
        ChangeError::KeyReused => single(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Unprocessable Content",
            "this Idempotency-Key was used with another body",
        ),
        ChangeError::Failed(error) => server_error(&error),
    }
}

fn server_error(error: &Error) -> Response {
    let (status, message) = match error.kind() {
        Kind::Locked => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
        Kind::Unavailable | Kind::Conflict => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
    };
    tracing::error!(status = status.as_u16(), cause = error.chain(), "a request failed");
    single(status, message, "the request could not be served; its id is in the header x-request-id")
}

fn known_statuses() -> String {
    Status::ALL.map(|status| format!("\"{status}\"")).join(",")
}

fn single(status: StatusCode, message: &str, details: &str) -> Response {
    with_details(status, message, &[details.to_owned()])
}

fn with_details(status: StatusCode, message: &str, details: &[String]) -> Response {
    let code = status.as_str();
    let problem = |details: &String| json!({"message": message, "code": code, "details": details});
    let problems: Vec<_> = details.iter().map(problem).collect();
    response::json(status, &json!({"status": response::status(status, message), "errors": problems}))
}

fn authentication_error(status: StatusCode, message: &str, details: Option<&str>) -> Response {
    let mut body = response::status(status, message);
    if let Some(details) = details {
        body["details"] = json!(details);
    }
    response::json(status, &json!({"status": body}))
}

/// Builds this API's response from a failing status and a text.
pub fn error_body(status: StatusCode, message: &str) -> Response {
    authentication_error(status, status.canonical_reason().unwrap_or("Error"), Some(message))
}
