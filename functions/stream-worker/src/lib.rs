//! The worker of the stream queue: sweeps due streams, and runs the pipelines of streams that fire or expire.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::streams::running::Runner;
use domain::time::Micros;

/// Processes the tasks of a batch one after another. Leases last until `deadline`, at which the worker has stopped.
pub async fn handle(runner: &Runner, event: SqsEvent, deadline: Micros) -> SqsBatchResponse {
    edge::sqs::each(event, runner.queue(), |body| async move { runner.work(&body, deadline).await }).await
}
