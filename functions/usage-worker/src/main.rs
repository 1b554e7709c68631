//! The Lambda function.

use domain::usage::Usage;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let usage = Usage::new(edge::start::platform().await?);
    edge::sqs::run(async |event, deadline| usage_worker::handle(&usage, event, deadline).await).await
}
