//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use schemas::task::running::Runner;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    let runner = Runner::new(&platform)?;
    edge::sqs::run(async |event, deadline| changeset_worker::handle(&runner, event, deadline).await).await
}
