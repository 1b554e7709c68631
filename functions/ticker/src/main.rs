//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use ticker::Ticker;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let ticker = Ticker::new(&edge::start::platform().await?)?;
    Box::pin(edge::tick::run(async || ticker.tick().await)).await
}
