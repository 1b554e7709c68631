//! Tests of the service through the SDK's client.

use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageAttributeValue,
    MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::platform::clock::Clock;
use domain::platform::id::Ids;
use tokio::net::TcpListener;

use super::{Sqs, arn};
use crate::clients;
use crate::shutdown::Shutdown;

/// Time of a receive call that waits, seconds.
const LONG_POLL_SECONDS: i32 = 20;
/// Limit for a long poll that ends early.
const EARLY: Duration = Duration::from_secs(10);
/// The service's limit of a message, and of the messages of a batch, bytes.
const MAX_BYTES: usize = 256 * 1_024;

/// A running service, with a manual clock.
struct Service {
    client: Client,
    clock: Clock,
    shutdown: Shutdown,
}

impl Service {
    async fn start() -> Self {
        let clock = Clock::manual(DateTime::<Utc>::from_timestamp(1_700_000_000, 0).expect("valid time"));
        let sqs = Sqs::memory(clock.clone(), Ids::random()).expect("the store opens");
        Self::serve(sqs, clock).await
    }

    async fn serve(sqs: Sqs, clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let endpoint = format!("http://{}", listener.local_addr().expect("the listener is bound"));
        let shutdown = Shutdown::new();
        #[expect(clippy::disallowed_methods, reason = "the service runs concurrently with the test")]
        tokio::spawn(sqs.start(endpoint.clone(), shutdown.clone()).serve(listener));
        Self { client: Client::from_conf(clients::sqs(&endpoint).build()), clock, shutdown }
    }

    fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// Creates a queue with these attributes, and returns its URL.
    async fn queue(&self, name: &str, attributes: &[(QueueAttributeName, &str)]) -> String {
        let mut call = self.client.create_queue().queue_name(name);
        for (name, value) in attributes {
            call = call.attributes(name.clone(), *value);
        }
        call.send().await.expect("the queue is created").queue_url.expect("a URL")
    }

    async fn send(&self, url: &str, body: &str) -> String {
        let sent = self
            .client
            .send_message()
            .queue_url(url)
            .message_body(body)
            .send()
            .await
            .expect("the message is sent");
        sent.message_id.expect("an id")
    }

    async fn receive(&self, url: &str, limit: i32) -> Vec<Message> {
        let call = self.client.receive_message().queue_url(url).max_number_of_messages(limit);
        let call = call
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All");
        call.send().await.expect("messages are received").messages.unwrap_or_default()
    }

    async fn bodies(&self, url: &str) -> Vec<String> {
        self.receive(url, 10).await.into_iter().filter_map(|message| message.body).collect()
    }

    /// Returns the numbers of visible, in-flight and delayed messages.
    async fn counts(&self, url: &str) -> [String; 3] {
        let call = self.client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let all = call.send().await.expect("the queue is described").attributes.expect("attributes");
        [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ]
        .map(|name| all[&name].clone())
    }
}

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().expect("all members are set")
}

fn redrive_policy(target: &str, max_receive_count: u32) -> String {
    format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{max_receive_count}}}"#, arn(target))
}

#[tokio::test]
async fn a_received_message_is_invisible_until_the_timeout_or_its_deletion() {
    let service = Service::start().await;
    let url = service.queue("work", &[(QueueAttributeName::VisibilityTimeout, "60")]).await;
    let id = service.send(&url, "one").await;

    let first = service.receive(&url, 10).await.remove(0);
    assert_eq!((first.message_id(), first.body()), (Some(id.as_str()), Some("one")));
    service.advance(59);
    assert!(service.receive(&url, 10).await.is_empty());
    service.advance(1);
    let second = service.receive(&url, 10).await.remove(0);
    let attributes = second.attributes().expect("attributes were requested");
    assert_eq!(attributes[&MessageSystemAttributeName::ApproximateReceiveCount], "2");
    assert_eq!(attributes[&MessageSystemAttributeName::SentTimestamp], "1700000000000");

    let delete = |handle: Option<String>| {
        service.client.delete_message().queue_url(&url).set_receipt_handle(handle).send()
    };
    delete(first.receipt_handle).await.expect("a stale handle is accepted");
    assert_eq!(service.counts(&url).await, ["0", "1", "0"]);
    delete(second.receipt_handle).await.expect("the message is deleted");
    assert_eq!(service.counts(&url).await, ["0", "0", "0"]);
    let error = delete(Some("nonsense".to_owned())).await.expect_err("an invalid handle");
    assert_eq!(error.code(), Some("ReceiptHandleIsInvalid"));
}

