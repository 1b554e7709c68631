//! The Lambda function.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
#![recursion_limit = "256"]

use domain::notification::Notifications;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let notifications = Notifications::new(edge::start::platform().await?);
    edge::sqs::run(async |event, deadline| notification_worker::handle(&notifications, event, deadline).await)
        .await
}
