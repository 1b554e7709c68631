//! Responses to unknown paths and methods, in each API's own error body.

use axum::Router;
use axum::response::Response;
use http::StatusCode;

use crate::status::ErrorBody;

const UNKNOWN_PATH: &str = "Unknown path.";
const UNKNOWN_METHOD: &str = "The method is not allowed for this path.";

/// Adds the responses to unknown paths (404) and to methods that a path does not have (405, to which the router adds
/// `Allow`). Routes that are added later have no 405 of their own.
pub fn with_fallbacks<S>(router: Router<S>, error_body: ErrorBody) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    router
        .fallback(async move || not_found(error_body))
        .method_not_allowed_fallback(async move || error_body(StatusCode::METHOD_NOT_ALLOWED, UNKNOWN_METHOD))
}

/// Returns the response to an unknown path.
pub(crate) fn not_found(error_body: ErrorBody) -> Response {
    error_body(StatusCode::NOT_FOUND, UNKNOWN_PATH)
}
