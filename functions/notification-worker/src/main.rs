//! The Lambda function.

use domain::notification::Notifications;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::log::start()?;
    let notifications = Notifications::new(edge::start::platform().await?);
    edge::sqs::run(async |event, deadline| notification_worker::handle(&notifications, event, deadline).await)
        .await
}
