//! Batches of messages, each with its own outcome.

use std::collections::HashMap;
use std::convert::Infallible;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::failure::{self, Failure};
use domain::time::Micros;
use lambda_runtime::{LambdaEvent, service_fn};

/// A message as the queue delivered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// The queue's id of the message, by which its outcome is reported.
    pub id: String,
    /// The body.
    pub body: String,
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
    let text = |(name, attribute): (String, aws_lambda_events::sqs::SqsMessageAttribute)| {
        attribute.string_value.map(|value| (name, value))
    };
    ReceivedMessage {
        id: record.message_id.unwrap_or_default(),
        body: record.body.unwrap_or_default(),
        sent_at: sent_at.map(|millis| Micros(millis.saturating_mul(1_000))),
        attributes: record.message_attributes.into_iter().filter_map(text).collect(),
    }
}

/// Returns the response to a batch with these message ids. Messages to be retried and messages without an outcome are
/// reported as failed, so that the queue delivers them again. Every failure is logged with its causes.
pub fn response(ids: &[String], outcomes: Vec<(String, Result<(), Failure>)>) -> SqsBatchResponse {
    let mut outcomes: HashMap<_, _> = outcomes.into_iter().collect();
    let mut response = SqsBatchResponse::default();
    for id in ids {
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
            }
            Some(Err(Failure::Retry(error))) => {
                tracing::error!(message.id = id, error = error.chain(), "a message failed and is retried");
            }
            None => tracing::error!(message.id = id, "a message has no outcome and is retried"),
        }
        response.add_failure(id);
    }
    response
}

/// Processes the messages of a batch one after another.
pub async fn each<F>(event: SqsEvent, handler: impl Fn(String) -> F) -> SqsBatchResponse
where
    F: Future<Output = Result<(), Failure>>,
{
    let (mut ids, mut outcomes) = (Vec::new(), Vec::new());
    for message in messages(event) {
        ids.push(message.id.clone());
        outcomes.push((message.id, handler(message.body).await));
    }
    response(&ids, outcomes)
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
                "messageId": "m1", "body": "b1", "attributes": {"SentTimestamp": "2051222400123"},
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
            sent_at: Some(Micros(2_051_222_400_123_000)),
            attributes: HashMap::from([("service".to_owned(), "glance".to_owned())]),
        };
        assert_eq!(messages.len(), 2);
        assert_eq!(messages[0], expected);
        assert_eq!((messages[1].sent_at, messages[1].attributes.len()), (None, 0));
    }

    #[test]
    fn only_messages_that_may_succeed_later_are_delivered_again() {
        let outcomes = vec![
            ("done".to_owned(), Ok(())),
            ("later".to_owned(), Err(Failure::Retry(Error::unavailable("no response")))),
            (
                "claimed".to_owned(),
                Err(Failure::Retry(Error::new(Kind::Conflict, "another worker has claimed it"))),
            ),
            ("never".to_owned(), Err(Failure::GiveUp(Error::invalid("invalid JSON")))),
        ];
        let ids = ["done", "later", "claimed", "never", "missing"].map(str::to_owned);
        let response = serde_json::to_value(response(&ids, outcomes)).expect("valid JSON");
        let expected = serde_json::json!({"batchItemFailures": [
            {"itemIdentifier": "later"}, {"itemIdentifier": "claimed"}, {"itemIdentifier": "missing"},
        ]});
        assert_eq!(response, expected);
    }
}
