//! The ingest API: `/notifications` accepts notifications and queues them durably; `/notifications/rejected` lists those
//! that were invalid.

mod accept;
mod error;
mod rejected;

use axum::Router;
use axum::routing::{get, post};
use domain::ingest::Intake;
use edge::authorizer::Authorizer;
use edge::fallback::with_fallbacks;

pub use error::error_body;

/// Creates the router of the API.
pub fn router(intake: Intake, authorizer: Authorizer) -> Router {
    let routes = Router::new()
        .route("/notifications", post(accept::accept))
        .route("/notifications/rejected", get(rejected::list));
    with_fallbacks(authorizer.protect(routes, error_body), error_body).with_state(intake)
}
