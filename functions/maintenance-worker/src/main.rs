//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use maintenance::operation::running::Runner;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let runner = Runner::new(&edge::start::platform().await?)?;
    edge::sqs::run(async |event, deadline| maintenance_worker::handle(&runner, event, deadline).await).await
}
