//! What a failure is over HTTP, where an API's document does not say otherwise.

use domain::error::{Error, Kind};
use http::StatusCode;

/// The status of a failure, and what may be told of it. One that is not the client's is logged with its causes, which
/// nobody outside sees.
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
        Kind::Bug => (status, "The request could not be served.".to_owned()),
        _ => (status, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_what_is_meant_for_the_client_and_no_cause() {
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
