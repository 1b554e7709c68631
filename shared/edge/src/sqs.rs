//! Batches of messages, each with its own outcome.

use std::collections::HashMap;
use std::convert::Infallible;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::failure::{self, Failure};
use domain::time::Micros;
use domain::work::queue::{Queue, Return};
use lambda_runtime::{LambdaEvent, service_fn};

/// A message as the queue delivered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// The queue's id of the message, by which its outcome is reported.
    pub id: String,
    /// The body.
    pub body: String,
    /// The handle with which it was received.
    pub receipt: String,
    /// How often it was delivered.
    pub deliveries: u32,
    /// When it was sent; `None` if the queue does not report it.
    pub sent_at: Option<Micros>,
    /// The text attributes that its sender set.
    pub attributes: HashMap<String, String>,
}

/// Returns the messages of a batch.
pub fn messages(event: SqsEvent) -> Vec<ReceivedMessage> {
    event.records.into_iter().map(message).collect()
}

/// Converts a record. If it has no id, its failure is reported with an empty one, for which Lambda redelivers the whole
/// batch: no message is lost.
fn message(record: SqsMessage) -> ReceivedMessage {
    let sent_at = record.attributes.get("SentTimestamp").and_then(|millis| millis.parse::<i64>().ok());
    let deliveries = record.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
    let text = |(name, attribute): (String, aws_lambda_events::sqs::SqsMessageAttribute)| {
        attribute.string_value.map(|value| (name, value))
    };
    ReceivedMessage {
        id: record.message_id.unwrap_or_default(),
        body: record.body.unwrap_or_default(),
        receipt: record.receipt_handle.unwrap_or_default(),
        deliveries: deliveries.unwrap_or(1),
        sent_at: sent_at.map(|millis| Micros(millis.saturating_mul(1_000))),
        attributes: record.message_attributes.into_iter().filter_map(text).collect(),
    }
}

/// Returns the response to a batch from `queue`. Messages to be retried and messages without an outcome are reported as
/// failed, so that the queue delivers them again: within seconds after a conflict, and otherwise after its visibility
/// timeout. Every failure is logged with its causes.
pub async fn settled(
    messages: &[ReceivedMessage],
    outcomes: Vec<(String, Result<(), Failure>)>,
    queue: &Queue,
) -> SqsBatchResponse {
    let (response, returned) = response(messages, outcomes);
    if let Err(error) = queue.return_all(returned).await {
        tracing::warn!(error = error.chain(), "messages return after the visibility timeout");
    }
    response
}

/// Returns the response to a batch, and the messages that return within seconds.
fn response(
    messages: &[ReceivedMessage],
    outcomes: Vec<(String, Result<(), Failure>)>,
) -> (SqsBatchResponse, Vec<Return>) {
    let mut outcomes: HashMap<_, _> = outcomes.into_iter().collect();
    let (mut response, mut returned) = (SqsBatchResponse::default(), Vec::new());
    for message in messages {
        let id = &message.id;
        match outcomes.remove(id) {
            Some(Ok(())) => continue,
            Some(Err(Failure::GiveUp(error))) => {
                tracing::error!(
                    message.id = id,
                    error = error.chain(),
                    "a message is dropped: it cannot succeed"
                );
                continue;
            }
            Some(Err(Failure::Retry(error))) if failure::is_conflict(&error) => {
                tracing::warn!(
                    message.id = id,
                    reason = error.chain(),
                    "a message is retried after a conflict"
                );
                let seconds = failure::return_seconds(message.deliveries, id);
                returned.push(Return { receipt: message.receipt.clone(), seconds });
            }
            Some(Err(Failure::Retry(error))) => {
                tracing::error!(message.id = id, error = error.chain(), "a message failed and is retried");
            }
            None => tracing::error!(message.id = id, "a message has no outcome and is retried"),
        }
        response.add_failure(id);
    }
    (response, returned)
}

/// Processes the messages of a batch from `queue` one after another.
pub async fn each<F>(event: SqsEvent, queue: &Queue, handler: impl Fn(String) -> F) -> SqsBatchResponse
where
    F: Future<Output = Result<(), Failure>>,
{
    let messages = messages(event);
    let mut outcomes = Vec::new();
    for message in &messages {
        outcomes.push((message.id.clone(), handler(message.body.clone()).await));
    }
    settled(&messages, outcomes, queue).await
}

/// Calls the handler for each batch until Lambda shuts down the environment, with the time at which Lambda will end the
/// invocation.
pub async fn run<H>(handler: H) -> Result<(), crate::Error>
where
    H: AsyncFn(SqsEvent, Micros) -> SqsBatchResponse,
{
    let handler = &handler;
    let service = service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        let deadline =
            Micros(i64::try_from(event.context.deadline).unwrap_or(i64::MAX).saturating_mul(1_000));
        Ok::<_, Infallible>(handler(event.payload, deadline).await)
    });
    lambda_runtime::run(service).await
}

#[cfg(test)]
mod tests {
    use domain::error::{Error, Kind};

    use super::*;

    #[test]
    fn a_message_has_its_id_its_time_and_its_text_attributes() {
        let event = serde_json::json!({"Records": [
            {
                "messageId": "m1", "body": "b1", "receiptHandle": "r1",
                "attributes": {"SentTimestamp": "2051222400123", "ApproximateReceiveCount": "3"},
                "messageAttributes": {
                    "service": {"stringValue": "glance", "dataType": "String"},
                    "checksum": {"binaryValue": "AAAA", "dataType": "Binary"},
                },
            },
            {"messageId": "m2", "body": "b2", "attributes": {}, "messageAttributes": {}},
        ]});
        let messages = messages(serde_json::from_value(event).expect("a batch"));
        let expected = ReceivedMessage {
            id: "m1".to_owned(),
            body: "b1".to_owned(),
            receipt: "r1".to_owned(),
            deliveries: 3,
            sent_at: Some(Micros(2_051_222_400_123_000)),
            attributes: HashMap::from([("service".to_owned(), "glance".to_owned())]),
        };
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[0], expected);
        assert_eq!((messages[1].sent_at, messages[1].deliveries, messages[1].attributes.len()), (None, 1, 0));
    }

    #[test]
    fn only_messages_that_may_succeed_later_are_delivered_again_and_after_a_conflict_within_seconds() {
        let outcomes = vec![
            ("done".to_owned(), Ok(())),
            ("later".to_owned(), Err(Failure::Retry(Error::unavailable("no response")))),
            (
                "claimed".to_owned(),
                Err(Failure::Retry(Error::new(Kind::Conflict, "another worker has claimed it"))),
            ),
            ("never".to_owned(), Err(Failure::GiveUp(Error::invalid("invalid JSON")))),
        ];
        let message = |id: &str| ReceivedMessage {
            id: id.to_owned(),
            body: String::new(),
            receipt: format!("receipt of {id}"),
            deliveries: 1,
            sent_at: None,
            attributes: HashMap::new(),
        };
        let messages = ["done", "later", "claimed", "never", "missing"].map(message);
        let (response, returned) = response(&messages, outcomes);
        let returned: Vec<_> = returned.iter().map(|message| message.receipt.as_str()).collect();
        assert_eq!(returned, ["receipt of claimed"]);
        let response = serde_json::to_value(response).expect("valid JSON");
        let expected = serde_json::json!({"batchItemFailures": [
            {"itemIdentifier": "later"}, {"itemIdentifier": "claimed"}, {"itemIdentifier": "missing"},
        ]});
        assert_eq!(response, expected);
    }
}
