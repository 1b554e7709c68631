//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use domain::usage::verifying::Verifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let verifier = Verifier::new(&edge::start::platform().await?)?;
    edge::sqs::run(async |event, deadline| usage_worker::handle(&verifier, event, deadline).await).await
}
