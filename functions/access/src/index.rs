//! `/` and `/healthz`: the index of the APIs, and the health check.

use axum::Json;
use serde::Serialize;

/// The index.
#[derive(Serialize)]
pub struct Index {
    name: &'static str,
    version: &'static str,
    apis: [Api; 6],
    access: &'static str,
    health: &'static str,
}

/// An API and its path prefix.
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
        Api { name: "schemas", path: "/api/v1" },
    ];
    let version = env!("CARGO_PKG_VERSION");
    Json(Index { name: "Steward", version, apis, access: "/access", health: "/healthz" })
}

/// Reports that the function responds. The alarms cover the other functions and the services behind them.
pub async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}
