//! Running the pipeline of a stream that is due: picked up under a lease, run over all its events, ended.
//!
//! What a pipeline makes has ids that follow from its stream, so that running it twice makes the same.

use crate::error::Error;
use crate::failure::Failure;
use crate::notification;
use crate::notification::event::Event;
use crate::notification::message;
use crate::notification::packing;
use crate::platform::Platform;
use crate::streams::Streams;
use crate::streams::pipeline::{Pipeline, Run};
use crate::streams::settings::Settings;
use crate::streams::state::PipelineKind;
use crate::streams::stream::Head;
use crate::streams::task::StreamTask;
use crate::time::Micros;
use crate::work::queue::Queue;

/// Seconds that a lease outlives its worker's deadline: a worker is killed a moment after it.
const MARGIN_SECONDS: i64 = 2;
/// Seconds after which what is left of a deleted stream may go: no repeat of its events can come any more.
pub(crate) const TOMBSTONE_SECONDS: i64 = 15 * 86_400;

/// Runs the pipelines of streams that are due. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Runner {
    streams: Streams,
    /// Where events that a pipeline makes come back as notifications.
    notifications: Queue,
    /// Where events are published.
    published: Queue,
    purge_completed: bool,
}

impl Runner {
    /// The runner of these streams (`NOTIFICATION_QUEUE_URL`, `PUBLISHED_QUEUE_URL`).
    pub fn new(platform: &Platform, streams: Streams) -> Result<Self, Error> {
        Ok(Self {
            streams,
            notifications: platform.queue(notification::QUEUE)?,
            published: platform.queue("PUBLISHED_QUEUE_URL")?,
            purge_completed: Settings::read(&platform.variables)?.purge_completed,
        })
    }

    /// Does what a message of the queue asks for, and holds a stream until `deadline` at the latest.
    pub async fn work(&self, body: &str, deadline: Micros) -> Result<(), Failure> {
        let task: StreamTask = serde_json::from_str(body).map_err(|cause| {
            Failure::GiveUp(Error::invalid("a message of the stream queue is none").because(cause))
        })?;
        match task {
            StreamTask::Sweep { from, to, shard } => Ok(self.streams.sweep(from, to, shard).await?),
            StreamTask::Run { id } => Ok(self.run(id, deadline).await?),
        }
    }

    /// Runs what is due of a stream. One that is not due, or that another worker has, stays as it is.
    pub(crate) async fn run(&self, id: u64, deadline: Micros) -> Result<(), Error> {
        let now = self.streams.now();
        let Some(head) = self.streams.head_get(id).await? else { return Ok(()) };
        let Some(turn) = head.turn(now) else { return Ok(()) };
        let lease = deadline.plus_seconds(MARGIN_SECONDS);
        let Some(running) = head.picked_up(turn, lease, now) else { return Ok(()) };
        // The due row of the lease first: a stream whose worker dies must be found again.
        self.streams.due_put(running.due, id).await?;
        if self.streams.head_replace(&running, head.version).await?.is_some() {
            return Ok(());
        }
        let succeeded = self.pipeline(&running, turn).await?;
        self.end(&running, &head, succeeded).await
    }

    /// Runs the pipeline over the stream's events, and sends what it made.
    async fn pipeline(&self, head: &Head, turn: PipelineKind) -> Result<bool, Error> {
        let pipeline = match self.chosen(head, turn) {
            Ok(None) => return Ok(true),
            Ok(Some(pipeline)) => pipeline,
            Err(missing) => {
                tracing::error!(stream.id = head.id, "a stream cannot be run: {missing}");
                return Ok(false);
            }
        };
        let events = self.streams.events_of(head).await?;
        match pipeline.run(head.id, events) {
            Ok(run) => {
                for line in &run.lines {
                    tracing::info!(stream.id = head.id, "{line}");
                }
                self.send_made(head, &run).await?;
                Ok(true)
            }
            Err(error) => {
                tracing::error!(
                    stream.id = head.id,
                    stream.trigger = head.trigger,
                    "a pipeline failed: {error}"
                );
                Ok(false)
            }
        }
    }

    /// The pipeline for this turn; none where the trigger has none for it.
    fn chosen(&self, head: &Head, turn: PipelineKind) -> Result<Option<&Pipeline>, String> {
        let trigger = self.streams.rules.triggers.named(&head.trigger);
        let trigger = trigger.ok_or_else(|| format!("there is no trigger '{}' any more", head.trigger))?;
        let name = match turn {
            PipelineKind::Fire => &trigger.fire_pipeline,
            PipelineKind::Expire => &trigger.expire_pipeline,
        };
        let Some(name) = name else { return Ok(None) };
        self.streams
            .rules
            .pipelines
            .get(name)
            .map(Some)
            .ok_or_else(|| format!("there is no pipeline '{name}'"))
    }

    async fn send_made(&self, head: &Head, run: &Run) -> Result<(), Error> {
        let synthetic: Vec<_> = run.synthetic.iter().collect();
        for (number, events) in synthetic.chunks(packing::CHUNK_NOTIFICATIONS).enumerate() {
            let chunk = format!("stream-{}-{}-{number}", head.id, head.version);
            let message = message::synthetic_chunk(&chunk, self.streams.now(), events);
            self.notifications.send(message).await?;
        }
        let published = run.published.iter().map(|event| published(head, event));
        let published = published.collect::<Result<Vec<_>, _>>()?;
        self.published.send_all(published).await.map_err(|unsent| unsent.error)
    }

    /// Ends a stream that was picked up, unless it was deleted meanwhile or taken by another worker.
    async fn end(&self, running: &Head, before: &Head, succeeded: bool) -> Result<(), Error> {
        let ended = if succeeded && self.purge_completed {
            let expires = self.streams.now().plus_seconds(TOMBSTONE_SECONDS).epoch_seconds();
            running.tombstone(expires)
        } else {
            let Some(ended) = running.ended(succeeded) else { return Ok(()) };
            ended
        };
        if self.streams.head_replace(&ended, running.version).await?.is_none() {
            self.streams.due_remove(running.due, running.id).await?;
            if before.due != running.due {
                self.streams.due_remove(before.due, running.id).await?;
            }
        }
        Ok(())
    }
}

impl Streams {
    /// The stream's events that are kept, by their time.
    pub async fn events_of(&self, head: &Head) -> Result<Vec<Event>, Error> {
        let mut events = self.events_get(&self.members(head).await?).await?;
        events.sort_by(|(id, event), (other_id, other)| {
            (event.timestamp, id).cmp(&(other.timestamp, other_id))
        });
        Ok(events.into_iter().map(|(_, event)| event).collect())
    }

    /// Asks for a stream to be run at once. Where that fails, its due row is found within minutes.
    pub(crate) async fn send_run(&self, id: u64) {
        let sent = match (StreamTask::Run { id }).body() {
            Ok(body) => self.queue.send(body).await,
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            tracing::warn!(stream.id = id, error = error.chain(), "a stream waits for the next sweep");
        }
    }
}

/// An event as listeners read it.
fn published(head: &Head, event: &Event) -> Result<String, Error> {
    let written = serde_json::to_string(&serde_json::json!({
        "event": "stream.event",
        "stream_id": head.id,
        "stream": head.trigger,
        "message_id": event.message_id,
        "event_type": event.event_type,
        "timestamp": event.timestamp.to_utc().to_rfc3339(),
        "traits": event.traits.iter().map(|(name, value)| (name.clone(), value.to_json())).collect::<serde_json::Map<_, _>>(),
    }));
    written.map_err(|cause| Error::bug("an event could not be written").because(cause))
}
