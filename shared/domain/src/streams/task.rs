//! Messages of the stream queue.
//!
//! Every variant stays readable for as long as a queue keeps messages: 14 days.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::streams::Streams;

/// The body of a message on the stream queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum StreamTask {
    /// Run the streams that are due in one shard.
    Sweep {
        /// The shard.
        shard: u64,
    },
    /// Run the pipeline that is due of one stream.
    Run {
        /// The stream's id.
        id: u64,
    },
}

impl StreamTask {
    /// Serializes the message.
    pub fn body(&self) -> Result<String, Error> {
        serde_json::to_string(self)
            .map_err(|cause| Error::bug("a task of the stream queue cannot be serialized").because(cause))
    }
}

impl Streams {
    /// Enqueues a run of this stream. A failure is only logged, because a sweep finds the stream within minutes.
    pub(crate) async fn enqueue_run(&self, id: u64) {
        let sent = match (StreamTask::Run { id }).body() {
            Ok(body) => self.queue.send(body).await,
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            tracing::warn!(
                stream.id = id,
                error = error.chain(),
                "cannot enqueue the run of a stream; the next sweep will"
            );
        }
    }
}
