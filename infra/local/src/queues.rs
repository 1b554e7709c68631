//! What Lambda's event source mappings do: take messages, hand them to a worker, delete those that it finished.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
};
use domain::platform::clock::Clock;
use domain::time::Micros;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::sqs::{REGION, arn};
use crate::stop::Stop;

/// Messages of a batch, as in the deployed mappings.
const BATCH: i32 = 10;
/// How long one receive waits for messages, seconds: this long at most a stop waits for an idle poller.
const WAIT: i32 = 1;
/// How long to wait after the queue did not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a worker may take. On loopback a batch takes milliseconds; what a killed process was at is free this soon.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// A worker's handler: it is given a batch, and the time at which it will be ended.
pub type Worker = Arc<dyn Fn(SqsEvent, Micros) -> BoxFuture<'static, SqsBatchResponse> + Send + Sync>;

/// A queue and the worker that reads it.
#[derive(Clone)]
pub struct Source {
    client: Client,
    clock: Clock,
    name: String,
    url: String,
    worker: Worker,
    timeout: Duration,
    batch: i32,
}

impl Source {
    /// The queue at `url`, read by `worker`, whose time is `clock`'s.
    pub fn new<F>(
        client: Client,
        clock: Clock,
        url: &str,
        worker: impl Fn(SqsEvent, Micros) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = SqsBatchResponse> + Send + 'static,
    {
        let name = url.rsplit('/').next().unwrap_or_default().to_owned();
        let worker: Worker = Arc::new(move |event, deadline| worker(event, deadline).boxed());
        Self { client, clock, name, url: url.to_owned(), worker, timeout: TIMEOUT, batch: BATCH }
    }

    /// The same with a worker that takes one message at a time and may work on it for so long.
    #[must_use]
    pub fn one_at_a_time(self, timeout: Duration) -> Self {
        Self { timeout, batch: 1, ..self }
    }

    /// Hands batches to the worker, one after the other, until `stop`; a batch that has begun is finished.
    pub async fn poll(&self, stop: &Stop) {
        while !stop.is_stopped() {
            if let Err(error) = self.batch(WAIT).await {
                tracing::error!(queue = self.name, "{error:#}");
                tokio::select! {
                    () = stop.wait() => {}
                    () = tokio::time::sleep_until(tokio::time::Instant::now() + PAUSE) => {}
                }
            }
        }
    }

    /// Takes what is there within `wait` seconds through the worker; how many messages it was given.
    async fn batch(&self, wait: i32) -> Result<usize> {
        let messages = self.receive(wait).await?;
        let taken = messages.len();
        if taken == 0 {
            return Ok(0);
        }
        let failed = self.work(&messages).await;
        let done = messages.into_iter().filter(|message| {
            !failed.iter().any(|failure| Some(failure.item_identifier.as_str()) == message.message_id())
        });
        self.delete(done.collect()).await?;
        Ok(taken)
    }

    async fn receive(&self, wait: i32) -> Result<Vec<Message>> {
        let call = self.client.receive_message().queue_url(&self.url).max_number_of_messages(self.batch);
        let call = call
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All");
        let received = call.wait_time_seconds(wait).send().await;
        let received =
            received.map_err(|error| anyhow!("{}", DisplayErrorContext(error))).context("no messages")?;
        Ok(received.messages.unwrap_or_default())
    }

    /// The messages that come back later: those that the worker names, and all of them when it panics or takes too long.
    async fn work(&self, messages: &[Message]) -> Vec<BatchItemFailure> {
        let mut event = SqsEvent::default();
        event.records = messages.iter().map(|message| self.record(message)).collect();
        let deadline = Micros::from(self.clock.now() + self.timeout);
        let worked = AssertUnwindSafe((self.worker)(event, deadline)).catch_unwind();
        let problem = match tokio::time::timeout(self.timeout, worked).await {
            Ok(Ok(response)) => return response.batch_item_failures,
            Ok(Err(_)) => "the worker panicked",
            Err(_) => "the worker took too long",
        };
        tracing::error!(queue = self.name, "{problem}; its messages come back later");
        let failure = |message: &Message| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.message_id.clone().unwrap_or_default();
            failure
        };
        messages.iter().map(failure).collect()
    }

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
        record.event_source_arn = Some(arn(&self.name));
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
        let deleted =
            deleted.map_err(|error| anyhow!("{}", DisplayErrorContext(error))).context("nothing deleted")?;
        match deleted.failed().first() {
            None => Ok(()),
            Some(failed) => Err(anyhow!("a finished message is not deleted: {}", failed.code())),
        }
    }
}

fn attribute(value: &MessageAttributeValue) -> aws_lambda_events::sqs::SqsMessageAttribute {
    let mut attribute = aws_lambda_events::sqs::SqsMessageAttribute::default();
    attribute.string_value = value.string_value().map(str::to_owned);
    attribute.data_type = Some(value.data_type().to_owned());
    attribute
}

