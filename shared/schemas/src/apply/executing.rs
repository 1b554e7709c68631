//! Executes one statement: recorded before it is sent, and again when it has ended.

use std::pin::pin;

use domain::access::audit::AuditAction;
use domain::error::Error;
use tokio::time::timeout;

use crate::apply::plan::Planned;
use crate::apply::text;
use crate::apply::working::{Work, dump_of};
use crate::dump::checksum::checksum;
use crate::mysql::failure::Failure;
use crate::mysql::session::Limits;
use crate::record::{ChangesetDetailApply, Message, MessageType, Name, StepState, Task, TaskKind};
use crate::servers::CONNECT_TIMEOUT;
use crate::store::Commit;
use crate::task::running::{Held, Runner, Stop};

/// Seconds until a statement that goes on without its worker is looked at.
const DETACHED_SECONDS: i64 = 10;
/// The error of a deadlock, after which the server has rolled the statement back.
const DEADLOCK: u16 = 1213;

/// The row of a detail: as it is stored, and as it is to be.
type Row = (Option<ChangesetDetailApply>, ChangesetDetailApply);

impl Runner {
    /// Executes a statement.
    pub(super) async fn execute(
        &self,
        held: &mut Held,
        work: &mut Work<'_>,
        planned: &Planned,
    ) -> Result<(), Stop> {
        self.record_start(held, work, planned).await?;
        let Some(result) = self.watched(held, work, planned).await? else {
            tracing::info!(task.id = held.task.id, "a statement continues without its worker");
            return self.continue_later(held, DETACHED_SECONDS).await;
        };
        match result {
            Ok(()) => {
                let live = dump_of(&mut work.session, work.job).await;
                let after = live.as_ref().ok().map(|live| live.checksum.clone());
                // What is known is recorded first: the statement was executed, whatever its checksum.
                self.executed(held, work, planned, after).await?;
                work.live = live?;
                Ok(())
            }
            // Whether it had its effect is found out once the connection is gone.
            Err(failure) if failure.is_of_connection() => Err(Stop::Wait(failure.to_string())),
            Err(failure) => self.rejected(held, work, planned, &failure).await,
        }
    }

    /// Records that a statement is about to be sent.
    async fn record_start(&self, held: &mut Held, work: &Work<'_>, planned: &Planned) -> Result<(), Stop> {
        let (now, connection) = (self.registry.now(), work.session.connection_id());
        let lease = self.lease(now);
        let sql = work.job.course.detail(planned.detail).map(|detail| {
            if planned.is_revert {
                format!("revert_sql: {}", detail.revert_sql)
            } else {
                format!("apply_sql: {}", detail.apply_sql)
            }
        });
        let sql = sql.filter(|_| planned.statement == 0);
        let started = |task: &Task| {
            let task = task.step_started(planned, &work.live.checksum, connection, now).renewed(lease);
            Ok(sql.as_ref().map_or_else(|| task.clone(), |sql| task.with_info(sql)))
        };
        let audited = |task: &Task, commit: &mut Commit| {
            let number = planned.statement + 1;
            let (detail, digest) = (planned.detail, checksum(&planned.sql));
            let server = &work.job.server.name;
            let action = AuditAction {
                action: "changeset.statement",
                target: &work.job.changeset.id.to_string(),
                note: Some(format!("statement {number} of detail {detail} at {server}: {digest}")),
                before: Some(task.version - 1),
                after: Some(task.version),
            };
            self.registry.audit(commit, &work.job.caller, action)
        };
        self.update(held, started, audited).await
    }

    /// Sends the statement and waits for its result. Renews the lease at every heartbeat, and interrupts the statement if
    /// a cancel was requested. Returns `None` near the deadline: the statement goes on without this worker.
    async fn watched(
        &self,
        held: &mut Held,
        work: &mut Work<'_>,
        planned: &Planned,
    ) -> Result<Option<Result<(), Failure>>, Stop> {
        let connection = work.session.connection_id();
        let mut execution = pin!(work.session.execute(&planned.sql));
        loop {
            if let Ok(result) = timeout(self.heartbeat, &mut execution).await {
                return Ok(Some(result));
            }
            if self.is_late(held) {
                return Ok(None);
            }
            let lease = self.lease(self.registry.now());
            match self.update(held, |task| Ok(task.renewed(lease)), |_, _| Ok(())).await {
                Ok(()) if held.task.is_cancelled => self.interrupt(work.job, connection).await,
                Ok(()) => {}
                // The statement runs; the next heartbeat may renew the lease, or another worker waits for the lock.
                Err(Stop::Failed(error)) => tracing::warn!(error = error.chain(), "a lease was not renewed"),
                Err(stop) => return Err(stop),
            }
        }
    }

    /// Interrupts the statement of this worker. A failure is not fatal: the next heartbeat repeats it.
    async fn interrupt(&self, job: &crate::apply::job::Job, connection: u64) {
        let limits = Limits {
            lock_wait_timeout: CONNECT_TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            max_statement_time: None,
        };
        let interrupted = async {
            let mut session =
                self.servers.connect(&job.server, None, limits).await.map_err(|error| error.to_string())?;
            let interrupted = session.interrupt(connection).await;
            session.close().await;
            interrupted.map_err(|failure| failure.to_string())
        };
        if let Err(reason) = interrupted.await {
            tracing::warn!(reason, "a statement could not be interrupted");
        }
    }

    /// Records that a statement was executed. `after` is the checksum of the schema, `None` if unknown.
    pub(super) async fn executed(
        &self,
        held: &mut Held,
        work: &Work<'_>,
        planned: &Planned,
        after: Option<String>,
    ) -> Result<(), Stop> {
        let row = if planned.is_last { self.row(held, work, planned, None).await? } else { None };
        self.record_end(held, StepState::Done, after, &[], row).await
    }

