//! The worker of the changeset queue: reviews and applies changesets on MySQL and MariaDB servers.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::time::Micros;
use schemas::task::running::Runner;

/// Works on the messages of a batch one after the other, until `deadline` at the latest. Returns those that must be
/// delivered again.
pub async fn handle(runner: &Runner, event: SqsEvent, deadline: Micros) -> SqsBatchResponse {
    let messages = edge::sqs::messages(event);
    let mut outcomes = Vec::new();
    for message in &messages {
        outcomes.push((message.id.clone(), runner.work(&message.body, deadline).await));
    }
    edge::sqs::settled(&messages, outcomes, runner.queue()).await
}
