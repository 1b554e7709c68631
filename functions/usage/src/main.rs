//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use domain::access::Access;
use domain::access::principal::Api;
use domain::usage::Usage;
use edge::authorizer::Authorizer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    let authorizer = Authorizer::new(Access::new(&platform)?, &platform.variables, Api::Usage)?;
    edge::http::run(usage_api::router(Usage::new(&platform)?, authorizer), usage_api::error_body).await
}
