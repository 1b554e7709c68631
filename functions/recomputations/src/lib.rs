//! The recomputations API: under `/recomputations` as its document says, and under `/api/v2/recomputations` as compute
//! engines read it. The same handlers, in two dialects.

mod accept;
mod answer;
mod authorized;
mod body;
mod dialect;
mod error;
mod headers;
mod listing;
mod requests;
pub mod settings;
mod status;

use axum::Router;
use axum::routing::{get, post};
use domain::access::Access;
use domain::error::Error;
use domain::platform::Platform;
use domain::recomputations::Recomputations;

pub use error::error_body;

use crate::settings::InvalidStatus;

/// What the handlers stand on. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    recomputations: Recomputations,
    access: Access,
    invalid_status: InvalidStatus,
}

impl Api {
    /// The API on this platform.
    pub fn new(platform: &Platform, access: Access) -> Result<Self, Error> {
        let invalid_status = InvalidStatus::read(&platform.variables)?;
        Ok(Self { recomputations: Recomputations::new(platform)?, access, invalid_status })
    }
}

/// Every path of the API.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/recomputations", get(listing::list).post(requests::create))
        .route("/recomputations/{id}", get(requests::get).put(requests::update).delete(requests::remove))
        .route("/recomputations/{id}/status", post(status::change).delete(status::reset))
        .route("/api/v2/recomputations", get(listing::list).post(requests::create))
        .route(
            "/api/v2/recomputations/{id}",
            get(requests::get).put(requests::update).delete(requests::remove),
        )
        .route("/api/v2/recomputations/{id}/status", post(status::change).delete(status::reset))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(api)
}
