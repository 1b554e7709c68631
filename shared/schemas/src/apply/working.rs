//! The worker of applications and reverts.
//!
//! It holds a lock on the server, on the connection that executes the statements: a worker that was paused past its lease
//! still excludes its successor, and one that is gone does not. The checksum of the schema under that lock decides whether
//! the statements fit.

use std::time::Duration;

use crate::apply::course::Next;
use crate::apply::ending::Ending;
use crate::apply::job::Job;
use crate::apply::judge::{Verdict, judge};
use crate::apply::text;
use crate::dump::{self, Dump};
use crate::mysql::failure::Failure;
use crate::mysql::session::{Limits, Session};
use crate::record::{StepState, TaskStatus};
use crate::servers::{CONNECT_TIMEOUT, ConnectError};
use crate::task::running::{Held, Runner, Stop};

/// Seconds after which the server ends the connection of a worker that is paused between two statements.
const IDLE_SECONDS: u32 = 60;
/// Seconds until a statement that another connection still executes is looked at again.
const LOOK_SECONDS: i64 = 10;

/// The connection of a worker, and the structure of the schema after the last statement.
pub(super) struct Work<'a> {
    pub(super) job: &'a Job,
    pub(super) session: Session,
    pub(super) live: Dump,
}

impl Runner {
    /// Applies a changeset to a server, or to several.
    pub(crate) async fn apply(&self, held: &mut Held) -> Result<(), Stop> {
        if held.task.is_parent() { self.fan_out(held).await } else { self.proceed(held).await }
    }

    /// Reverts a changeset on a server.
    pub(crate) async fn revert(&self, held: &mut Held) -> Result<(), Stop> {
        self.proceed(held).await
    }

    /// Works on the task until it ends, must wait, or the deadline is near.
    async fn proceed(&self, held: &mut Held) -> Result<(), Stop> {
        let job = self.registry.job(&held.task).await?;
        if let Some((status, text)) = held.task.cancelled().filter(|_| !held.task.has_effect()) {
            return Err(Stop::End(status, text));
        }
        let mut session = self.connect(held, &job).await?;
        if !self.lock(held, &job, &mut session).await? {
            session.close().await;
            return Ok(());
        }
        let live = dump_of(&mut session, &job).await?;
        let mut work = Work { job: &job, session, live };
        let worked = self.advance(held, &mut work).await;
        // Closing releases the lock. A statement that still runs has taken the connection with it.
        work.session.close().await;
        worked
    }

    async fn advance(&self, held: &mut Held, work: &mut Work<'_>) -> Result<(), Stop> {
        if held.task.schema_version.is_none() {
            self.begin(held, work).await?;
        } else {
            unchanged(held, &work.live)?;
        }
        self.note_repaired(held, work).await?;
        while held.task.lease.is_some() {
            if self.is_late(held) {
                return self.continue_later(held, 0).await;
            }
            match work.job.course.next(&held.task.steps) {
                Next::Judge(planned) => match judge(&planned, started_from(held), &work.live.checksum) {
                    Verdict::Absent => {
                        self.update(held, |task| Ok(task.step_dropped()), |_, _| Ok(())).await?;
                    }
                    Verdict::Done => {
                        self.executed(held, work, &planned, Some(work.live.checksum.clone())).await?;
                    }
                    Verdict::InDoubt => return Err(Stop::End(TaskStatus::Error, text::in_doubt(&planned))),
                },
                Next::Run(planned) => match held.task.cancelled() {
                    Some((status, text)) => return Err(Stop::End(status, text)),
                    None => self.execute(held, work, &planned).await?,
                },
                Next::Complete => self.finish(held, work).await?,
                Next::Undone => self.undone(held, work).await?,
                Next::Fail => return Err(failed(held)),
                Next::Stay(reason) => {
                    return Err(Stop::End(TaskStatus::Error, format!("{reason} {}", text::WHAT_NEXT)));
                }
            }
        }
        Ok(())
    }

    /// Ends an application whose details were reverted, unless the structure is not what it was before.
    async fn undone(&self, held: &mut Held, work: &Work<'_>) -> Result<(), Stop> {
        let start = self.start_version(held).await?;
        if start.checksum != work.live.checksum && !held.task.is_accepted {
            return Err(Stop::End(TaskStatus::Error, text::FINAL_MISMATCH.to_owned()));
        }
        let message = text::error("A statement failed, and the details before it were reverted.");
        self.conclude(held, Ending::new(TaskStatus::Failed, Some(message))).await
    }

