//! Schedules: a function that is woken to see what is due.

use domain::error::Error;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::IgnoredAny;

/// Ticks under Lambda until the environment is shut down, whatever the event says: the time is the clock's.
///
/// A failure is logged with its causes by the runtime and counted by Lambda; the next tick finds the same work.
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
