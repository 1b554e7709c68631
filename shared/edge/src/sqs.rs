//! Batches of messages, each with its own outcome.

use std::collections::HashMap;
use std::convert::Infallible;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::failure::{self, Failure};
use domain::time::Micros;
use lambda_runtime::{LambdaEvent, service_fn};

/// A queued message, as it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The queue's id of the message, by which its outcome is reported.
    pub id: String,
    /// The body.
    pub body: String,
    /// When it was sent, where the queue says so.
    pub sent_at: Option<Micros>,
    /// The text attributes that its sender gave it.
    pub attributes: HashMap<String, String>,
}

/// The messages of a batch.
pub fn messages(event: SqsEvent) -> Vec<Message> {
    event.records.into_iter().map(message).collect()
}

/// Without an id, which is reported as an empty one, Lambda returns the whole batch: nothing is lost.
fn message(record: SqsMessage) -> Message {
    let sent_at = record.attributes.get("SentTimestamp").and_then(|millis| millis.parse::<i64>().ok());
    let text = |(name, attribute): (String, aws_lambda_events::sqs::SqsMessageAttribute)| {
        attribute.string_value.map(|value| (name, value))
    };
    Message {
        id: record.message_id.unwrap_or_default(),
        body: record.body.unwrap_or_default(),
        sent_at: sent_at.map(|millis| Micros(millis.saturating_mul(1_000))),
        attributes: record.message_attributes.into_iter().filter_map(text).collect(),
    }
}

/// What goes back to the queue out of the messages with these ids: those to be tried again, and those of which no
/// outcome is known. Every failure is logged here, with its causes.
pub fn response(ids: &[String], outcomes: Vec<(String, Result<(), Failure>)>) -> SqsBatchResponse {
    let mut outcomes: HashMap<_, _> = outcomes.into_iter().collect();
    let mut response = SqsBatchResponse::default();
    for id in ids {
        match outcomes.remove(id) {
            Some(Ok(())) => continue,
            Some(Err(Failure::GiveUp(error))) => {
                tracing::error!(message.id = id, error = error.chain(), "a message is dropped");
                continue;
            }
            Some(Err(Failure::Retry(error))) if failure::is_conflict(&error) => {
                tracing::warn!(
                    message.id = id,
                    reason = error.chain(),
                    "a message waits for somebody else's work"
                );
            }
            Some(Err(Failure::Retry(error))) => {
                tracing::error!(message.id = id, error = error.chain(), "a message goes back to its queue");
            }
            None => tracing::error!(message.id = id, "a message has no outcome and goes back to its queue"),
        }
        response.add_failure(id);
    }
    response
}

/// Works on batches under Lambda until the environment is shut down. The handler is given each batch and the time at
/// which Lambda will end it.
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
    fn a_message_says_who_it_is_when_it_was_sent_and_what_its_sender_added() {
        let event = serde_json::json!({"Records": [
            {
                "messageId": "m1", "body": "b1", "attributes": {"SentTimestamp": "2051222400123"},
                "messageAttributes": {
                    "service": {"stringValue": "glance", "dataType": "String"},
                    "picture": {"binaryValue": "AAAA", "dataType": "Binary"},
                },
            },
            {"messageId": "m2", "body": "b2", "attributes": {}, "messageAttributes": {}},
        ]});
        let messages = messages(serde_json::from_value(event).expect("it is a batch"));
        let expected = Message {
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
    fn what_may_succeed_later_goes_back_and_what_cannot_does_not() {
        let outcomes = vec![
            ("done".to_owned(), Ok(())),
            ("later".to_owned(), Err(Failure::Retry(Error::unavailable("no answer")))),
            ("held".to_owned(), Err(Failure::Retry(Error::new(Kind::Conflict, "somebody else has it")))),
            ("never".to_owned(), Err(Failure::GiveUp(Error::invalid("no JSON")))),
        ];
        let ids = ["done", "later", "held", "never", "forgotten"].map(str::to_owned);
        let response = serde_json::to_value(response(&ids, outcomes)).expect("it is JSON");
        let expected = serde_json::json!({"batchItemFailures": [
            {"itemIdentifier": "later"}, {"itemIdentifier": "held"}, {"itemIdentifier": "forgotten"},
        ]});
        assert_eq!(response, expected);
    }
}
