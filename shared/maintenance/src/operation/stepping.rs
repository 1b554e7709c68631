//! One step of an operation: one statement on one relation.

use std::pin::pin;

use tokio::time::timeout;

use crate::operation::backend;
use crate::operation::catalog;
use crate::operation::command::Command;
use crate::operation::judging::Verdict;
use crate::operation::objects;
use crate::operation::record::{Operation, Reason, Running};
use crate::operation::running::{Held, Runner, Stop, failure_is_of_connection, reason};
use crate::operation::statement::Relation;
use crate::operation::status::Status;
use crate::operation::target::Object;
use crate::postgres::failure::Failure;
use crate::postgres::session::Session;
use crate::server::Server;

/// Seconds until an operation that cannot start looks again.
const BUSY_SECONDS: i64 = 30;
/// Errors after which the same statement may succeed: a lock timeout, a deadlock, a serialization failure.
const TRANSIENT: [&str; 3] = ["55P03", "40P01", "40001"];
/// The error of a statement that was cancelled.
const CANCELED: &str = "57014";
/// The error of a relation that was dropped meanwhile.
const UNDEFINED_TABLE: &str = "42P01";
/// The same for a reindexed index.
const UNDEFINED_OBJECT: &str = "42704";

impl Runner {
    /// Runs the next statement, or finds out which relations there are.
    pub(crate) async fn step(
        &self,
        held: &mut Held,
        server: &Server,
        watch: &mut Session,
    ) -> Result<(), Stop> {
        let mut session = self.open(server, &held.operation.target.database).await?;
        let verdict = if held.operation.total.is_none() {
            self.split(held, &mut session).await?;
            None
        } else {
            self.statement(held, &mut session, watch).await?
        };
        match verdict {
            // The backend goes on without its client.
            Some(Verdict::Running(_)) => drop(session),
            _ => session.close().await,
        }
        match verdict {
            Some(verdict) => self.conclude(held, verdict).await,
            None => Ok(()),
        }
    }

    /// Runs the statement on the next relation. Returns `None` if the operation was released before.
    async fn statement(
        &self,
        held: &mut Held,
        session: &mut Session,
        watch: &mut Session,
    ) -> Result<Option<Verdict>, Stop> {
        let Operation { id, token, finished, .. } = &held.operation;
        let application = format!("op:{id}:{token}");
        let relation = self.operations.page_relation(id, *finished).await?;
        let Some(oid) = relation else {
            return Ok(Some(Verdict::Failed(Reason::new("the list of relations is incomplete"))));
        };
        let identity = backend::introduce(session, &application).await?;
        let limit = self.operations.settings().concurrency;
        if identity.earlier >= limit {
            let text = format!("the server runs its limit of {limit} operations");
            return self.wait(held, BUSY_SECONDS, &text).await.map(|()| None);
        }
        let Some(relation) = catalog::relation(session, oid).await? else {
            return Ok(Some(missing(&held.operation)));
        };
        let table = relation.locked_oid(oid);
        if !catalog::lock(session, table).await? {
            let text = "another operation works on the relation";
            return self.wait(held, BUSY_SECONDS, text).await.map(|()| None);
        }
        let Some(before) = catalog::evidence(session, table).await? else {
            return Ok(Some(missing(&held.operation)));
        };
        let before = match &relation {
            Relation::Index { name, .. } => before.of_index(name.name()),
            Relation::Table(_) | Relation::Partition { .. } | Relation::Root(_) => before,
        };
        let Operation { kind, options, target, .. } = &held.operation;
        let command = Command::new(*kind, options, &target.object, &relation);
        if command.is_concurrent_reindex() {
            catalog::drop_leftovers(session, table).await?;
        }
        let running = Running {
            statement: command.statement(&relation),
            effect: command.effect(),
            table,
            oid,
            pid: identity.pid,
            backend_start: identity.backend_start,
            application,
            since: self.operations.now(),
            before,
        };
        self.update(held, |operation| Ok(operation.sending(running.clone())?)).await?;
        let verdict = self.watched(held, session, watch, &running).await?;
        if command.is_concurrent_reindex() && matches!(verdict, Verdict::Failed(_) | Verdict::Again(_)) {
            catalog::tidy(session, table).await;
        }
        Ok(Some(verdict))
    }

    /// Runs a statement. Renews the lease at every heartbeat, cancels the backend if that is requested, and leaves near
    /// the deadline.
    async fn watched(
        &self,
        held: &mut Held,
        session: &mut Session,
        watch: &mut Session,
        running: &Running,
    ) -> Result<Verdict, Stop> {
        let mut execution = pin!(session.execute(&running.statement));
        loop {
            match timeout(self.heartbeat, &mut execution).await {
                Ok(result) => return self.answered(held, result).await,
                Err(_) => {
                    if let Some(verdict) = self.beat(held, watch, running).await? {
                        return Ok(verdict);
                    }
                }
            }
        }
    }

    /// One heartbeat. Returns a verdict if the worker must leave.
    async fn beat(
        &self,
        held: &mut Held,
        watch: &mut Session,
        running: &Running,
    ) -> Result<Option<Verdict>, Stop> {
        if self.is_late(held) {
            tracing::info!(operation.id = held.operation.id, "a statement continues without its worker");
            return Ok(Some(Verdict::Running(BUSY_SECONDS)));
        }
        let lease = self.lease(self.operations.now());
        match self.update(held, |operation| Ok(operation.renewed(lease))).await {
            Ok(()) => {}
            // The statement runs; the next heartbeat may renew the lease, or another worker takes over.
            Err(Stop::Failed(error)) => {
                tracing::warn!(error = error.chain(), "a lease was not renewed");
                return Ok(None);
            }
            Err(stop) => return Err(stop),
        }
        if held.operation.status == Status::Abort
            && let Err(stop) = self.cancel_backend(held, watch, running).await
        {
            tracing::warn!(?stop, "a statement could not be cancelled");
        }
        Ok(None)
    }

    /// Decides on the answer to a statement.
    async fn answered(&self, held: &mut Held, result: Result<(), Failure>) -> Result<Verdict, Stop> {
        let Err(failure) = result else { return Ok(Verdict::Finished) };
        let reason = reason(&failure);
        let sqlstate = reason.sqlstate.clone().unwrap_or_default();
        // A cancel may have been requested since the last heartbeat.
        let lease = self.lease(self.operations.now());
        self.update(held, |operation| Ok(operation.renewed(lease))).await?;
        let is_abort = held.operation.status == Status::Abort;
        Ok(match sqlstate.as_str() {
            CANCELED if is_abort => Verdict::Aborted,
            UNDEFINED_TABLE | UNDEFINED_OBJECT => missing(&held.operation),
            code if TRANSIENT.contains(&code) => Verdict::Again(reason),
            // The connection is gone, and its statement may have ended either way.
            _ if failure_is_of_connection(&failure) => Verdict::Running(1),
            _ => Verdict::Failed(reason),
        })
    }
}

/// Returns what it means that a relation does not exist any more: nothing for one of many, and a failure for the object
/// of a request.
fn missing(operation: &Operation) -> Verdict {
    match operation.target.object {
        Object::Database | Object::Schema(_) => Verdict::Finished,
        Object::Table(..) | Object::Index(..) => {
            Verdict::Failed(Reason::new(objects::not_found(&operation.target)))
        }
    }
}
