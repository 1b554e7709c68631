//! `/discover` and `/status`: what the original's agent tells about itself and its server, without credentials.

use axum::Json;
use axum::extract::State;
use maintenance::discovery::Discovery;
use maintenance::operation::datetime;
use serde::Serialize;

use crate::Api;
use crate::instance::Instance;

#[derive(Serialize)]
pub struct Discovered {
    #[serde(flatten)]
    server: Discovery,
    /// SQL does not tell the size of the machine.
    cpu: Option<u32>,
    memory_size: Option<u64>,
    plugins: [&'static str; 1],
}

#[derive(Serialize)]
pub struct Status {
    pid: u32,
    user: &'static str,
    start_datetime: String,
    reload_datetime: String,
    configfile: Option<String>,
    version: &'static str,
}

/// Describes the server. Its fields are null while it does not answer.
pub async fn discover(State(api): State<Api>, instance: Instance) -> Json<Discovered> {
    let found = match api.servers.get(instance.name()) {
        Ok(server) => server.discover().await,
        Err(error) => Err(error),
    };
    let server = found.unwrap_or_else(|error| {
        tracing::warn!(error = error.chain(), "a server does not answer");
        Discovery::default()
    });
    Json(Discovered { server, cpu: None, memory_size: None, plugins: ["maintenance"] })
}

/// Describes this process.
pub async fn status(State(api): State<Api>) -> Json<Status> {
    let started = datetime::print(api.started);
    Json(Status {
        pid: std::process::id(),
        user: "steward",
        reload_datetime: started.clone(),
        start_datetime: started,
        configfile: None,
        version: env!("CARGO_PKG_VERSION"),
    })
}
