//! Errors of this API and their body.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use domain::ingest::accepting::AcceptError;
use edge::status::to_status;
use http::StatusCode;
use serde::Serialize;

/// A failed request.
#[derive(Debug)]
pub struct ApiError {
    error: Error,
    /// The number of notifications that are queued nevertheless, if the request contained any.
    accepted: Option<usize>,
}

#[derive(Serialize)]
struct Body<'a> {
    status: u16,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<usize>,
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self { error, accepted: None }
    }
}

impl From<AcceptError> for ApiError {
    fn from(AcceptError { accepted, error }: AcceptError) -> Self {
        Self { error, accepted: Some(accepted) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, message) = to_status(&self.error);
        // An invalid request queues nothing; only after a server error may some be queued.
        with_accepted(status, &message, self.accepted.filter(|_| status.is_server_error()))
    }
}

/// Builds this API's response from a failing status and a text.
pub fn error_body(status: StatusCode, message: &str) -> Response {
    with_accepted(status, message, None)
}

fn with_accepted(status: StatusCode, message: &str, accepted: Option<usize>) -> Response {
    (status, Json(Body { status: status.as_u16(), message, accepted })).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use domain::error::Kind;

    use super::*;

    #[tokio::test]
    async fn only_server_errors_count_accepted_notifications_and_no_error_shows_its_cause() {
        let refusal = |error, accepted| ApiError::from(AcceptError { accepted, error });
        let because = |error: Error| error.because("a secret");
        for (error, expected) in [
            (refusal(because(Error::invalid("No.")), 0), r#"{"status":400,"message":"No."}"#),
            (refusal(because(Error::new(Kind::TooLarge, "Big.")), 0), r#"{"status":413,"message":"Big."}"#),
            (
                refusal(because(Error::unavailable("Later.")), 40),
                r#"{"status":503,"message":"Later.","accepted":40}"#,
            ),
            (
                refusal(because(Error::bug("x")), 0),
                r#"{"status":500,"message":"The request could not be served.","accepted":0}"#,
            ),
            (because(Error::unavailable("Later.")).into(), r#"{"status":503,"message":"Later."}"#),
        ] {
            let body =
                to_bytes(error.into_response().into_body(), usize::MAX).await.expect("a body in memory");
            assert_eq!(body, expected);
        }
    }
}
