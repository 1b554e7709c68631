//! Where notifications come in: `/notifications` takes them and queues them durably; what was no usable notification
//! can be looked at under `/notifications/rejected`.

mod accept;
mod error;
mod rejected;

use axum::Router;
use axum::http::Uri;
use axum::routing::{get, post};
use domain::notification::Notifications;

pub use error::shape;

/// Every path of the API.
pub fn router(notifications: Notifications) -> Router {
    Router::new()
        .route("/notifications", post(accept::accept))
        .route("/notifications/rejected", get(rejected::list))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(notifications)
}

/// A parameter of the query, decoded; the first one where it is repeated.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .find(|(given, _)| given == name)
        .map(|(_, value)| value.into_owned())
}
