//! The usage API: lists and counts of the ledger, confirmations, repairs and audit reports under `/db`.
//!
//! The routes have no trailing slash: the middleware has removed it.

mod confirm;
mod deletes;
mod error;
mod exists;
mod images;
mod launches;
mod parameters;
mod reconcile;
mod repair;
mod response;
mod rows;
mod stats;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::map_response;
use axum::routing::{get, post, put};
use domain::usage::Usage;
use edge::authorizer::Authorizer;
use edge::fallback::with_fallbacks;

pub use error::error_body;

/// Bytes of the largest body: what a Lambda function can receive.
const LARGEST_BODY: usize = 6 * 1_024 * 1_024;

/// Creates the router of the API.
pub fn router(usage: Usage, authorizer: Authorizer) -> Router {
    let routes = Router::new()
        .route("/db/usage/nova/launches", get(launches::list))
        .route("/db/usage/nova/launches/{id}", get(launches::get))
        .route("/db/usage/nova/deletes", get(deletes::list_nova))
        .route("/db/usage/nova/deletes/{id}", get(deletes::get_nova))
        .route("/db/usage/nova/exists", get(exists::list_nova))
        .route("/db/usage/nova/exists/{id}", get(exists::get_nova))
        .route("/db/usage/glance/images", get(images::list))
        .route("/db/usage/glance/images/{id}", get(images::get))
        .route("/db/usage/glance/deletes", get(deletes::list_glance))
        .route("/db/usage/glance/deletes/{id}", get(deletes::get_glance))
        .route("/db/usage/glance/exists", get(exists::list_glance))
        .route("/db/usage/glance/exists/{id}", get(exists::get_glance))
        // deprecated names of the paths for nova
        .route("/db/usage/launches", get(launches::list))
        .route("/db/usage/launches/{id}", get(launches::get))
        .route("/db/usage/deletes", get(deletes::list_nova))
        .route("/db/usage/deletes/{id}", get(deletes::get_nova))
        .route("/db/usage/exists", get(exists::list_nova))
        .route("/db/usage/exists/{id}", get(exists::get_nova))
        .route("/db/stats/events", get(stats::events))
        .route("/db/stats/nova/exists", get(stats::nova_exists))
        .route("/db/stats/glance/exists", get(stats::glance_exists))
        // named in one place of the documentation
        .route("/db/status/usage/glance/exists", get(stats::glance_exists))
        .route(
            "/db/confirm/usage/exists/batch",
            put(confirm::batch).post(confirm::batch).fallback(confirm::wrong_method),
        )
        .route(
            "/db/confirm/usage/exists/{message_id}",
            put(confirm::single).post(confirm::single).fallback(confirm::wrong_method),
        )
        .route("/db/repair", post(repair::repair))
        .route("/db/reconcile/nova", post(reconcile::nova));
    with_fallbacks(authorizer.protect(routes, error_body), error_body)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(map_response(response::vary))
        .with_state(usage)
}
