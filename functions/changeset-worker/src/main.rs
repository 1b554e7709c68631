//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use schemas::servers;
use schemas::task::running::Runner;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let mut platform = edge::start::platform().await?;
    if let Some(urls) = edge::start::secret(&platform.variables, servers::SECRET).await? {
        platform.variables = servers::with_secret(&platform.variables, &urls)?;
    }
    let runner = Runner::new(&platform)?;
    edge::sqs::run(async |event, deadline| changeset_worker::handle(&runner, event, deadline).await).await
}
