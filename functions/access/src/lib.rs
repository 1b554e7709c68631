//! What belongs to no API: the index at `/`, `/healthz`, and every path that leads nowhere.

mod error;

use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

pub use error::shape;

/// The APIs that are served here.
#[derive(Serialize)]
struct Index {
    name: &'static str,
    version: &'static str,
    apis: [Api; 2],
    health: &'static str,
}

/// An API and the path below which it lies.
#[derive(Serialize)]
struct Api {
    name: &'static str,
    path: &'static str,
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// Every path of the function.
pub fn router() -> Router {
    Router::new()
        .route("/", get(index))
        .route("/healthz", get(health))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
}

async fn index() -> Json<Index> {
    let apis = [Api { name: "usage", path: "/db" }, Api { name: "notifications", path: "/notifications" }];
    Json(Index { name: "Steward", version: env!("CARGO_PKG_VERSION"), apis, health: "/healthz" })
}

/// The function answers. What the others stand on is seen by their alarms.
async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}
