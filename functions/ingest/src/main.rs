//! The Lambda function.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
#![recursion_limit = "256"]

use std::sync::Arc;

use domain::access::Access;
use domain::access::principal::Api;
use domain::notification::Notifications;
use edge::gate::Gate;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    let gate = Gate::of(Access::new(platform.clone()), &platform, Api::Ingest);
    edge::http::run(ingest::router(Notifications::new(platform, Arc::default()), gate), ingest::shape).await
}
