//! The worker of the verification queue: sweeps and verifies due records, and publishes verified ones.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::time::Micros;
use domain::usage::verifying::Verifier;

/// Processes the tasks of a batch one after another. Leases last until `deadline`, at which the worker has stopped.
pub async fn handle(verifier: &Verifier, event: SqsEvent, deadline: Micros) -> SqsBatchResponse {
    edge::sqs::each(event, verifier.queue(), |body| async move { verifier.work(&body, deadline).await }).await
}
