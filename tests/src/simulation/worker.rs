//! Lambda's side of the workers: it receives batches, invokes environments, and deletes what they processed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::error::Error;
use domain::ingest::Recorder;
use domain::streams::Streams;
use domain::streams::definitions::Definitions;
use domain::streams::running::Runner;
use domain::time::Micros;
use domain::usage::verifying::Verifier;
use serde_json::Value;
use tokio::time::timeout;

use crate::simulation::environment::Environment;
use crate::simulation::network::Network;
use crate::simulation::time::spawn;

/// The timeout of the workers, as in the template.
pub const INVOCATION: Duration = Duration::from_mins(1);
/// How long a poller waits for a notice before it looks at its queue anyway.
const POLL: Duration = Duration::from_mins(5);
/// The largest batch of the deployed event source mappings.
const LARGEST_BATCH: usize = 10;

/// The worker of one queue.
#[derive(Clone)]
enum Worker {
    Notifications(Recorder),
    Usage(Verifier),
    Streams(Runner),
}

impl Worker {
    fn new(queue: &str, environment: &Environment, definitions: Arc<Definitions>) -> Result<Self, Error> {
        let platform = &environment.platform;
        Ok(match queue {
            "NotificationQueue" => Self::Notifications(Recorder::new(platform, definitions)?),
            "UsageQueue" => Self::Usage(Verifier::new(platform)?),
            _ => Self::Streams(Runner::new(platform, Streams::new(platform, definitions)?)?),
        })
    }

    async fn handle(self, event: SqsEvent, deadline: Micros) -> SqsBatchResponse {
        match self {
            Self::Notifications(recorder) => notification_worker::handle(&recorder, event, deadline).await,
            Self::Usage(verifier) => usage_worker::handle(&verifier, event, deadline).await,
            Self::Streams(runner) => stream_worker::handle(&runner, event, deadline).await,
        }
    }
}

/// Serves a queue with one environment at a time, which is replaced when it crashes or times out.
pub async fn serve(network: Network, queue: &'static str, definitions: Arc<Definitions>) {
    loop {
        let environment = Environment::start(&network, queue);
        let worker = Worker::new(queue, &environment, Arc::clone(&definitions));
        let worker = worker.expect("the settings name the tables and queues");
        loop {
            let messages = next_batch(&network, queue).await;
            if !invoke(&network, &environment, worker.clone(), queue, messages).await {
                break;
            }
        }
    }
}

/// Waits for messages.
async fn next_batch(network: &Network, queue: &str) -> Vec<Value> {
    let changed = network.queues.changed(queue);
    loop {
        let mut notice = std::pin::pin!(changed.notified());
        // Registers before the queue is read, so that no notice is missed.
        notice.as_mut().enable();
        let world = &network.world;
        let limit = if world.plan.environments > 1 { 1 + world.below(LARGEST_BATCH) } else { LARGEST_BATCH };
        let messages = network.queues.receive(queue, limit).await;
        if !messages.is_empty() {
            return messages;
        }
        timeout(POLL, notice).await.ok();
    }
}

/// Invokes an environment with a batch, and deletes the messages that it processed. Returns whether the environment can
/// be invoked again.
async fn invoke(
    network: &Network,
    environment: &Environment,
    worker: Worker,
    queue: &str,
    messages: Vec<Value>,
) -> bool {
    let mut event = SqsEvent::default();
    event.records = messages.iter().map(record).collect();
    let clock = environment.process.clock.clone();
    let timeout_seconds = i64::try_from(INVOCATION.as_secs()).unwrap_or_default();
    let mut run = Box::pin(environment.process.run(async move {
        let deadline = clock.micros().plus_seconds(timeout_seconds);
        worker.handle(event, deadline).await
    }));
    let response = match timeout(INVOCATION, &mut run).await {
        Ok(Some(response)) => response,
        Ok(None) => return false,
        Err(_) => {
            // A frozen environment cannot be killed: it goes on where it stopped when it thaws.
            if environment.process.was_frozen() {
                spawn(run);
            }
            return false;
        }
    };
    let failed: BTreeSet<_> =
        response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
    for message in &messages {
        if !failed.contains(message["MessageId"].as_str().unwrap_or_default()) {
            network.queues.delete(queue, message).await;
        }
    }
    true
}

/// Converts a received message to the record that Lambda passes to a worker.
fn record(message: &Value) -> SqsMessage {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut record = SqsMessage::default();
    record.message_id = text(&message["MessageId"]);
    record.body = text(&message["Body"]);
    let attributes = message["Attributes"].as_object().into_iter().flatten();
    record.attributes = attributes.filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect();
    record
}
