//! The service through the real client.

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
use tokio::net::TcpListener;

use super::{Sqs, arn};
use crate::clients;
use crate::stop::Stop;

/// A service in memory, and a clock that only a test moves.
struct Service {
    client: Client,
    clock: Clock,
    stop: Stop,
}

impl Service {
    async fn start() -> Self {
        let clock = Clock::manual(DateTime::<Utc>::from_timestamp(1_700_000_000, 0).expect("a time"));
        let sqs = Sqs::memory(clock.clone()).expect("memory opens");
        Self::serve(sqs, clock).await
    }

    async fn serve(sqs: Sqs, clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let stop = Stop::new();
        #[expect(clippy::disallowed_methods, reason = "the service runs beside the test")]
        tokio::spawn(sqs.serve(listener, stop.clone()));
        Self { client: Client::from_conf(clients::sqs(&endpoint).build()), clock, stop }
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// Makes a queue with these attributes; its URL.
    async fn queue(&self, name: &str, attributes: &[(QueueAttributeName, &str)]) -> String {
        let mut call = self.client.create_queue().queue_name(name);
        for (name, value) in attributes {
            call = call.attributes(name.clone(), *value);
        }
        call.send().await.expect("it is made").queue_url.expect("it has an address")
    }

    async fn send(&self, url: &str, body: &str) -> String {
        let sent =
            self.client.send_message().queue_url(url).message_body(body).send().await.expect("it is sent");
        sent.message_id.expect("it has an id")
    }

    async fn receive(&self, url: &str, most: i32) -> Vec<Message> {
        let call = self.client.receive_message().queue_url(url).max_number_of_messages(most);
        let call = call
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All");
        call.send().await.expect("it is received").messages.unwrap_or_default()
    }

    async fn bodies(&self, url: &str) -> Vec<String> {
        self.receive(url, 10).await.into_iter().filter_map(|message| message.body).collect()
    }

    /// Visible, in flight, delayed.
    async fn counts(&self, url: &str) -> [String; 3] {
        let call = self.client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let all = call.send().await.expect("it is described").attributes.expect("it has attributes");
        [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ]
        .map(|name| all[&name].clone())
    }
}

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().expect("it is whole")
}

fn redrive(target: &str, most: u32) -> String {
    format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{most}}}"#, arn(target))
}

#[tokio::test]
async fn a_message_is_hidden_when_received_and_back_after_the_time_out_and_gone_when_deleted() {
    let service = Service::start().await;
    let url = service.queue("work", &[(QueueAttributeName::VisibilityTimeout, "60")]).await;
    let id = service.send(&url, "one").await;

    let first = service.receive(&url, 10).await.remove(0);
    assert_eq!((first.message_id(), first.body()), (Some(id.as_str()), Some("one")));
    service.pass(59);
    assert!(service.receive(&url, 10).await.is_empty());
    service.pass(1);
    let second = service.receive(&url, 10).await.remove(0);
    let attributes = second.attributes().expect("all were asked for");
    assert_eq!(attributes[&MessageSystemAttributeName::ApproximateReceiveCount], "2");
    assert_eq!(attributes[&MessageSystemAttributeName::SentTimestamp], "1700000000000");

    let delete = |handle: Option<String>| {
        service.client.delete_message().queue_url(&url).set_receipt_handle(handle).send()
    };
    delete(first.receipt_handle).await.expect("an old handle is no error");
    assert_eq!(service.counts(&url).await, ["0", "1", "0"]);
    delete(second.receipt_handle).await.expect("it is deleted");
    assert_eq!(service.counts(&url).await, ["0", "0", "0"]);
    let refused = delete(Some("nonsense".to_owned())).await.expect_err("no handle");
    assert_eq!(refused.code(), Some("ReceiptHandleIsInvalid"));
}

#[tokio::test]
async fn a_delayed_message_is_counted_apart_until_it_is_due() {
    let service = Service::start().await;
    let url = service.queue("work", &[(QueueAttributeName::DelaySeconds, "5")]).await;
    service.send(&url, "by the queue").await;
    let call = service.client.send_message().queue_url(&url).message_body("by itself").delay_seconds(900);
    call.send().await.expect("it is sent");
    let call = service.client.send_message().queue_url(&url).message_body("at once").delay_seconds(0);
    call.send().await.expect("it is sent");

    assert_eq!(service.counts(&url).await, ["1", "0", "2"]);
    assert_eq!(service.bodies(&url).await, ["at once"]);
    service.pass(5);
    assert_eq!(service.bodies(&url).await, ["by the queue"]);
    service.pass(895);
    assert!(service.bodies(&url).await.contains(&"by itself".to_owned()));
}

