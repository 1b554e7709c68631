//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use domain::access::Access;
use recomputations_api::Api;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    let api = Api::new(&platform, Access::new(&platform)?)?;
    edge::http::run(recomputations_api::router(api), recomputations_api::error_body).await
}
