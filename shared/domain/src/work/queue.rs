//! Sends messages to SQS, and returns received ones. Every message that Steward sends passes through here.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, SendMessageBatchRequestEntry};

use crate::error::Error;

/// Bytes that the messages of one call may have in total.
const CALL_BYTES: usize = 256 * 1_024;
/// Messages of one call.
const CALL_MESSAGES: usize = 10;

/// Seconds that a queue can delay a message.
pub const LONGEST_DELAY: i64 = 15 * 60;

/// A queue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

/// A received message that is to be delivered again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// The handle with which it was received.
    pub receipt: String,
    /// Seconds after which it is delivered again.
    pub seconds: i32,
}

/// A failure to send all messages. Those before the first refused one are in the queue.
#[derive(Debug)]
pub struct Unsent {
    /// How many messages were sent, counted from the first one.
    pub sent: usize,
    /// Why the next message was not sent.
    pub error: Error,
}

impl Queue {
    /// Returns the queue at this URL.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// Sends one message. It is delivered at least once.
    pub async fn send(&self, body: String) -> Result<(), Error> {
        self.send_all(vec![body]).await.map_err(|unsent| unsent.error)
    }

    /// Sends one message that is delivered after `seconds`, at most [`LONGEST_DELAY`].
    pub async fn send_after(&self, body: String, seconds: i64) -> Result<(), Error> {
        let seconds = i32::try_from(seconds.clamp(0, LONGEST_DELAY)).unwrap_or_default();
        let call = self.client.send_message().queue_url(&self.url).message_body(body).delay_seconds(seconds);
        call.send().await.map(drop).map_err(|error| {
            Error::unavailable("The queue did not answer; try again.")
                .because(format!("{}", DisplayErrorContext(error)))
        })
    }

    /// Sends messages in order, in as few calls as their number and size allow. Stops at the first call of which the
    /// queue refuses a message.
    pub async fn send_all(&self, bodies: Vec<String>) -> Result<(), Unsent> {
        let mut sent = 0;
        for call in calls(bodies) {
            sent +=
                self.send_call(call).await.map_err(|unsent| Unsent { sent: sent + unsent.sent, ..unsent })?;
        }
        Ok(())
    }

    /// Has received messages delivered again after the given times, and not after the queue's visibility timeout.
    pub async fn return_all(&self, messages: Vec<Return>) -> Result<(), Error> {
        let failed = |cause: Box<dyn std::error::Error + Send + Sync>| {
            Error::unavailable("The queue did not answer; try again.").because(cause)
        };
        for messages in messages.chunks(CALL_MESSAGES) {
            let mut call = self.client.change_message_visibility_batch().queue_url(&self.url);
            for (number, message) in messages.iter().enumerate() {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(number.to_string())
                    .receipt_handle(&message.receipt)
                    .visibility_timeout(message.seconds)
                    .build();
                call = call.entries(entry.map_err(|cause| failed(cause.into()))?);
            }
            let reply = call
                .send()
                .await
                .map_err(|error| failed(format!("{}", DisplayErrorContext(error)).into()))?;
            if let Some(refused) = reply.failed().first() {
                return Err(failed(refused.code().into()));
            }
        }
        Ok(())
    }

    async fn send_call(&self, bodies: Vec<String>) -> Result<usize, Unsent> {
        let unsent = |sent, cause: Box<dyn std::error::Error + Send + Sync>| Unsent {
            sent,
            error: Error::unavailable("The queue did not answer; try again.").because(cause),
        };
        let messages = bodies.len();
        let mut call = self.client.send_message_batch().queue_url(&self.url);
        for (number, body) in bodies.into_iter().enumerate() {
            let entry =
                SendMessageBatchRequestEntry::builder().id(number.to_string()).message_body(body).build();
            call = call.entries(entry.map_err(|cause| unsent(0, cause.into()))?);
        }
        let reply =
            call.send().await.map_err(|error| unsent(0, format!("{}", DisplayErrorContext(error)).into()))?;
        let refused = reply.failed().iter().filter_map(|entry| entry.id().parse::<usize>().ok()).min();
        match refused {
            None => Ok(messages),
            Some(first) => {
                let codes: Vec<_> =
                    reply.failed().iter().map(aws_sdk_sqs::types::BatchResultErrorEntry::code).collect();
                Err(unsent(first, codes.join(", ").into()))
            }
        }
    }
}

/// Groups messages into calls within the limits of the queue.
fn calls(bodies: Vec<String>) -> Vec<Vec<String>> {
    let mut calls: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0;
    for body in bodies {
        match calls.last_mut() {
            Some(call) if call.len() < CALL_MESSAGES && bytes + body.len() <= CALL_BYTES => {
                bytes += body.len();
                call.push(body);
            }
            _ => {
                bytes = body.len();
                calls.push(vec![body]);
            }
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_holds_at_most_ten_messages_and_256_kib() {
        let small = vec!["x".to_owned(); 23];
        assert_eq!(calls(small).iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 3]);

        let large = vec!["x".repeat(100_000); 5];
        assert_eq!(calls(large).iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
        assert!(calls(Vec::new()).is_empty());
    }
}
