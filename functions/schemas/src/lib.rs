//! The schemas API: changesets of MySQL and MariaDB schemas, their reviews and applications, under `/api/v1`.
//!
//! - `error`: failing statuses and their bodies
//! - `methods`: documented answers to methods that a path does not have
//! - `authorized`: credentials and roles
//! - `body`: bodies of requests
//! - `index`, `resources`, `writes`: the generic part, for every resource
//! - `users`, `versions`, `changesets`, `reviews`, `applications`, `checks`: actions
//! - `status`: the state of tasks
//! - `pages`: what the URLs in these states lead to

mod applications;
mod authorized;
mod body;
mod changesets;
mod checks;
mod error;
mod index;
mod methods;
mod pages;
mod resources;
mod reviews;
mod status;
mod users;
mod versions;
mod writes;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use domain::access::Access;
use domain::error::Error;
use domain::platform::Platform;
use schemas::refusal::Refusal;
use schemas::registry::Registry;
use schemas::servers::Servers;

pub use error::error_body;

use crate::error::ApiError;

/// The state of the handlers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    registry: Registry,
    servers: Servers,
    access: Access,
}

impl Api {
    /// Creates the API on this platform, whose callers authenticate with `access`.
    pub fn new(platform: &Platform, access: Access) -> Result<Self, Error> {
        Ok(Self { registry: Registry::new(platform)?, servers: Servers::read(&platform.variables)?, access })
    }

    /// Returns the error of a refused action, in the configured dialect.
    fn refused(&self, refusal: impl Into<Refusal>) -> ApiError {
        ApiError::Refused { refusal: refusal.into(), is_legacy: self.registry.settings().legacy_status }
    }
}

/// Creates the router of the API.
pub fn router(api: Api) -> Router {
    let routes = Router::new()
        .route("/api/v1", get(index::index))
        .route("/api/v1/{resource}", get(resources::list).post(writes::create))
        .route("/api/v1/{resource}/schema", get(resources::schema))
        .route("/api/v1/{resource}/set/{ids}", get(resources::set))
        .route(
            "/api/v1/{resource}/{id}",
            get(resources::detail)
                .post(writes::unsupported)
                .put(writes::put)
                .patch(writes::patch)
                .delete(writes::remove),
        )
        .route("/api/v1/user/create", post(users::create))
        .route("/api/v1/user/update/{id}", post(users::update))
        .route("/api/v1/user/delete/{id}", post(users::delete))
        .route("/api/v1/schema_version/save_schema_dump", post(versions::save_schema_dump))
        .route("/api/v1/schema_version/{id}/diff/{other}", get(versions::difference))
        .route("/api/v1/database_schema/{id}/check", post(checks::request))
        .route("/api/v1/changeset/submit", post(changesets::submit))
        .route("/api/v1/changeset/update/{id}", post(changesets::update))
        .route("/api/v1/changeset/approve/{id}", post(changesets::approve))
        .route("/api/v1/changeset/reject/{id}", post(changesets::reject))
        .route("/api/v1/changeset/soft_delete/{id}", post(changesets::soft_delete))
        .route("/api/v1/changeset/waive/{id}", post(changesets::waive))
        .route("/api/v1/changeset/{id}/impact", get(changesets::impact))
        .route("/api/v1/changeset/review/{id}", post(reviews::request))
        .route("/api/v1/changeset/review_status/{task}", get(reviews::status))
        .route("/api/v1/changeset/apply", post(applications::apply))
        .route("/api/v1/changeset/revert", post(applications::revert))
        .route("/api/v1/changeset/apply_status/{task}", get(applications::status))
        .route("/api/v1/changeset/apply/{task}/resume", post(applications::resume))
        .route("/api/v1/changeset/apply/{task}/repair", post(applications::repair))
        .route("/api/v1/changeset/apply/{task}/cancel", post(applications::cancel))
        .route("/changesetreviews/result/{id}", get(pages::review))
        .route("/changesetapplies/changeset-applies", get(pages::applications))
        .fallback(error::not_found)
        .with_state(api);
    // The layer is outside of the routes, whose `Allow` header it reads.
    Router::new().fallback_service(routes).layer(from_fn(methods::documented))
}