#[tokio::test]
async fn a_delayed_message_is_invisible_until_it_is_due() {
    let service = Service::start().await;
    let url = service.queue("work", &[(QueueAttributeName::DelaySeconds, "5")]).await;
    service.send(&url, "delay of the queue").await;
    let call =
        service.client.send_message().queue_url(&url).message_body("delay of its own").delay_seconds(900);
    call.send().await.expect("the message is sent");
    let call = service.client.send_message().queue_url(&url).message_body("no delay").delay_seconds(0);
    call.send().await.expect("the message is sent");

    assert_eq!(service.counts(&url).await, ["1", "0", "2"]);
    assert_eq!(service.bodies(&url).await, ["no delay"]);
    service.advance(5);
    assert_eq!(service.bodies(&url).await, ["delay of the queue"]);
    service.advance(895);
    assert!(service.bodies(&url).await.contains(&"delay of its own".to_owned()));
}

#[tokio::test]
async fn a_message_received_too_often_becomes_a_dead_letter_with_its_id() {
    let service = Service::start().await;
    let dead = service.queue("dead", &[]).await;
    let policy = redrive_policy("dead", 3);
    let attributes =
        [(QueueAttributeName::VisibilityTimeout, "1"), (QueueAttributeName::RedrivePolicy, &policy)];
    let url = service.queue("work", &attributes).await;
    let id = service.send(&url, "bad").await;
    for _ in 0..3 {
        assert_eq!(service.bodies(&url).await, ["bad"]);
        service.advance(1);
    }
    assert_eq!(service.counts(&dead).await, ["0", "0", "0"]);
    assert!(service.bodies(&url).await.is_empty());
    assert_eq!(service.counts(&url).await, ["0", "0", "0"]);
    let letter = service.receive(&dead, 1).await.remove(0);
    assert_eq!(letter.message_id(), Some(id.as_str()));
    let attributes = letter.attributes().expect("attributes were requested");
    assert_eq!(attributes[&MessageSystemAttributeName::DeadLetterQueueSourceArn], arn("work"));
}

#[tokio::test]
async fn a_dead_letter_does_not_count_as_a_received_message() {
    let service = Service::start().await;
    service.queue("dead", &[]).await;
    let url = service.queue("work", &[(QueueAttributeName::RedrivePolicy, &redrive_policy("dead", 1))]).await;
    service.send(&url, "bad").await;
    assert_eq!(service.receive(&url, 1).await.len(), 1);
    service.advance(30);
    service.send(&url, "good").await;
    let received = service.receive(&url, 1).await;
    assert_eq!(received[0].body(), Some("good"));
}

#[tokio::test]
async fn visibility_is_changed_by_single_and_batch_calls() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    service.send(&url, "one").await;
    let handle = service.receive(&url, 1).await.remove(0).receipt_handle.expect("a receipt handle");
    let change = |seconds| {
        service
            .client
            .change_message_visibility()
            .queue_url(&url)
            .receipt_handle(&handle)
            .visibility_timeout(seconds)
    };
    change(100).send().await.expect("the message is in flight");
    service.advance(99);
    assert!(service.bodies(&url).await.is_empty());
    change(0).send().await.expect("the message is in flight");
    let error = change(10).send().await.expect_err("the message is visible");
    assert_eq!(error.code(), Some("AWS.SimpleQueueService.MessageNotInflight"));
    assert_eq!(
        change(43_201).send().await.expect_err("above the limit").code(),
        Some("InvalidParameterValue")
    );

    let handle = service.receive(&url, 1).await.remove(0).receipt_handle.expect("a receipt handle");
    let entry = |id: &str, handle: &str| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle);
        entry.visibility_timeout(0).build().expect("all members are set")
    };
    let call = service.client.change_message_visibility_batch().queue_url(&url);
    let call = call.entries(entry("good", &handle)).entries(entry("bad", "nonsense"));
    let result = call.send().await.expect("the call succeeds");
    assert_eq!(result.successful()[0].id(), "good");
    assert_eq!((result.failed()[0].id(), result.failed()[0].code()), ("bad", "ReceiptHandleIsInvalid"));
    assert_eq!(service.bodies(&url).await, ["one"]);
}

