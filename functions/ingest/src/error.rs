//! The failing statuses of this API, and the one body that they share.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use domain::ingest::accepting::AcceptError;
use edge::status::to_status;
use http::StatusCode;
use serde::Serialize;

/// A request that is answered by a failing status.
#[derive(Debug)]
pub struct ApiError {
    error: Error,
    /// How many notifications are queued all the same, where the request brought some.
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
        // A request that is wrong queues nothing; it is only after a failure that a client wonders.
        failing(status, &message, self.accepted.filter(|_| status.is_server_error()))
    }
}

/// A failing status and its text as this API answers them.
pub fn error_body(status: StatusCode, message: &str) -> Response {
    failing(status, message, None)
}

/// The answer to a path that is not there.
pub async fn not_found() -> Response {
    error_body(StatusCode::NOT_FOUND, "There is nothing under this path.")
}

/// The answer to a method that a path does not know; the router adds `Allow`.
pub async fn method_not_allowed() -> Response {
    error_body(StatusCode::METHOD_NOT_ALLOWED, "This path does not know this method.")
}

fn failing(status: StatusCode, message: &str, accepted: Option<usize>) -> Response {
    (status, Json(Body { status: status.as_u16(), message, accepted })).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use domain::error::Kind;

    use super::*;

    #[tokio::test]
    async fn only_a_failure_says_how_many_were_accepted_and_none_says_why_it_failed() {
        let refusal = |error, accepted| ApiError::from(AcceptError { accepted, error });
        let because = |error: Error| error.because("a secret");
        for (refused, expected) in [
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
                to_bytes(refused.into_response().into_body(), usize::MAX).await.expect("it is in memory");
            assert_eq!(body, expected);
        }
    }
}
