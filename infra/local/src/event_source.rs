//! Lambda's event source mappings: receive messages, invoke a worker, delete the messages that it handled.

use std::ops::AddAssign;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage, SqsMessageAttribute};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
};
use domain::platform::Platform;
use domain::platform::clock::Clock;
use domain::time::Micros;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::time::timeout;

use crate::shutdown::Shutdown;
use crate::sqs::{REGION, arn};

/// Messages per batch, as in the deployed mappings.
const BATCH_SIZE: i32 = 10;
/// Seconds that a poller's receive call waits for messages. An idle poller delays shutdown by at most this long.
const POLL_WAIT_SECONDS: i32 = 1;
/// Pause of a poller after a call to the queue failed.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// Timeout of the workers of `steward up`. A batch takes milliseconds on loopback. A short timeout means short leases,
/// so that interrupted work resumes soon after a crash.
pub const WORKER_TIMEOUT: Duration = Duration::from_secs(20);

/// A worker's handler. Takes a batch and the time at which the invocation ends.
type Handler = Arc<dyn Fn(SqsEvent, Micros) -> BoxFuture<'static, SqsBatchResponse> + Send + Sync>;

/// A queue and the worker that handles its messages. Cheap to clone.
#[derive(Clone)]
pub struct EventSource {
    client: Client,
    clock: Clock,
    queue: String,
    url: String,
    timeout: Duration,
    batch_size: i32,
    handler: Handler,
}

/// Counts of the messages that were delivered to workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// All deliveries.
    pub total: usize,
    /// Deliveries that failed. Their messages are delivered again after the queue's visibility timeout.
    pub failed: usize,
}

impl AddAssign for Deliveries {
    fn add_assign(&mut self, other: Self) {
        self.total += other.total;
        self.failed += other.failed;
    }
}

impl EventSource {
    /// Creates an event source that reads the queue at `url`, and ends each invocation of `handler` after `timeout`.
    pub fn new<F>(
        platform: &Platform,
        url: &str,
        timeout: Duration,
        handler: impl Fn(SqsEvent, Micros) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = SqsBatchResponse> + Send + 'static,
    {
        Self {
            client: platform.sqs.clone(),
            clock: platform.clock.clone(),
            queue: url.rsplit('/').next().unwrap_or_default().to_owned(),
            url: url.to_owned(),
            timeout,
            batch_size: BATCH_SIZE,
            handler: Arc::new(move |event, deadline| handler(event, deadline).boxed()),
        }
    }

    /// Delivers one message at a time: the messages of a batch share its timeout.
    #[must_use]
    pub fn one_at_a_time(self) -> Self {
        Self { batch_size: 1, ..self }
    }

    /// Delivers batches one after the other until shutdown. A started batch is finished.
    pub async fn poll(&self, shutdown: &Shutdown) {
        while !shutdown.is_triggered() {
            if let Err(error) = self.deliver_batch(POLL_WAIT_SECONDS).await {
                tracing::error!(queue = self.queue, "{error:#}");
                let _ = timeout(RETRY_DELAY, shutdown.triggered()).await;
            }
        }
    }

    /// Delivers one batch, after waiting at most `wait` seconds for messages.
    async fn deliver_batch(&self, wait: i32) -> Result<Deliveries> {
        let messages = self.receive(wait).await?;
        if messages.is_empty() {
            return Ok(Deliveries::default());
        }
        let total = messages.len();
        let failures = self.invoke(&messages).await;
        let is_handled = |message: &Message| {
            !failures.iter().any(|failure| Some(failure.item_identifier.as_str()) == message.message_id())
        };
        let handled: Vec<_> = messages.into_iter().filter(is_handled).collect();
        let failed = total - handled.len();
        self.delete(handled).await?;
        Ok(Deliveries { total, failed })
    }

    async fn receive(&self, wait: i32) -> Result<Vec<Message>> {
        let call = self.client.receive_message().queue_url(&self.url).max_number_of_messages(self.batch_size);
        let call = call
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All");
        let received = call.wait_time_seconds(wait).send().await;
        let received = received
            .map_err(|error| anyhow!("{}", DisplayErrorContext(error)))
            .context("cannot receive messages")?;
        Ok(received.messages.unwrap_or_default())
    }

    /// Invokes the worker. Returns the messages to deliver again: those that the worker reports, or the whole batch if
    /// it panics or times out.
    async fn invoke(&self, messages: &[Message]) -> Vec<BatchItemFailure> {
        let mut event = SqsEvent::default();
        event.records = messages.iter().map(|message| self.record(message)).collect();
        let deadline = Micros::from(self.clock.now() + self.timeout);
        let invocation = AssertUnwindSafe((self.handler)(event, deadline)).catch_unwind();
        let problem = match timeout(self.timeout, invocation).await {
            Ok(Ok(response)) => return response.batch_item_failures,
            Ok(Err(_)) => "the worker panicked",
            Err(_) => "the worker timed out",
        };
        tracing::error!(queue = self.queue, "{problem}; its batch will be delivered again");
        let failure = |message: &Message| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.message_id.clone().unwrap_or_default();
            failure
        };
        messages.iter().map(failure).collect()
    }