/// Works until no queue has a visible message; how many messages the workers were given.
///
/// What fails stays hidden for its queue's visibility time-out: a test moves the clock and drains again.
pub async fn drain(sources: &[Source]) -> Result<usize> {
    let mut total = 0;
    loop {
        let mut taken = 0;
        for source in sources {
            taken += source.batch(0).await?;
        }
        if taken == 0 {
            return Ok(total);
        }
        total += taken;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;
    use crate::stand_ins::{StandIns, Storage};

    struct Fixture {
        clock: Clock,
        stand_ins: StandIns,
        seen: Arc<Mutex<Vec<SqsMessage>>>,
    }

    impl Fixture {
        async fn start() -> Self {
            let clock = Clock::manual(DateTime::<Utc>::from_timestamp(1_700_000_000, 0).expect("a time"));
            let stand_ins = StandIns::start(&Storage::Memory, clock.clone()).await.expect("they start");
            Self { clock, stand_ins, seen: Arc::default() }
        }

        /// A worker of the usage queue that fails on `bad` and panics on `worse`.
        fn source(&self) -> Source {
            let seen = Arc::clone(&self.seen);
            let url = self.stand_ins.queue_url("UsageQueue");
            Source::new(self.stand_ins.sqs_client(), self.clock.clone(), &url, move |event, _| {
                let seen = Arc::clone(&seen);
                async move {
                    let mut response = SqsBatchResponse::default();
                    for record in event.records {
                        assert_ne!(record.body.as_deref(), Some("worse"), "as it should");
                        if record.body.as_deref() == Some("bad") {
                            response.add_failure(record.message_id.clone().unwrap_or_default());
                        }
                        seen.lock().expect("nobody panics").push(record);
                    }
                    response
                }
            })
        }

        async fn send(&self, bodies: &[&str]) {
            let client = self.stand_ins.sqs_client();
            for body in bodies {
                let call = client
                    .send_message()
                    .queue_url(self.stand_ins.queue_url("UsageQueue"))
                    .message_body(*body);
                call.send().await.expect("it is sent");
            }
        }

        async fn left(&self, queue: &str) -> Vec<String> {
            let client = self.stand_ins.sqs_client();
            let call = client
                .receive_message()
                .queue_url(self.stand_ins.queue_url(queue))
                .max_number_of_messages(10);
            let received = call.send().await.expect("it is received");
            received.messages().iter().filter_map(|message| message.body.clone()).collect()
        }

        fn seen(&self) -> Vec<String> {
            self.seen.lock().expect("nobody panics").iter().filter_map(|record| record.body.clone()).collect()
        }
    }

    #[tokio::test]
    async fn what_a_worker_finishes_is_deleted_and_what_fails_comes_back_until_it_is_a_dead_letter() {
        let fixture = Fixture::start().await;
        fixture.send(&["good", "bad", "fine"]).await;
        let source = fixture.source();
        assert_eq!(drain(std::slice::from_ref(&source)).await.expect("it drains"), 3);
        for _ in 0..5 {
            fixture.clock.advance(TimeDelta::seconds(360));
            drain(std::slice::from_ref(&source)).await.expect("it drains");
        }
        assert_eq!(fixture.seen(), ["good", "bad", "fine", "bad", "bad", "bad", "bad"]);
        assert_eq!(fixture.left("UsageDeadLetters").await, ["bad"]);
    }

    #[tokio::test]
    async fn the_messages_of_a_worker_that_panics_come_back() {
        let fixture = Fixture::start().await;
        fixture.send(&["worse"]).await;
        assert_eq!(drain(&[fixture.source()]).await.expect("it drains"), 1);
        assert!(fixture.left("UsageQueue").await.is_empty());
        fixture.clock.advance(TimeDelta::seconds(360));
        assert_eq!(fixture.left("UsageQueue").await, ["worse"]);
    }

    #[tokio::test]
    async fn a_worker_sees_what_lambda_would_show_it() {
        let fixture = Fixture::start().await;
        fixture.send(&["one"]).await;
        drain(&[fixture.source()]).await.expect("it drains");
        let record = fixture.seen.lock().expect("nobody panics").remove(0);
        assert_eq!(record.event_source.as_deref(), Some("aws:sqs"));
        assert_eq!(record.event_source_arn.as_deref(), Some("arn:aws:sqs:us-east-1:000000000000:UsageQueue"));
        assert_eq!(record.attributes["ApproximateReceiveCount"], "1");
        assert_eq!(record.attributes["SentTimestamp"], "1700000000000");
    }

    #[tokio::test]
    async fn a_poller_works_until_it_is_stopped() {
        let fixture = Fixture::start().await;
        let stop = Stop::new();
        let source = fixture.source();
        let stopper = async {
            fixture.send(&["one", "two"]).await;
            while fixture.seen().len() < 2 {
                tokio::task::yield_now().await;
            }
            stop.stop();
        };
        tokio::join!(source.poll(&stop), stopper);
        fixture.clock.advance(TimeDelta::seconds(360));
        assert!(fixture.left("UsageQueue").await.is_empty());
    }
}
