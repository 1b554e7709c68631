//! Accepting notifications: into the queue, all or a known number of them.

use crate::error::Error;
use crate::ingest::Intake;
use crate::notification::packing;
use crate::notification::service::Service;
use crate::work::queue::Unsent;

/// Why not every notification of a request was accepted.
#[derive(Debug)]
pub struct Refusal {
    /// How many are safely queued all the same, from the first one on.
    pub accepted: usize,
    /// What went wrong.
    pub error: Error,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { accepted: 0, error }
    }
}

impl Intake {
    /// Queues every notification of a body durably, and says how many there were.
    ///
    /// A body that is wrong anywhere queues nothing. When the queue stops answering, some may be queued already;
    /// sending the same body again does no harm, since a notification is recorded once per `message_id`.
    pub async fn accept(&self, body: &[u8], service: Option<Service>) -> Result<usize, Refusal> {
        let elements = packing::elements(body)?;
        let accepted = elements.len();
        let groups = packing::pack(elements);
        let sizes: Vec<_> = groups.iter().map(Vec::len).collect();
        let received = self.clock.micros();
        let messages = groups.iter().map(|group| {
            let chunk = self.ids.uuid();
            packing::message(&chunk, service, received, group)
        });
        let sent = self.queue.send_all(messages.collect()).await;
        sent.map_err(|Unsent { sent, error }| Refusal { accepted: sizes.iter().take(sent).sum(), error })?;
        Ok(accepted)
    }
}
