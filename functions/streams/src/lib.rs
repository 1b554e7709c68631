//! The streams API: streams and events under `/v1`.
//!
//! The routes have no trailing slash: the middleware has removed it.

mod error;
mod events;
mod iso8601;
mod parameters;
mod streams;
mod wire;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use domain::access::AuditLog;
use domain::streams::Streams;
use edge::authorizer::Authorizer;
use edge::fallback::with_fallbacks;

pub use error::error_body;

/// The state of the handlers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    streams: Streams,
    log: AuditLog,
}

impl Api {
    /// Creates the API to these streams. Their changes are recorded in `log`.
    pub fn new(streams: Streams, log: AuditLog) -> Self {
        Self { streams, log }
    }
}

impl FromRef<Api> for Streams {
    fn from_ref(api: &Api) -> Self {
        api.streams.clone()
    }
}

impl FromRef<Api> for AuditLog {
    fn from_ref(api: &Api) -> Self {
        api.log.clone()
    }
}

/// Creates the router of the API.
pub fn router(api: Api, authorizer: Authorizer) -> Router {
    let routes = Router::new()
        .route("/v1/streams", get(streams::list))
        .route(
            "/v1/streams/{id}",
            get(streams::get).put(streams::reset).post(streams::override_method).delete(streams::delete),
        )
        .route("/v1/events", get(events::list))
        .route("/v1/events/{message_id}", get(events::get));
    with_fallbacks(authorizer.protect(routes, error_body), error_body).with_state(api)
}
