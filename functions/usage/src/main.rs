//! The Lambda function.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
#![recursion_limit = "256"]

use domain::access::Access;
use domain::access::principal::Api;
use domain::usage::Usage;
use edge::gate::Gate;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    let gate = Gate::new(Access::new(&platform)?, &platform.variables, Api::Usage)?;
    edge::http::run(usage_api::router(Usage::new(&platform)?, gate), usage_api::error_body).await
}
