//! Statuses and bodies of failed requests, unless an API's document says otherwise.

use axum::response::Response;
use domain::error::{Error, Kind};
use http::StatusCode;

/// Builds an API's own response from a failing status and a text.
pub type ErrorBody = fn(StatusCode, &str) -> Response;

/// The text of a failure whose cause clients must not see.
pub(crate) const INTERNAL: &str = "The request could not be served.";

/// Returns the status of an error and the text for the client. Server errors are logged with their causes, which
/// clients never see.
pub fn to_status(error: &Error) -> (StatusCode, String) {
    let status = match error.kind() {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::Missing => StatusCode::NOT_FOUND,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::Locked => StatusCode::TOO_MANY_REQUESTS,
        Kind::Conflict | Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Bug => StatusCode::INTERNAL_SERVER_ERROR,
    };
    if status.is_server_error() {
        tracing::error!(status = status.as_u16(), cause = error.chain(), "a request failed");
    }
    match error.kind() {
        Kind::Bug => (status, INTERNAL.to_owned()),
        _ => (status, error.to_string()),
    }
}

/// Returns the response to a failed request in the API's error body.
pub fn to_response(error: &Error, error_body: ErrorBody) -> Response {
    let (status, text) = to_status(error);
    error_body(status, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_its_public_text_and_no_cause() {
        let because = |error: Error| error.because("a secret");
        for (error, expected) in [
            (because(Error::invalid("No.")), (StatusCode::BAD_REQUEST, "No.")),
            (because(Error::unavailable("Later.")), (StatusCode::SERVICE_UNAVAILABLE, "Later.")),
            (
                because(Error::bug("an index")),
                (StatusCode::INTERNAL_SERVER_ERROR, "The request could not be served."),
            ),
        ] {
            assert_eq!(to_status(&error), (expected.0, expected.1.to_owned()));
        }
    }
}
