//! Schedules: functions that run at fixed intervals.

use domain::error::Error;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::IgnoredAny;

/// Calls the handler for each event until Lambda shuts down the environment. The event's content is ignored: the time
/// is the clock's.
///
/// The runtime logs a failure with its causes, and Lambda counts it; the next tick finds the same work.
pub async fn run<H>(handler: H) -> Result<(), crate::Error>
where
    H: AsyncFn() -> Result<(), Error>,
{
    let handler = &handler;
    let service =
        service_fn(
            move |_: LambdaEvent<IgnoredAny>| async move { handler().await.map_err(crate::Error::from) },
        );
    lambda_runtime::run(service).await
}
