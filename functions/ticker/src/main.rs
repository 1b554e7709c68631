//! The Lambda function.

use domain::usage::Usage;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let usage = Usage::new(edge::start::platform().await?);
    edge::tick::run(async || ticker::tick(&usage).await).await
}
