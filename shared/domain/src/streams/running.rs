//! Running the pipelines of streams that are due.
//!
//! A worker claims a stream under a lease, runs the pipeline over all events of the stream, and records the outcome.
//! The ids of the events that a pipeline makes are derived from the stream, so running it twice makes the same events.

use crate::error::Error;
use crate::failure::Failure;
use crate::notification;
use crate::notification::{message, packing};
use crate::platform::Platform;
use crate::storage::table::Race;
use crate::streams::pipeline::{Pipeline, RunOutput};
use crate::streams::settings::Settings;
use crate::streams::state::{PipelineKind, PipelineOutcome};
use crate::streams::stream::Head;
use crate::streams::task::StreamTask;
use crate::streams::{Streams, published};
use crate::time::Micros;
use crate::work::queue::Queue;

/// Seconds by which a lease outlives the deadline of its worker, which may be killed slightly later.
const LEASE_MARGIN_SECONDS: i64 = 2;

/// Runs the pipelines of streams that are due. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Runner {
    pub(super) streams: Streams,
    /// The queue of notifications, which receives the events that a pipeline makes.
    notifications: Queue,
    /// The queue of published events.
    published: Queue,
    purge_completed: bool,
}

impl Runner {
    /// A runner of these streams (`NOTIFICATION_QUEUE_URL`, `PUBLISHED_QUEUE_URL`).
    pub fn new(platform: &Platform, streams: Streams) -> Result<Self, Error> {
        Ok(Self {
            streams,
            notifications: platform.queue(notification::QUEUE)?,
            published: platform.queue("PUBLISHED_QUEUE_URL")?,
            purge_completed: Settings::read(&platform.variables)?.purge_completed,
        })
    }

    /// The queue of streams that are due.
    pub fn queue(&self) -> &Queue {
        &self.streams.queue
    }

    /// Processes a message of the stream queue. A stream is leased until `deadline` at most.
    pub async fn work(&self, body: &str, deadline: Micros) -> Result<(), Failure> {
        let task: StreamTask = serde_json::from_str(body).map_err(|cause| {
            Failure::GiveUp(Error::invalid("malformed message on the stream queue").because(cause))
        })?;
        match task {
            StreamTask::Sweep { shard } => Box::pin(self.sweep(shard, deadline)).await,
            StreamTask::Run { id } => Ok(self.run(id, deadline).await?),
        }
    }

    /// Runs the pipeline that is due of a stream. Does nothing if none is due or another worker claims the stream.
    pub(crate) async fn run(&self, id: u64, deadline: Micros) -> Result<(), Error> {
        let now = self.streams.now();
        let Some(head) = self.streams.head_get(id).await? else { return Ok(()) };
        let Some(kind) = head.due_pipeline(now) else { return Ok(()) };
        let lease = deadline.plus_seconds(LEASE_MARGIN_SECONDS);
        let Some(claimed) = head.claimed(kind, lease, now) else { return Ok(()) };
        // The due row comes first: without it, no sweep would find the stream if this worker died.
        self.streams.due_put(claimed.due_minute, id).await?;
        if self.streams.head_replace(&claimed, head.version).await? == Race::Lost {
            return Ok(());
        }
        let outcome = self.run_pipeline(&claimed, kind).await?;
        self.end(&claimed, &head, outcome).await
    }

    /// Runs a pipeline over the stream's events and sends the events that it makes.
    async fn run_pipeline(&self, head: &Head, kind: PipelineKind) -> Result<PipelineOutcome, Error> {
        let pipeline = match self.pipeline(head, kind) {
            Ok(None) => return Ok(PipelineOutcome::Succeeded),
            Ok(Some(pipeline)) => pipeline,
            Err(undefined) => {
                tracing::error!(stream.id = head.id, "a stream cannot be run: {undefined}");
                return Ok(PipelineOutcome::Failed);
            }
        };
        let events = self.streams.events_of(head).await?;
        match pipeline.run(head.id, events) {
            Ok(output) => {
                for line in &output.log_lines {
                    tracing::info!(stream.id = head.id, "{line}");
                }
                self.send(head, &output).await?;
                Ok(PipelineOutcome::Succeeded)
            }
            Err(error) => {
                tracing::error!(
                    stream.id = head.id,
                    stream.trigger = head.trigger,
                    "a pipeline failed: {error}"
                );
                Ok(PipelineOutcome::Failed)
            }
        }
    }

    /// Returns the stream's pipeline of this kind. `None` if its trigger has none. Fails if it is not defined.
    fn pipeline(&self, head: &Head, kind: PipelineKind) -> Result<Option<&Pipeline>, String> {
        let definitions = self.streams.definitions();
        let trigger = definitions.triggers.get(&head.trigger);
        let trigger = trigger.ok_or_else(|| format!("the trigger '{}' is not defined", head.trigger))?;
        let name = match kind {
            PipelineKind::Fire => &trigger.fire_pipeline,
            PipelineKind::Expire => &trigger.expire_pipeline,
        };
        let Some(name) = name else { return Ok(None) };
        let pipeline = definitions.pipelines.get(name);
        pipeline.map(Some).ok_or_else(|| format!("the pipeline '{name}' is not defined"))
    }

    /// Sends synthetic events back as notifications, and published events to their consumers.
    async fn send(&self, head: &Head, output: &RunOutput) -> Result<(), Error> {
        let synthetic: Vec<_> = output.synthetic.iter().collect();
        for (number, events) in synthetic.chunks(packing::CHUNK_NOTIFICATIONS).enumerate() {
            let chunk = format!("stream-{}-{}-{number}", head.id, head.version);
            let message = message::synthetic_chunk(&chunk, self.streams.now(), events);
            self.notifications.send(message).await?;
        }
        let messages = output.published.iter().map(|event| published::message(head, event));
        let messages = messages.collect::<Result<Vec<_>, _>>()?;
        self.published.send_all(messages).await.map_err(|unsent| unsent.error)
    }

    /// Records the outcome of a pipeline, unless the stream was deleted or claimed by another worker meanwhile.
    async fn end(&self, claimed: &Head, before: &Head, outcome: PipelineOutcome) -> Result<(), Error> {
        let ended = if outcome == PipelineOutcome::Succeeded && self.purge_completed {
            claimed.tombstone(self.streams.now())
        } else {
            let Some(ended) = claimed.ended(outcome) else { return Ok(()) };
            ended
        };
        if self.streams.head_replace(&ended, claimed.version).await? == Race::Won {
            self.streams.due_remove(claimed.due_minute, claimed.id).await?;
            if before.due_minute != claimed.due_minute {
                self.streams.due_remove(before.due_minute, claimed.id).await?;
            }
        }
        Ok(())
    }
}
