//! The access API and the default route: sessions, the administration of keys and users, the audit log, the index at
//! `/`, `/healthz`, and the response to unknown paths.

mod administrator;
mod audit;
mod error;
mod index;
mod keys;
mod rfc3339;
mod sessions;
mod users;

use axum::Router;
use axum::routing::{get, post};
use domain::access::Access;
use edge::fallback::with_fallbacks;

pub use error::error_body;

/// Creates the router of the function.
pub fn router(access: Access) -> Router {
    let routes = Router::new()
        .route("/", get(index::index))
        .route("/healthz", get(index::health))
        .route("/login", post(sessions::login))
        .route("/logout", get(sessions::logout))
        .route("/profile", get(sessions::profile))
        .route("/access/keys", get(keys::list).post(keys::create))
        .route("/access/keys/{id}", get(keys::get).delete(keys::revoke))
        .route("/access/users", get(users::list).post(users::create))
        .route("/access/users/{name}", get(users::get).put(users::change).delete(users::remove))
        .route("/access/audit", get(audit::list));
    with_fallbacks(routes, error_body).with_state(access)
}
