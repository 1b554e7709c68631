//! The Lambda function.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
#![recursion_limit = "256"]

use domain::usage::Usage;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let usage = Usage::new(edge::start::platform().await?);
    edge::tick::run(async || ticker::tick(&usage).await).await
}
