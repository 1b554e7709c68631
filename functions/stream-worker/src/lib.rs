//! The worker of the queue of streams: sweeps what is due, runs the pipelines of streams that fire or expire.

// The futures of the SDK lie deep in each other, and deeper in those of a worker.
#![recursion_limit = "256"]

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::streams::running::Runner;
use domain::time::Micros;

/// Does the tasks of the batch one after the other, and says which are to be delivered again. Whatever is taken up
/// here is held until `deadline`, when the worker is no longer at work.
pub async fn handle(runner: &Runner, event: SqsEvent, deadline: Micros) -> SqsBatchResponse {
    let (mut ids, mut outcomes) = (Vec::new(), Vec::new());
    for message in edge::sqs::messages(event) {
        let outcome = runner.work(&message.body, deadline).await;
        ids.push(message.id.clone());
        outcomes.push((message.id, outcome));
    }
    edge::sqs::response(&ids, outcomes)
}