    /// Records that the server rejected a statement. One that waited for a lock in vain has no step: it is tried again.
    async fn rejected(
        &self,
        held: &mut Held,
        work: &mut Work<'_>,
        planned: &Planned,
        failure: &Failure,
    ) -> Result<(), Stop> {
        let live = dump_of(&mut work.session, work.job).await;
        let after = live.as_ref().ok().map(|live| live.checksum.clone());
        let is_transient = matches!(failure, Failure::LockWait(_))
            || failure.report().is_some_and(|report| report.code == DEADLOCK);
        if is_transient && after.as_ref() == Some(&work.live.checksum) {
            self.update(held, |task| Ok(task.step_dropped()), |_, _| Ok(())).await?;
            return Err(Stop::Wait(failure.to_string()));
        }
        let row = self.row(held, work, planned, Some(text::rejected(failure).message)).await?;
        let mut messages = vec![text::rejected(failure)];
        if after.as_ref() != Some(&work.live.checksum) {
            let message =
                "The statement failed, and the structure of the schema is not what it was before.".to_owned();
            messages.push(Message { extra: None, message, message_type: MessageType::Warning });
        }
        self.record_end(held, StepState::Failed, after, &messages, row).await?;
        work.live = live?;
        Ok(())
    }

    /// Stores the rows of details whose last statement a person declared executed. Changes nothing if they are stored.
    pub(super) async fn note_repaired(&self, held: &mut Held, work: &Work<'_>) -> Result<(), Stop> {
        let repaired: Vec<_> =
            held.task.steps.iter().filter(|step| step.state == StepState::Repaired).collect();
        let is_repaired = |planned: &&Planned| {
            planned.is_last
                && repaired.iter().any(|step| {
                    (step.detail, step.statement, step.is_revert)
                        == (planned.detail, planned.statement, planned.is_revert)
                })
        };
        let details: Vec<_> = work.job.course.plan().statements.iter().filter(is_repaired).cloned().collect();
        for planned in details {
            let row = self.row(held, work, &planned, None).await?;
            let is_stored = row.as_ref().is_some_and(|(old, new)| {
                old.as_ref().is_some_and(|old| {
                    old.results_log == new.results_log
                        && old.reverted_at.is_some() == new.reverted_at.is_some()
                })
            });
            if let Some(row) = row.filter(|_| !is_stored) {
                let listed = |task: &Task| Ok(task.with_result(row.1.id));
                self.update(held, listed, |_, commit| store(commit, &row)).await?;
            }
        }
        Ok(())
    }

    async fn record_end(
        &self,
        held: &mut Held,
        state: StepState,
        after: Option<String>,
        messages: &[Message],
        row: Option<Row>,
    ) -> Result<(), Stop> {
        let now = self.registry.now();
        let ended = |task: &Task| {
            let mut task = task.step_ended(state, after.as_deref(), now);
            for message in messages {
                task = task.with_message(message.message_type, &message.message, message.extra.clone());
            }
            Ok(row.as_ref().map_or_else(|| task.clone(), |(_, row)| task.with_result(row.id)))
        };
        let stored = |_: &Task, commit: &mut Commit| row.as_ref().map_or(Ok(()), |row| store(commit, row));
        self.update(held, ended, stored).await
    }

    /// Returns the row of a detail after its last statement, or after one that failed with this log. `None` if a revert
    /// finds no row or failed: the row keeps its log.
    async fn row(
        &self,
        held: &Held,
        work: &Work<'_>,
        planned: &Planned,
        log: Option<String>,
    ) -> Result<Option<Row>, Stop> {
        let now = self.registry.now();
        let job = work.job;
        let rows = match held.task.kind {
            TaskKind::Revert => self.applied_rows(job).await?,
            _ => held.task.results.clone(),
        };
        let rows = self.registry.find_many::<ChangesetDetailApply>(&rows).await?;
        let old = rows.into_iter().find(|row| row.changeset_detail == planned.detail);
        if planned.is_revert {
            let reverted = |old: ChangesetDetailApply| {
                let version = old.version + 1;
                let new =
                    ChangesetDetailApply { reverted_at: Some(now), updated_at: now, version, ..old.clone() };
                (Some(old), new)
            };
            return Ok(old.filter(|_| log.is_none()).map(reverted));
        }
        let results_log = log.unwrap_or_default();
        if let Some(old) = old {
            let version = old.version + 1;
            let new = ChangesetDetailApply { results_log, updated_at: now, version, ..old.clone() };
            return Ok(Some((Some(old), new)));
        }
        let id = self.registry.take_ids(&[(Name::ChangesetDetailApply, 1)]).await?;
        let new = ChangesetDetailApply {
            id: id.first(Name::ChangesetDetailApply),
            changeset_detail: planned.detail,
            changeset: job.changeset.id,
            environment: job.server.environment,
            server: Some(job.server.id),
            results_log,
            task: held.task.id,
            reverted_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        Ok(Some((None, new)))
    }

    /// Returns the ids of the rows of the application that a job reverts.
    async fn applied_rows(&self, job: &crate::apply::job::Job) -> Result<Vec<u64>, Stop> {
        let applied = self.registry.applied(job.changeset.id, job.server.id).await?;
        let task = match applied {
            Some(applied) => self.registry.find::<Task>(applied.apply).await?,
            None => None,
        };
        Ok(task.map(|task| task.results).unwrap_or_default())
    }
}

/// Adds the row of a detail to a transaction.
fn store(commit: &mut Commit, row: &Row) -> Result<(), Error> {
    match row {
        (Some(old), new) => commit.replace(old, new),
        (None, new) => commit.create(new),
    }
}
