//! The worker: does the tasks that are due.
//!
//! A worker acquires a task under a token and a lease, which it renews while a statement runs. Every change by that worker
//! requires its token, so that a worker that was paused past its lease changes nothing.

use std::time::Duration;

use domain::error::Error;
use domain::failure::Failure;
use domain::platform::Platform;
use domain::time::Micros;
use domain::work::queue::Queue;

use crate::apply::ending::Ending;
use crate::apply::text;
use crate::record::{Message, MessageType, Task, TaskKind, TaskStatus};
use crate::registry::Registry;
use crate::servers::Servers;
use crate::store::Commit;
use crate::task::message::TaskMessage;
use crate::task::state::BadTransition;

/// Seconds before its deadline at which a worker starts nothing more.
pub(crate) const MARGIN_SECONDS: i64 = 30;
/// The longest delay between two attempts, in seconds.
const LONGEST_BACKOFF: i64 = 60;

/// Does tasks. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Runner {
    pub(crate) registry: Registry,
    pub(crate) servers: Servers,
    pub(crate) heartbeat: Duration,
}

/// A task that this worker holds.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) task: Task,
    pub(crate) deadline: Micros,
}

/// Why a worker stops working on a task.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Another worker holds it, or it is at rest.
    Lost,
    /// A server is unreachable or a lock is held. The task waits, and fails at the end of the retry window.
    Wait(String),
    /// The task ends in this state with this error.
    End(TaskStatus, String),
    /// The task ends in this state with this message.
    EndWith(TaskStatus, Message),
    /// The table or the queue does not answer.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<BadTransition> for Stop {
    fn from(_: BadTransition) -> Self {
        Self::Lost
    }
}

