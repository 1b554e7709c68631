//! Where notifications come in: `/notifications` takes them and queues them durably; what was no usable notification
//! can be looked at under `/notifications/rejected`.

mod accept;
mod error;
mod rejected;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use domain::ingest::Intake;
use edge::gate::Gate;

use crate::error::ApiError;

pub use error::error_body;

/// Every path of the API.
pub fn router(intake: Intake, gate: Gate) -> Router {
    Router::new()
        .route("/notifications", post(accept::accept))
        .route("/notifications/rejected", get(rejected::list))
        .route_layer(from_fn_with_state(gate, admitted))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(intake)
}

async fn admitted(State(gate): State<Gate>, request: Request, next: Next) -> Result<Response, ApiError> {
    Ok(next.run(gate.admit(request).await?).await)
}