#[tokio::test]
async fn digests_of_body_and_attributes_match_those_of_the_client() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    let text = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("glance")
        .build()
        .expect("all members are set");
    let number = MessageAttributeValue::builder()
        .data_type("Number.int")
        .string_value("7")
        .build()
        .expect("all members are set");
    let bytes = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([0, 255]));
    let call = service.client.send_message().queue_url(&url).message_body("{\"a\":\"\u{3bb}\u{1f600}\"}");
    let call = call.message_attributes("service", text).message_attributes("number", number);
    let sent = call
        .message_attributes("bytes", bytes.build().expect("all members are set"))
        .send()
        .await
        .expect("the digests match");
    let received = service.receive(&url, 1).await.remove(0);
    assert_eq!(received.body(), Some("{\"a\":\"\u{3bb}\u{1f600}\"}"));
    assert_eq!(received.md5_of_message_attributes(), sent.md5_of_message_attributes());
    let attributes = received.message_attributes().expect("attributes were requested");
    assert_eq!(attributes["service"].string_value(), Some("glance"));
    assert_eq!(attributes["bytes"].binary_value().map(Blob::as_ref), Some(&[0_u8, 255][..]));
}

#[tokio::test]
async fn a_batch_beyond_the_limits_is_rejected_as_a_whole() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    let error_code = async |entries: Vec<SendMessageBatchRequestEntry>| {
        let call = service.client.send_message_batch().queue_url(&url).set_entries(Some(entries));
        call.send().await.expect_err("above a limit").code().map(str::to_owned).expect("a code")
    };
    let eleven = (0..11).map(|n| entry(&n.to_string(), "x")).collect();
    let large = "x".repeat(MAX_BYTES / 2 + 1);
    let code = |name| format!("AWS.SimpleQueueService.{name}");
    assert_eq!(error_code(Vec::new()).await, code("EmptyBatchRequest"));
    assert_eq!(error_code(eleven).await, code("TooManyEntriesInBatchRequest"));
    assert_eq!(error_code(vec![entry("a", "x"), entry("a", "y")]).await, code("BatchEntryIdsNotDistinct"));
    assert_eq!(error_code(vec![entry("a b", "x")]).await, code("InvalidBatchEntryId"));
    assert_eq!(error_code(vec![entry("a", &large), entry("b", &large)]).await, code("BatchRequestTooLong"));
    assert_eq!(service.counts(&url).await, ["0", "0", "0"]);

    let single = service.client.send_message().queue_url(&url).message_body("x".repeat(MAX_BYTES + 1));
    assert_eq!(single.send().await.expect_err("above the limit").code(), Some("InvalidParameterValue"));
    service.send(&url, &"x".repeat(MAX_BYTES)).await;
}

#[tokio::test]
async fn an_invalid_entry_does_not_affect_the_others_of_its_batch() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    let entries = vec![entry("a", "good"), entry("b", "bell \u{7}"), entry("c", "good too")];
    let call = service.client.send_message_batch().queue_url(&url).set_entries(Some(entries));
    let result = call.send().await.expect("the call succeeds");
    assert_eq!(result.successful().len(), 2);
    let failed = &result.failed()[0];
    assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("b", "InvalidMessageContents", true));

    let received = service.receive(&url, 10).await;
    let delete = received.iter().enumerate().map(|(n, message)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(n.to_string());
        entry.set_receipt_handle(message.receipt_handle.clone()).build().expect("all members are set")
    });
    let call = service.client.delete_message_batch().queue_url(&url).set_entries(Some(delete.collect()));
    assert_eq!(call.send().await.expect("the call succeeds").successful().len(), 2);
    assert_eq!(service.counts(&url).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn a_long_poll_returns_a_message_as_soon_as_it_is_sent() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    let started = Instant::now();
    let waiting =
        service.client.receive_message().queue_url(&url).wait_time_seconds(LONG_POLL_SECONDS).send();
    let (received, _) = tokio::join!(waiting, service.send(&url, "late"));
    assert_eq!(received.expect("the call succeeds").messages().len(), 1);
    assert!(started.elapsed() < EARLY);
}

