//! The Lambda function.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
#![recursion_limit = "256"]

use std::sync::Arc;

use domain::access::Access;
use domain::access::AuditLog;
use domain::access::principal;
use domain::streams::Streams;
use edge::gate::Gate;
use streams_api::Api;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    let gate = Gate::new(Access::new(&platform)?, &platform.variables, principal::Api::Streams)?;
    // Nothing is distilled or run here: no rules are needed.
    let streams = Streams::new(&platform, Arc::default())?;
    let api = Api::new(streams, AuditLog::new(&platform)?);
    edge::http::run(streams_api::router(api, gate), streams_api::error_body).await
}
