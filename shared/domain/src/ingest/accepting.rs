//! Accepting notifications: a request succeeds when the queue has stored all of them.

use crate::error::Error;
use crate::ingest::Intake;
use crate::notification::service::Service;
use crate::notification::{elements, message, packing};
use crate::work::queue::Unsent;

/// The error of a request whose notifications were not all accepted.
#[derive(Debug)]
pub struct AcceptError {
    /// The number of notifications that are queued nevertheless, counted from the first one.
    pub accepted: usize,
    /// The cause.
    pub error: Error,
}

impl From<Error> for AcceptError {
    fn from(error: Error) -> Self {
        Self { accepted: 0, error }
    }
}

impl Intake {
    /// Queues the notifications of a request body. Returns their number.
    ///
    /// An invalid body queues nothing. If the queue fails half-way, some notifications are queued already; the client
    /// may still retry the same body, since notifications are deduplicated by `message_id`.
    pub async fn accept(&self, body: &[u8], service: Option<Service>) -> Result<usize, AcceptError> {
        let elements = elements::parse(body)?;
        let accepted = elements.len();
        let chunks = packing::pack(elements);
        let sizes: Vec<_> = chunks.iter().map(Vec::len).collect();
        let received = self.clock.micros();
        let messages =
            chunks.iter().map(|chunk| message::client_chunk(&self.ids.uuid(), service, received, chunk));
        let sent = self.queue.send_all(messages.collect()).await;
        sent.map_err(|Unsent { sent, error }| AcceptError {
            accepted: sizes.iter().take(sent).sum(),
            error,
        })?;
        Ok(accepted)
    }
}
