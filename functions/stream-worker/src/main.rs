//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use domain::streams::Streams;
use domain::streams::definitions::Definitions;
use domain::streams::running::Runner;
use domain::streams::settings::Settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    let rules = Definitions::from_settings(&Settings::read(&platform.variables)?)?;
    let runner = Runner::new(&platform, Streams::new(&platform, rules)?)?;
    edge::sqs::run(async |event, deadline| stream_worker::handle(&runner, event, deadline).await).await
}
