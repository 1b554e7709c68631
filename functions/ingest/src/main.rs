//! The Lambda function.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
#![recursion_limit = "256"]

use domain::access::Access;
use domain::access::principal::Api;
use domain::ingest::Intake;
use edge::gate::Gate;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    let gate = Gate::new(Access::new(&platform)?, &platform.variables, Api::Ingest)?;
    edge::http::run(ingest_api::router(Intake::new(&platform)?, gate), ingest_api::error_body).await
}