#[tokio::test]
async fn a_long_poll_ends_at_shutdown() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    let started = Instant::now();
    let waiting =
        service.client.receive_message().queue_url(&url).wait_time_seconds(LONG_POLL_SECONDS).send();
    let (received, ()) = tokio::join!(waiting, async {
        service.counts(&url).await;
        service.shutdown.trigger();
    });
    assert!(received.expect("the call succeeds").messages().is_empty());
    assert!(started.elapsed() < EARLY);
}

#[tokio::test]
async fn a_queue_can_be_created_again_only_with_the_same_attributes() {
    let service = Service::start().await;
    let thirty = (QueueAttributeName::VisibilityTimeout, "30");
    let url = service.queue("work", std::slice::from_ref(&thirty)).await;
    assert_eq!(service.queue("work", &[thirty]).await, url);
    let other = service
        .client
        .create_queue()
        .queue_name("work")
        .attributes(QueueAttributeName::VisibilityTimeout, "9");
    assert_eq!(other.send().await.expect_err("an attribute differs").code(), Some("QueueAlreadyExists"));

    let found = service.client.get_queue_url().queue_name("work").send().await.expect("the queue exists");
    assert_eq!(found.queue_url(), Some(url.as_str()));
    let missing = service.client.get_queue_url().queue_name("none").send().await.expect_err("no such queue");
    assert_eq!(missing.code(), Some("AWS.SimpleQueueService.NonExistentQueue"));
    assert!(missing.into_service_error().is_queue_does_not_exist());

    service.queue("other", &[]).await;
    let listed =
        service.client.list_queues().queue_name_prefix("wo").send().await.expect("the queues are listed");
    assert_eq!(listed.queue_urls(), [url]);
}

#[tokio::test]
async fn a_queue_is_updated_and_purged_and_drops_messages_past_their_retention() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    let call = service.client.set_queue_attributes().queue_url(&url);
    call.attributes(QueueAttributeName::MessageRetentionPeriod, "60")
        .send()
        .await
        .expect("the attribute is set");
    service.send(&url, "old").await;
    service.advance(60);
    assert_eq!(service.counts(&url).await, ["0", "0", "0"]);
    service.send(&url, "new").await;
    assert_eq!(service.bodies(&url).await, ["new"]);

    service.client.purge_queue().queue_url(&url).send().await.expect("the queue is purged");
    assert_eq!(service.counts(&url).await, ["0", "0", "0"]);
    let call = service.client.set_queue_attributes().queue_url(&url);
    let call = call.attributes(QueueAttributeName::RedrivePolicy, redrive_policy("nowhere", 3));
    assert_eq!(
        call.send().await.expect_err("no such dead-letter queue").code(),
        Some("InvalidParameterValue")
    );
}

#[tokio::test]
async fn messages_survive_a_restart_of_the_service() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("sqs.sqlite");
    let clock = Clock::manual(DateTime::<Utc>::from_timestamp(1_700_000_000, 0).expect("valid time"));
    let first =
        Service::serve(Sqs::open(&file, clock.clone()).expect("the store opens"), clock.clone()).await;
    let url = first.queue("work", &[(QueueAttributeName::VisibilityTimeout, "7")]).await;
    first.send(&url, "kept").await;
    first.shutdown.trigger();

    let second = Service::serve(Sqs::open(&file, clock.clone()).expect("the store opens"), clock).await;
    // The URL has the first service's port, but only the name in it counts.
    assert_eq!(second.bodies(&url).await, ["kept"]);
    second.advance(7);
    assert_eq!(second.bodies(&url).await, ["kept"]);
}
