//! The Lambda function.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
#![recursion_limit = "256"]

use domain::streams::Streams;
use domain::streams::rulebook::Rulebook;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    let rules = Rulebook::by(&platform.config)?;
    let streams = Streams::new(platform, rules);
    edge::sqs::run(async |event, deadline| stream_worker::handle(&streams, event, deadline).await).await
}
