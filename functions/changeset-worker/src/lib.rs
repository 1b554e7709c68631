//! The worker of the changeset queue: reviews and applies changesets on MySQL and MariaDB servers.

// SDK futures exceed the default recursion limit.
#![recursion_limit = "256"]

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::time::Micros;
use schemas::task::running::Runner;

/// Works on the messages of a batch one after the other, until `deadline` at the latest. Returns those that must be
/// delivered again.
pub async fn handle(runner: &Runner, event: SqsEvent, deadline: Micros) -> SqsBatchResponse {
    let (mut ids, mut outcomes) = (Vec::new(), Vec::new());
    for message in edge::sqs::messages(event) {
        let outcome = runner.work(&message.body, deadline).await;
        ids.push(message.id.clone());
        outcomes.push((message.id, outcome));
    }
    edge::sqs::response(&ids, outcomes)
}
