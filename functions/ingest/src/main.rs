//! The Lambda function.

use domain::notification::Notifications;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let platform = edge::start::platform().await?;
    edge::http::run(ingest::router(Notifications::new(platform)), ingest::shape).await
}
