//! The streams API: streams and events under `/v1`.
//!
//! Paths are served without a trailing slash; the edge has cut one off before they come here.

mod dates;
mod error;
mod events;
mod parameters;
mod streams;
mod wire;

use axum::Router;
use axum::extract::{FromRef, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use domain::access::AuditLog;
use domain::streams::Streams;
use edge::gate::Gate;

use crate::error::ApiError;

pub use error::error_body;

/// The state of the handlers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    streams: Streams,
    log: AuditLog,
}

impl Api {
    /// The API to these streams, whose changes are recorded in `log`.
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

/// Every path of the API.
pub fn router(api: Api, gate: Gate) -> Router {
    Router::new()
        .route("/v1/streams", get(streams::list))
        .route(
            "/v1/streams/{id}",
            get(streams::get).put(streams::reset).post(streams::overridden).delete(streams::delete),
        )
        .route("/v1/events", get(events::list))
        .route("/v1/events/{message_id}", get(events::get))
        .route_layer(from_fn_with_state(gate, admitted))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(api)
}

async fn admitted(State(gate): State<Gate>, request: Request, next: Next) -> Result<Response, ApiError> {
    Ok(next.run(gate.admit(request).await?).await)
}
