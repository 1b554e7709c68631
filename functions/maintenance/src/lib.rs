//! The maintenance API: reports on PostgreSQL servers under `/maintenance`, and operations on them.
//!
//! - `error`: failing statuses and their body
//! - `authorized`: credentials, in the documented order of checks
//! - `instance`: the server of a request
//! - `names`: names of databases, schemas, tables and indexes in paths
//! - `requested`: bodies of requests for operations
//! - `reports`, `operations`, `recurrences`, `history`, `server`: handlers
//! - `wire`: operations as clients see them

mod authorized;
mod error;
mod history;
mod instance;
mod names;
mod operations;
mod recurrences;
mod reports;
mod requested;
mod server;
mod wire;

use axum::Router;
use axum::routing::{delete, get, post};
use domain::access::{Access, AuditLog};
use domain::error::Error;
use domain::platform::Platform;
use domain::time::Micros;
use maintenance::operation::Operations;
use maintenance::server::Servers;

pub use error::error_body;

/// The state of the handlers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    operations: Operations,
    servers: Servers,
    access: Access,
    log: AuditLog,
    /// When this process started.
    started: Micros,
}

impl Api {
    /// Returns the API on this platform, whose callers authenticate with `access`.
    pub fn new(platform: &Platform, access: Access) -> Result<Self, Error> {
        Ok(Self {
            operations: Operations::new(platform)?,
            servers: Servers::read(&platform.variables)?,
            access,
            log: AuditLog::new(platform)?,
            started: platform.clock.micros(),
        })
    }
}

/// Returns the router with every path of the API.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/discover", get(server::discover))
        .route("/status", get(server::status))
        .route("/maintenance", get(reports::instance))
        .route("/maintenance/operations", get(history::list))
        .route("/maintenance/operations/{id}", get(history::get))
        .route("/maintenance/recurrences", get(recurrences::list))
        .route("/maintenance/recurrences/{id}", get(recurrences::get).delete(recurrences::stop))
        .route("/maintenance/vacuum/scheduled", get(operations::scheduled_vacuums))
        .route("/maintenance/vacuum/{id}", delete(operations::cancel_vacuum))
        .route("/maintenance/analyze/scheduled", get(operations::scheduled_analyzes))
        .route("/maintenance/analyze/{id}", delete(operations::cancel_analyze))
        .route("/maintenance/reindex/scheduled", get(operations::scheduled_reindexes))
        .route("/maintenance/reindex/{id}", delete(operations::cancel_reindex))
        .route("/maintenance/{database}", get(reports::database))
        .route("/maintenance/{database}/advice", get(reports::advice))
        .route("/maintenance/{database}/{kind}", post(operations::request))
        .route("/maintenance/{database}/{kind}/scheduled", get(operations::scheduled))
        .route("/maintenance/{database}/schema/{schema}", get(reports::schema))
        .route("/maintenance/{database}/schema/{schema}/{kind}", post(operations::request))
        .route("/maintenance/{database}/schema/{schema}/{kind}/scheduled", get(operations::scheduled))
        .route("/maintenance/{database}/schema/{schema}/table/{table}", get(reports::table))
        .route("/maintenance/{database}/schema/{schema}/table/{table}/{kind}", post(operations::request))
        .route(
            "/maintenance/{database}/schema/{schema}/table/{table}/{kind}/scheduled",
            get(operations::scheduled),
        )
        .route("/maintenance/{database}/schema/{schema}/index/{index}/{kind}", post(operations::request))
        .route(
            "/maintenance/{database}/schema/{schema}/{index}/table/{table}/{kind}/scheduled",
            get(operations::scheduled),
        )
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(api)
}