impl Runner {
    /// Returns the runner of the tasks of this platform.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let registry = Registry::new(platform)?;
        let heartbeat = registry.settings.heartbeat();
        Ok(Self { registry, servers: Servers::read(&platform.variables)?, heartbeat })
    }

    /// Returns the runner with a heartbeat of another period.
    #[must_use]
    pub fn with_heartbeat(self, heartbeat: Duration) -> Self {
        Self { heartbeat, ..self }
    }

    /// The queue of tasks that are due.
    pub fn queue(&self) -> &Queue {
        &self.registry.queue
    }

    /// Does what a message asks for, until `deadline` at the latest.
    pub async fn work(&self, body: &str, deadline: Micros) -> Result<(), Failure> {
        let message: TaskMessage = serde_json::from_str(body).map_err(|cause| {
            Failure::GiveUp(Error::invalid("a message of the changeset queue is malformed").because(cause))
        })?;
        match message {
            TaskMessage::Sweep { shard } => self.registry.sweep(shard, deadline).await,
            TaskMessage::Run { id } => Ok(self.run(id, deadline).await?),
        }
    }

    /// Works on a task. Has no effect on one that is not due, is held by another worker, or is at rest.
    async fn run(&self, id: u64, deadline: Micros) -> Result<(), Error> {
        let now = self.registry.now();
        let lease = self.lease(now);
        let acquire = |old: &Task| Ok::<_, Error>(old.acquired(now, lease));
        let acquired = self.registry.change_task(id, acquire, |_, _| Ok(())).await?;
        let Some(task) = acquired else { return Ok(()) };
        let mut held = Held { task, deadline };
        let outcome = match held.task.kind {
            TaskKind::Review => Box::pin(self.review(&mut held)).await,
            TaskKind::Apply => Box::pin(self.apply(&mut held)).await,
            TaskKind::Revert => Box::pin(self.revert(&mut held)).await,
            TaskKind::Check => Box::pin(self.check(&mut held)).await,
        };
        match outcome {
            Ok(()) | Err(Stop::Lost) => Ok(()),
            Err(Stop::Wait(reason)) if !self.is_exhausted(&held.task) => self.wait(&mut held, &reason).await,
            Err(Stop::Wait(reason)) => {
                let status = held.task.stopped_status();
                let advice = if status == TaskStatus::Error { text::WHAT_NEXT } else { "" };
                let message = error(&held.task, format!("{reason} {advice}").trim_end().to_owned());
                self.settle_as(&mut held, status, message).await
            }
            Err(Stop::End(status, reason)) => {
                let message = error(&held.task, reason);
                self.settle_as(&mut held, status, message).await
            }
            Err(Stop::EndWith(status, message)) => self.settle_as(&mut held, status, message).await,
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Ends a task in the way of its kind.
    async fn settle_as(&self, held: &mut Held, status: TaskStatus, message: Message) -> Result<(), Error> {
        let ended = match held.task.kind {
            TaskKind::Review => return self.stop(held, status, &message).await,
            TaskKind::Apply | TaskKind::Revert => {
                self.conclude(held, Ending::new(status, Some(message))).await
            }
            TaskKind::Check => self.end_check(held, status, &message, None).await,
        };
        match ended {
            Err(Stop::Failed(error)) => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Whether the task has waited for the whole retry window.
    fn is_exhausted(&self, task: &Task) -> bool {
        let window = self.registry.settings.retry_seconds;
        task.unreachable.is_some_and(|since| since.plus_seconds(window) <= self.registry.now())
    }

    /// Returns the end of a lease that is taken or renewed now.
    pub(crate) fn lease(&self, now: Micros) -> Micros {
        now.plus_seconds(self.registry.settings.lease_seconds)
    }

    /// Whether the deadline is too near to start anything.
    pub(crate) fn is_late(&self, held: &Held) -> bool {
        self.registry.now().plus_seconds(MARGIN_SECONDS) > held.deadline
    }

    /// Changes the task while this worker holds it, in one transaction with what `more` adds. Fails with [`Stop::Lost`] if
    /// it does not hold it any more.
    pub(crate) async fn update(
        &self,
        held: &mut Held,
        mut decide: impl FnMut(&Task) -> Result<Task, Stop>,
        more: impl Fn(&Task, &mut Commit) -> Result<(), Error>,
    ) -> Result<(), Stop> {
        let token = held.task.token;
        let decide = |old: &Task| {
            if old.token != token || !old.status.is_active() {
                return Err(Stop::Lost);
            }
            decide(old).map(Some)
        };
        let changed = self.registry.change_task(held.task.id, decide, more).await?;
        held.task = changed.ok_or(Stop::Lost)?;
        Ok(())
    }

    /// Releases the task for a while.
    async fn wait(&self, held: &mut Held, reason: &str) -> Result<(), Error> {
        let now = self.registry.now();
        tracing::info!(task.id = held.task.id, reason, "a task waits");
        let decide = |task: &Task| {
            let seconds = LONGEST_BACKOFF.min(1 << task.attempts.min(6));
            let released = task.released(now.plus_seconds(seconds));
            let unreachable = Some(task.unreachable.unwrap_or(now));
            Ok(Task { attempts: task.attempts + 1, unreachable, ..released })
        };
        self.settle(held, decide).await
    }

    async fn stop(&self, held: &mut Held, status: TaskStatus, message: &Message) -> Result<(), Error> {
        let now = self.registry.now();
        let Message { message, message_type, extra } = message;
        let stopped =
            |task: &Task| Ok(task.with_message(*message_type, message, extra.clone()).ended(status, now)?);
        self.settle(held, stopped).await
    }

    async fn settle(
        &self,
        held: &mut Held,
        decide: impl FnMut(&Task) -> Result<Task, Stop>,
    ) -> Result<(), Error> {
        match self.update(held, decide, |_, _| Ok(())).await {
            Ok(()) => {
                if held.task.status.is_active() {
                    self.registry.send_run_or_wait(&held.task).await;
                }
                Ok(())
            }
            Err(Stop::Failed(error)) => Err(error),
            Err(_) => Ok(()),
        }
    }
}

/// Returns the message of an error in the form of the task's kind.
fn error(task: &Task, reason: String) -> Message {
    match task.kind {
        TaskKind::Apply | TaskKind::Revert => text::error(&reason),
        TaskKind::Review | TaskKind::Check => {
            Message { extra: None, message: reason, message_type: MessageType::Error }
        }
    }
}
