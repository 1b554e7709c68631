//! SQS's verbs, typed and few. Everything that is sent goes through here.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;

use crate::error::Error;

/// Bytes that one call may carry in all its messages.
const CALL_BYTES: usize = 256 * 1_024;
/// Messages that one call may carry.
const CALL_MESSAGES: usize = 10;

/// One queue. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

/// Some messages were not taken; those before them are safely in the queue.
#[derive(Debug)]
pub struct Unsent {
    /// How many messages, from the first one on, the queue took.
    pub sent: usize,
    /// Why the next one was not.
    pub error: Error,
}

impl Queue {
    /// The queue at this address.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// Sends one message, to be delivered at least once.
    pub async fn send(&self, body: String) -> Result<(), Error> {
        self.send_all(vec![body]).await.map_err(|unsent| unsent.error)
    }

    /// Sends messages in order, as many to a call as fit; stops at the first call that is not taken whole.
    pub async fn send_all(&self, bodies: Vec<String>) -> Result<(), Unsent> {
        let mut sent = 0;
        for call in calls(bodies) {
            sent +=
                self.send_call(call).await.map_err(|unsent| Unsent { sent: sent + unsent.sent, ..unsent })?;
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

/// Cuts messages into calls that the queue takes.
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
    fn a_call_carries_ten_messages_and_no_more_bytes_than_allowed() {
        let small = vec!["x".to_owned(); 23];
        assert_eq!(calls(small).iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 3]);

        let large = vec!["x".repeat(100_000); 5];
        assert_eq!(calls(large).iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
        assert!(calls(Vec::new()).is_empty());
    }
}
