//! What is here, and that it answers.

use axum::Json;
use serde::Serialize;

/// The APIs that are served here.
#[derive(Serialize)]
pub struct Index {
    name: &'static str,
    version: &'static str,
    apis: [Api; 5],
    access: &'static str,
    health: &'static str,
}

/// An API and the path below which it lies.
#[derive(Serialize)]
struct Api {
    name: &'static str,
    path: &'static str,
}

#[derive(Serialize)]
pub struct Health {
    status: &'static str,
}

pub async fn index() -> Json<Index> {
    let apis = [
        Api { name: "usage", path: "/db" },
        Api { name: "notifications", path: "/notifications" },
        Api { name: "streams", path: "/v1" },
        Api { name: "recomputations", path: "/recomputations" },
        Api { name: "maintenance", path: "/maintenance" },
    ];
    let version = env!("CARGO_PKG_VERSION");
    Json(Index { name: "Steward", version, apis, access: "/access", health: "/healthz" })
}

/// The function answers. What the others stand on is seen by their alarms.
pub async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}
