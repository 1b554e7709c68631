//! The Lambda function.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
#![recursion_limit = "256"]

use std::sync::Arc;

use domain::access::Access;
use domain::access::principal::Api;
use domain::streams::Streams;
use edge::gate::Gate;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    let access = Access::new(platform.clone());
    let gate = Gate::of(access, &platform, Api::Streams);
    // Nothing is distilled or run here: no rules are needed.
    let streams = Streams::new(platform, Arc::default());
    edge::http::run(streams::router(streams, gate), streams::shape).await
}