#[tokio::test]
async fn what_is_received_too_often_becomes_a_dead_letter_with_its_id() {
    let service = Service::start().await;
    let dead = service.queue("dead", &[]).await;
    let policy = redrive("dead", 3);
    let attributes =
        [(QueueAttributeName::VisibilityTimeout, "1"), (QueueAttributeName::RedrivePolicy, &policy)];
    let url = service.queue("work", &attributes).await;
    let id = service.send(&url, "bad").await;
    for _ in 0..3 {
        assert_eq!(service.bodies(&url).await, ["bad"]);
        service.pass(1);
    }
    assert_eq!(service.counts(&dead).await, ["0", "0", "0"]);
    assert!(service.bodies(&url).await.is_empty());
    assert_eq!(service.counts(&url).await, ["0", "0", "0"]);
    let letter = service.receive(&dead, 1).await.remove(0);
    assert_eq!(letter.message_id(), Some(id.as_str()));
    let attributes = letter.attributes().expect("all were asked for");
    assert_eq!(attributes[&MessageSystemAttributeName::DeadLetterQueueSourceArn], arn("work"));
}

#[tokio::test]
async fn a_dead_letter_does_not_take_the_place_of_a_good_message() {
    let service = Service::start().await;
    service.queue("dead", &[]).await;
    let url = service.queue("work", &[(QueueAttributeName::RedrivePolicy, &redrive("dead", 1))]).await;
    service.send(&url, "bad").await;
    assert_eq!(service.receive(&url, 1).await.len(), 1);
    service.pass(30);
    service.send(&url, "good").await;
    let received = service.receive(&url, 1).await;
    assert_eq!(received[0].body(), Some("good"));
}

#[tokio::test]
async fn visibility_is_changed_singly_and_in_batches() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    service.send(&url, "one").await;
    let handle = service.receive(&url, 1).await.remove(0).receipt_handle.expect("a handle");
    let change = |seconds| {
        service
            .client
            .change_message_visibility()
            .queue_url(&url)
            .receipt_handle(&handle)
            .visibility_timeout(seconds)
    };
    change(100).send().await.expect("it is in flight");
    service.pass(99);
    assert!(service.bodies(&url).await.is_empty());
    change(0).send().await.expect("it is in flight");
    let refused = change(10).send().await.expect_err("it is not in flight any more");
    assert_eq!(refused.code(), Some("AWS.SimpleQueueService.MessageNotInflight"));
    assert_eq!(change(43_201).send().await.expect_err("too long").code(), Some("InvalidParameterValue"));

    let handle = service.receive(&url, 1).await.remove(0).receipt_handle.expect("a handle");
    let entry = |id: &str, handle: &str| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle);
        entry.visibility_timeout(0).build().expect("it is whole")
    };
    let call = service.client.change_message_visibility_batch().queue_url(&url);
    let call = call.entries(entry("good", &handle)).entries(entry("bad", "nonsense"));
    let answer = call.send().await.expect("the call is fine");
    assert_eq!(answer.successful()[0].id(), "good");
    assert_eq!((answer.failed()[0].id(), answer.failed()[0].code()), ("bad", "ReceiptHandleIsInvalid"));
    assert_eq!(service.bodies(&url).await, ["one"]);
}

#[tokio::test]
async fn the_client_finds_its_own_digests_of_body_and_attributes() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    let text =
        MessageAttributeValue::builder().data_type("String").string_value("glance").build().expect("whole");
    let number =
        MessageAttributeValue::builder().data_type("Number.int").string_value("7").build().expect("whole");
    let bytes = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([0, 255]));
    let call = service.client.send_message().queue_url(&url).message_body("{\"a\":\"\u{3bb}\u{1f600}\"}");
    let call = call.message_attributes("service", text).message_attributes("number", number);
    let sent =
        call.message_attributes("bytes", bytes.build().expect("whole")).send().await.expect("digests agree");
    let received = service.receive(&url, 1).await.remove(0);
    assert_eq!(received.body(), Some("{\"a\":\"\u{3bb}\u{1f600}\"}"));
    assert_eq!(received.md5_of_message_attributes(), sent.md5_of_message_attributes());
    let attributes = received.message_attributes().expect("all were asked for");
    assert_eq!(attributes["service"].string_value(), Some("glance"));
    assert_eq!(attributes["bytes"].binary_value().map(Blob::as_ref), Some(&[0_u8, 255][..]));
}

#[tokio::test]
async fn a_batch_is_refused_whole_beyond_the_limits() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    let refused = async |entries: Vec<SendMessageBatchRequestEntry>| {
        let call = service.client.send_message_batch().queue_url(&url).set_entries(Some(entries));
        call.send().await.expect_err("refused").code().map(str::to_owned).expect("it has a code")
    };
    let eleven = (0..11).map(|n| entry(&n.to_string(), "x")).collect();
    let large = "x".repeat(131_073);
    let code = |name| format!("AWS.SimpleQueueService.{name}");
    assert_eq!(refused(Vec::new()).await, code("EmptyBatchRequest"));
    assert_eq!(refused(eleven).await, code("TooManyEntriesInBatchRequest"));
    assert_eq!(refused(vec![entry("a", "x"), entry("a", "y")]).await, code("BatchEntryIdsNotDistinct"));
    assert_eq!(refused(vec![entry("a b", "x")]).await, code("InvalidBatchEntryId"));
    assert_eq!(refused(vec![entry("a", &large), entry("b", &large)]).await, code("BatchRequestTooLong"));
    assert_eq!(service.counts(&url).await, ["0", "0", "0"]);

    let single = service.client.send_message().queue_url(&url).message_body("x".repeat(262_145));
    assert_eq!(single.send().await.expect_err("too long").code(), Some("InvalidParameterValue"));
    service.send(&url, &"x".repeat(262_144)).await;
}

