//! What belongs to no API: the index at `/`, `/healthz`, sessions, the administration of keys and users, the audit log,
//! and every path that leads nowhere.

mod administrator;
mod audit;
mod error;
mod index;
mod keys;
mod sessions;
mod users;

use axum::Router;
use axum::routing::{get, post};
use domain::access::Access;

pub use error::error_body;

/// Every path of the function.
pub fn router(access: Access) -> Router {
    Router::new()
        .route("/", get(index::index))
        .route("/healthz", get(index::health))
        .route("/login", post(sessions::login))
        .route("/logout", get(sessions::logout))
        .route("/profile", get(sessions::profile))
        .route("/access/keys", get(keys::list).post(keys::make))
        .route("/access/keys/{id}", get(keys::get).delete(keys::revoke))
        .route("/access/users", get(users::list).post(users::make))
        .route("/access/users/{name}", get(users::get).put(users::change).delete(users::remove))
        .route("/access/audit", get(audit::list))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(access)
}