    /// Connects to the server of a job.
    async fn connect(&self, held: &Held, job: &Job) -> Result<Session, Stop> {
        let policy = job.environment.as_ref().and_then(|environment| environment.policy.lock_wait_timeout);
        let options = &held.task.options;
        let lock_wait =
            options.lock_wait_timeout.or(policy).unwrap_or(self.registry.settings.lock_wait_seconds);
        let limits = Limits {
            lock_wait_timeout: Duration::from_secs(lock_wait),
            connect_timeout: CONNECT_TIMEOUT,
            max_statement_time: options.max_statement_time.map(Duration::from_secs),
        };
        let opened = self.servers.connect(&job.server, Some(&job.name), limits).await;
        let mut session = opened.map_err(|error| match (error.is_temporary(), &error) {
            (true, _) => Stop::Wait(text::unreachable(&job.server, &error)),
            // The schema is unknown there.
            (false, ConnectError::Failed(failure @ Failure::Statement(_))) => {
                Stop::EndWith(held.task.stopped_status(), text::rejected(failure))
            }
            (false, _) => Stop::End(held.task.stopped_status(), text::unreachable(&job.server, &error)),
        })?;
        let idle = format!("SET SESSION wait_timeout = {IDLE_SECONDS}");
        session.execute(&idle).await.map_err(|failure| Stop::Wait(failure.to_string()))?;
        Ok(session)
    }

    /// Locks the schema. Releases the task and returns `false` if the connection of an earlier worker still has the lock.
    async fn lock(&self, held: &mut Held, job: &Job, session: &mut Session) -> Result<bool, Stop> {
        let lost = |failure: Failure| Stop::Wait(failure.to_string());
        if session.get_lock(&job.lock(), 0).await.map_err(lost)? {
            return Ok(true);
        }
        let started = held.task.steps.last().filter(|step| step.state == StepState::Starting);
        let own = started.and_then(|step| step.connection);
        let holder = session.lock_holder(&job.lock()).await.map_err(lost)?;
        match own {
            Some(own) if holder == Some(own) => {
                if held.task.is_cancelled {
                    session.interrupt(own).await.map_err(lost)?;
                }
                self.continue_later(held, LOOK_SECONDS).await.map(|()| false)
            }
            _ => Err(Stop::Wait(text::busy(&job.schema, &job.server))),
        }
    }

    /// Releases the task for some seconds, and asks for the next worker.
    pub(super) async fn continue_later(&self, held: &mut Held, seconds: i64) -> Result<(), Stop> {
        let look = self.registry.now().plus_seconds(seconds);
        self.update(held, |task| Ok(task.released(look)), |_, _| Ok(())).await?;
        self.registry.send_run_or_wait(&held.task).await;
        Ok(())
    }
}

/// Returns the structure of the schema of a job.
pub(super) async fn dump_of(session: &mut Session, job: &Job) -> Result<Dump, Stop> {
    match dump::catalog::dump(session, &job.name).await {
        Ok(Some(dump)) => Ok(dump),
        Ok(None) => Err(Stop::Wait(format!("The schema '{}' was dropped.", job.schema.name))),
        Err(failure) => Err(Stop::Wait(failure.to_string())),
    }
}

/// Fails if the schema is not as the last statement of the task left it.
fn unchanged(held: &Held, live: &Dump) -> Result<(), Stop> {
    match &held.task.expected {
        Some(expected) if *expected != live.checksum && !held.task.is_in_doubt() => {
            let text =
                format!("The schema was changed between two statements of the task. {}", text::WHAT_NEXT);
            Err(Stop::End(held.task.stopped_status(), text))
        }
        _ => Ok(()),
    }
}

/// Returns the checksum from which the last statement was started.
fn started_from(held: &Held) -> &str {
    held.task.steps.last().map_or("", |step| step.before.as_str())
}

/// Returns the end of a task whose last statement failed.
fn failed(held: &Held) -> Stop {
    if let Some((status, text)) = held.task.cancelled() {
        return Stop::End(status, text);
    }
    match held.task.stopped_status() {
        TaskStatus::Failed => Stop::End(TaskStatus::Failed, "Nothing was changed.".to_owned()),
        status => Stop::End(status, format!("The changeset is applied in part. {}", text::WHAT_NEXT)),
    }
}
