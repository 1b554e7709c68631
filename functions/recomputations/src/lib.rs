//! The recomputations API: the same handlers in two dialects, under `/recomputations` as documented and under
//! `/api/v2/recomputations` as compute engines read it.

mod authorized;
mod body;
mod dialect;
mod error;
mod headers;
mod listing;
mod requests;
mod response;
pub mod settings;
mod status;

use axum::Router;
use axum::routing::{get, post};
use domain::access::Access;
use domain::error::Error;
use domain::platform::Platform;
use domain::recomputations::Recomputations;
use edge::fallback::with_fallbacks;

pub use error::error_body;

use crate::settings::InvalidStatus;

/// The state of the handlers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    recomputations: Recomputations,
    access: Access,
    invalid_status: InvalidStatus,
}

impl Api {
    /// Creates the API on this platform.
    pub fn new(platform: &Platform, access: Access) -> Result<Self, Error> {
        let invalid_status = InvalidStatus::read(&platform.variables)?;
        Ok(Self { recomputations: Recomputations::new(platform)?, access, invalid_status })
    }
}

/// Creates the router of the API.
pub fn router(api: Api) -> Router {
    let routes = Router::new()
        .route("/recomputations", get(listing::list).post(requests::create))
        .route("/recomputations/{id}", get(requests::get).put(requests::update).delete(requests::remove))
        .route("/recomputations/{id}/status", post(status::change).delete(status::reset))
        .route("/api/v2/recomputations", get(listing::list).post(requests::create))
        .route(
            "/api/v2/recomputations/{id}",
            get(requests::get).put(requests::update).delete(requests::remove),
        )
        .route("/api/v2/recomputations/{id}/status", post(status::change).delete(status::reset));
    with_fallbacks(routes, error_body).with_state(api)
}