    /// Converts a message to its form in a Lambda event.
    fn record(&self, message: &Message) -> SqsMessage {
        let mut record = SqsMessage::default();
        record.message_id.clone_from(&message.message_id);
        record.receipt_handle.clone_from(&message.receipt_handle);
        record.body.clone_from(&message.body);
        record.md5_of_body.clone_from(&message.md5_of_body);
        record.md5_of_message_attributes.clone_from(&message.md5_of_message_attributes);
        let attributes = message.attributes.iter().flatten();
        record.attributes =
            attributes.map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
        let attributes = message.message_attributes.iter().flatten();
        record.message_attributes =
            attributes.map(|(name, value)| (name.clone(), attribute(value))).collect();
        record.event_source = Some("aws:sqs".to_owned());
        record.event_source_arn = Some(arn(&self.queue));
        record.aws_region = Some(REGION.to_owned());
        record
    }

    async fn delete(&self, messages: Vec<Message>) -> Result<()> {
        let entry = |(number, message): (usize, Message)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(number.to_string());
            entry.set_receipt_handle(message.receipt_handle).build()
        };
        let entries = messages.into_iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>()?;
        if entries.is_empty() {
            return Ok(());
        }
        let call = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let deleted = call.send().await;
        let deleted = deleted
            .map_err(|error| anyhow!("{}", DisplayErrorContext(error)))
            .context("cannot delete handled messages")?;
        match deleted.failed().first() {
            None => Ok(()),
            Some(failed) => Err(anyhow!("cannot delete a handled message: {}", failed.code())),
        }
    }
}

fn attribute(value: &MessageAttributeValue) -> SqsMessageAttribute {
    let mut attribute = SqsMessageAttribute::default();
    attribute.string_value = value.string_value().map(str::to_owned);
    attribute.data_type = Some(value.data_type().to_owned());
    attribute
}

/// Delivers all visible messages of these queues, and those that their workers send meanwhile.
///
/// A message that fails stays invisible for its queue's visibility timeout. With a manual clock, move the clock and
/// drain again to retry it.
pub async fn drain(sources: &[EventSource]) -> Result<Deliveries> {
    let mut all = Deliveries::default();
    loop {
        let mut round = Deliveries::default();
        for source in sources {
            round += source.deliver_batch(0).await?;
        }
        if round.total == 0 {
            return Ok(all);
        }
        all += round;
    }
}

#[cfg(test)]
mod tests {
    use std::slice;
    use std::sync::Mutex;

    use chrono::{DateTime, TimeDelta, Utc};
    use domain::platform::variables::Variables;

    use super::*;
    use crate::stand_ins::{StandIns, Storage};

    /// Visibility timeout and maximum receive count of `UsageQueue` in `infra/queues.yaml`.
    const VISIBILITY_TIMEOUT: TimeDelta = TimeDelta::seconds(360);
    const MAX_RECEIVE_COUNT: usize = 5;
    const TEST_TIMEOUT: Duration = Duration::from_secs(10);

    struct Fixture {
        clock: Clock,
        stand_ins: StandIns,
        seen: Arc<Mutex<Vec<SqsMessage>>>,
    }

    impl Fixture {
        async fn start() -> Self {
            let clock = Clock::manual(DateTime::<Utc>::from_timestamp(1_700_000_000, 0).expect("valid time"));
            let stand_ins =
                StandIns::start(&Storage::Memory, clock.clone()).await.expect("the stand-ins start");
            Self { clock, stand_ins, seen: Arc::default() }
        }

