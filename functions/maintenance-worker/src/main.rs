//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use maintenance::operation::running::Runner;
use maintenance::server;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let mut platform = edge::start::platform().await?;
    if let Some(urls) = edge::start::secret(&platform.variables, server::SECRET).await? {
        platform.variables = server::with_secret(&platform.variables, &urls);
    }
    let runner = Runner::new(&platform)?;
    edge::sqs::run(async |event, deadline| maintenance_worker::handle(&runner, event, deadline).await).await
}
