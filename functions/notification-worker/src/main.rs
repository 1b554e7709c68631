//! The Lambda function.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use domain::ingest::Recorder;
use domain::streams::definitions::Definitions;
use domain::streams::settings::Settings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    let rules = Definitions::from_settings(&Settings::read(&platform.variables)?)?;
    let recorder = Recorder::new(&platform, rules)?;
    edge::sqs::run(async |event, deadline| notification_worker::handle(&recorder, event, deadline).await)
        .await
}