        /// An event source of the usage queue whose worker fails on `bad` and panics on `panic`.
        fn source(&self) -> EventSource {
            let seen = Arc::clone(&self.seen);
            let clients = (self.stand_ins.dynamodb_client(), self.stand_ins.sqs_client());
            let platform = Platform {
                clock: self.clock.clone(),
                ..Platform::new(clients.0, clients.1, Variables::default())
            };
            let url = self.stand_ins.queue_url("UsageQueue");
            EventSource::new(&platform, &url, WORKER_TIMEOUT, move |event, _| {
                let seen = Arc::clone(&seen);
                async move {
                    let mut response = SqsBatchResponse::default();
                    for record in event.records {
                        assert_ne!(record.body.as_deref(), Some("panic"), "panics as requested");
                        if record.body.as_deref() == Some("bad") {
                            response.add_failure(record.message_id.clone().unwrap_or_default());
                        }
                        seen.lock().expect("not poisoned").push(record);
                    }
                    response
                }
            })
        }

        async fn drain(&self) -> Deliveries {
            drain(slice::from_ref(&self.source())).await.expect("the queue is drained")
        }

        async fn send(&self, bodies: &[&str]) {
            let client = self.stand_ins.sqs_client();
            for body in bodies {
                let call = client
                    .send_message()
                    .queue_url(self.stand_ins.queue_url("UsageQueue"))
                    .message_body(*body);
                call.send().await.expect("the message is sent");
            }
        }

        async fn visible(&self, queue: &str) -> Vec<String> {
            let client = self.stand_ins.sqs_client();
            let call = client
                .receive_message()
                .queue_url(self.stand_ins.queue_url(queue))
                .max_number_of_messages(BATCH_SIZE);
            let received = call.send().await.expect("messages are received");
            received.messages().iter().filter_map(|message| message.body.clone()).collect()
        }

        fn seen(&self) -> Vec<String> {
            self.seen.lock().expect("not poisoned").iter().filter_map(|record| record.body.clone()).collect()
        }
    }

    #[tokio::test]
    async fn handled_messages_are_deleted_and_failed_ones_are_redelivered_until_dead_lettered() {
        let fixture = Fixture::start().await;
        fixture.send(&["good", "bad", "fine"]).await;
        assert_eq!(fixture.drain().await, Deliveries { total: 3, failed: 1 });
        for _ in 0..MAX_RECEIVE_COUNT {
            fixture.clock.advance(VISIBILITY_TIMEOUT);
            fixture.drain().await;
        }
        assert_eq!(fixture.seen(), ["good", "bad", "fine", "bad", "bad", "bad", "bad"]);
        assert_eq!(fixture.visible("UsageDeadLetters").await, ["bad"]);
    }

    #[tokio::test]
    async fn messages_of_a_panicking_worker_are_redelivered() {
        let fixture = Fixture::start().await;
        fixture.send(&["panic"]).await;
        assert_eq!(fixture.drain().await, Deliveries { total: 1, failed: 1 });
        assert!(fixture.visible("UsageQueue").await.is_empty());
        fixture.clock.advance(VISIBILITY_TIMEOUT);
        assert_eq!(fixture.visible("UsageQueue").await, ["panic"]);
    }

    #[tokio::test]
    async fn a_worker_receives_the_records_that_lambda_would_pass() {
        let fixture = Fixture::start().await;
        fixture.send(&["one"]).await;
        fixture.drain().await;
        let record = fixture.seen.lock().expect("not poisoned").remove(0);
        assert_eq!(record.event_source.as_deref(), Some("aws:sqs"));
        assert_eq!(record.event_source_arn.as_deref(), Some("arn:aws:sqs:us-east-1:000000000000:UsageQueue"));
        assert_eq!(record.attributes["ApproximateReceiveCount"], "1");
        assert_eq!(record.attributes["SentTimestamp"], "1700000000000");
    }

    #[tokio::test]
    async fn a_poller_delivers_messages_until_shutdown() {
        let fixture = Fixture::start().await;
        let shutdown = Shutdown::new();
        let source = fixture.source();
        let trigger = async {
            fixture.send(&["one", "two"]).await;
            while fixture.seen().len() < 2 {
                tokio::task::yield_now().await;
            }
            shutdown.trigger();
        };
        let both = async { tokio::join!(source.poll(&shutdown), trigger) };
        timeout(TEST_TIMEOUT, both).await.expect("both messages are delivered and the poller stops");
        fixture.clock.advance(VISIBILITY_TIMEOUT);
        assert!(fixture.visible("UsageQueue").await.is_empty());
    }
}