#[tokio::test]
async fn one_bad_entry_leaves_the_others_of_its_batch() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    let entries = vec![entry("a", "good"), entry("b", "bell \u{7}"), entry("c", "good too")];
    let call = service.client.send_message_batch().queue_url(&url).set_entries(Some(entries));
    let answer = call.send().await.expect("the call is fine");
    assert_eq!(answer.successful().len(), 2);
    let failed = &answer.failed()[0];
    assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("b", "InvalidMessageContents", true));

    let received = service.receive(&url, 10).await;
    let delete = received.iter().enumerate().map(|(n, message)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(n.to_string());
        entry.set_receipt_handle(message.receipt_handle.clone()).build().expect("it is whole")
    });
    let call = service.client.delete_message_batch().queue_url(&url).set_entries(Some(delete.collect()));
    assert_eq!(call.send().await.expect("the call is fine").successful().len(), 2);
    assert_eq!(service.counts(&url).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn a_waiting_receive_has_a_message_as_soon_as_it_is_sent() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    let begun = Instant::now();
    let waiting = service.client.receive_message().queue_url(&url).wait_time_seconds(20).send();
    let (received, _) = tokio::join!(waiting, service.send(&url, "late"));
    assert_eq!(received.expect("it is received").messages().len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_waiting_receive_ends_when_the_service_is_stopped() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    let begun = Instant::now();
    let waiting = service.client.receive_message().queue_url(&url).wait_time_seconds(20).send();
    let (received, ()) = tokio::join!(waiting, async {
        service.counts(&url).await;
        service.stop.stop();
    });
    assert!(received.expect("it is answered").messages().is_empty());
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_queue_is_made_once_and_not_twice_with_different_attributes() {
    let service = Service::start().await;
    let thirty = (QueueAttributeName::VisibilityTimeout, "30");
    let url = service.queue("work", std::slice::from_ref(&thirty)).await;
    assert_eq!(service.queue("work", &[thirty]).await, url);
    let other = service
        .client
        .create_queue()
        .queue_name("work")
        .attributes(QueueAttributeName::VisibilityTimeout, "9");
    assert_eq!(other.send().await.expect_err("it differs").code(), Some("QueueAlreadyExists"));

    let found = service.client.get_queue_url().queue_name("work").send().await.expect("it is there");
    assert_eq!(found.queue_url(), Some(url.as_str()));
    let missing =
        service.client.get_queue_url().queue_name("none").send().await.expect_err("it is not there");
    assert_eq!(missing.code(), Some("AWS.SimpleQueueService.NonExistentQueue"));
    assert!(missing.into_service_error().is_queue_does_not_exist());

    service.queue("other", &[]).await;
    let listed = service.client.list_queues().queue_name_prefix("wo").send().await.expect("they are listed");
    assert_eq!(listed.queue_urls(), [url]);
}

#[tokio::test]
async fn a_queue_is_changed_and_purged_and_forgets_what_is_too_old() {
    let service = Service::start().await;
    let url = service.queue("work", &[]).await;
    let call = service.client.set_queue_attributes().queue_url(&url);
    call.attributes(QueueAttributeName::MessageRetentionPeriod, "60").send().await.expect("it is set");
    service.send(&url, "old").await;
    service.pass(60);
    assert_eq!(service.counts(&url).await, ["0", "0", "0"]);
    service.send(&url, "new").await;
    assert_eq!(service.bodies(&url).await, ["new"]);

    service.client.purge_queue().queue_url(&url).send().await.expect("it is purged");
    assert_eq!(service.counts(&url).await, ["0", "0", "0"]);
    let call = service.client.set_queue_attributes().queue_url(&url);
    let call = call.attributes(QueueAttributeName::RedrivePolicy, redrive("nowhere", 3));
    assert_eq!(call.send().await.expect_err("no such target").code(), Some("InvalidParameterValue"));
}

#[tokio::test]
async fn messages_outlive_the_service_in_their_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("sqs.sqlite");
    let clock = Clock::manual(DateTime::<Utc>::from_timestamp(1_700_000_000, 0).expect("a time"));
    let first = Service::serve(Sqs::open(&file, clock.clone()).expect("it opens"), clock.clone()).await;
    let url = first.queue("work", &[(QueueAttributeName::VisibilityTimeout, "7")]).await;
    first.send(&url, "kept").await;
    first.stop.stop();

    let second = Service::serve(Sqs::open(&file, clock.clone()).expect("it opens"), clock).await;
    // The address names the first service's port; the name in it is what counts.
    assert_eq!(second.bodies(&url).await, ["kept"]);
    second.pass(7);
    assert_eq!(second.bodies(&url).await, ["kept"]);
}
