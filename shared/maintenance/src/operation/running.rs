//! The worker: runs operations that are due, one statement per relation.
//!
//! A worker acquires an operation under a token and a lease, which it renews while a statement runs. Before it sends a
//! statement it records the backend and the state of the relation. Near its deadline it leaves: the backend finishes the
//! statement without it. The next worker that acquires the operation, then or after a crash, determines the outcome of the
//! statement from the server.

use std::time::Duration;

use domain::error::{self, Error};
use domain::failure::Failure;
use domain::platform::Platform;
use domain::storage::item::item;
use domain::storage::key::Key;
use domain::storage::table::Write;
use domain::time::Micros;
use domain::work::queue::Queue;
use serde::{Deserialize, Serialize};

use crate::operation::Operations;
use crate::operation::catalog;
use crate::operation::judging::Verdict;
use crate::operation::objects;
use crate::operation::record::{Operation, Reason};
use crate::operation::status::{BadTransition, Status};
use crate::operation::store::Changed;
use crate::operation::task::MaintenanceTask;
use crate::postgres;
use crate::postgres::identifier::Identifier;
use crate::postgres::session::{Limits, Session};
use crate::server::{Server, Servers};

/// Seconds before its deadline at which a worker leaves a statement that runs, and starts no other.
pub(crate) const MARGIN_SECONDS: i64 = 60;
/// Relations per page.
const PAGE: u64 = 500;

/// The limits of the sessions of a worker. Statements run as long as they need.
const LIMITS: Limits = Limits {
    application_name: "steward",
    statement_timeout: Duration::ZERO,
    lock_timeout: Duration::from_mins(1),
    idle_timeout: None,
    read_only: false,
};

/// Runs operations. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Runner {
    pub(crate) operations: Operations,
    pub(crate) servers: Servers,
    pub(crate) heartbeat: Duration,
    limits: Limits,
}

/// An operation that this worker holds.
pub(crate) struct Held {
    pub(crate) operation: Operation,
    pub(crate) deadline: Micros,
}

/// Why a worker stops working on an operation.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Another worker holds it, or it has ended.
    Lost,
    /// The server does not answer.
    Unreachable(Reason),
    /// The operation cannot succeed.
    Impossible(Reason),
    /// The table or the queue does not answer.
    Failed(Error),
}

/// A page of the relations of an operation.
#[derive(Debug, Serialize, Deserialize)]
struct Page {
    #[serde(rename = "oi")]
    oids: Vec<u32>,
    ttl: i64,
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

impl From<postgres::failure::Failure> for Stop {
    fn from(failure: postgres::failure::Failure) -> Self {
        match reason(&failure) {
            reason if failure_is_of_connection(&failure) => Self::Unreachable(reason),
            reason => Self::Impossible(reason),
        }
    }
}

/// Returns the reason that a failure is recorded with.
pub(crate) fn reason(failure: &postgres::failure::Failure) -> Reason {
    match failure.reported() {
        Some((sqlstate, message)) => Reason { sqlstate: Some(sqlstate), message },
        None => Reason::new(failure.to_string()),
    }
}

pub(crate) fn failure_is_of_connection(failure: &postgres::failure::Failure) -> bool {
    use postgres::failure::Failure;
    matches!(failure, Failure::Unreachable(_) | Failure::Credentials(_) | Failure::TooOld(_))
}

impl Runner {
    /// Returns the runner of the operations and servers of this platform.
    pub fn new(platform: &Platform) -> Result<Self, Error> {
        let operations = Operations::new(platform)?;
        Ok(Self {
            servers: Servers::read(&platform.variables)?,
            heartbeat: operations.settings().heartbeat(),
            operations,
            limits: LIMITS,
        })
    }

    /// Returns the runner with a heartbeat of another period, and other limits of waiting for a lock.
    #[must_use]
    pub fn with_heartbeat(mut self, heartbeat: Duration, lock_timeout: Duration) -> Self {
        self.heartbeat = heartbeat;
        self.limits.lock_timeout = lock_timeout;
        self
    }

    /// The queue of operations that are due.
    pub fn queue(&self) -> &Queue {
        &self.operations.queue
    }

    /// Does what a message asks for, until `deadline` at the latest.
    pub async fn work(&self, body: &str, deadline: Micros) -> Result<(), Failure> {
        let task: MaintenanceTask = serde_json::from_str(body).map_err(|cause| {
            Failure::GiveUp(Error::invalid("a message of the maintenance queue is malformed").because(cause))
        })?;
        match task {
            MaintenanceTask::Sweep { shard } => self.operations.sweep(shard, deadline).await,
            MaintenanceTask::Run { id } => Ok(self.run(&id, deadline).await?),
        }
    }

    /// Works on an operation. Has no effect on one that is not due, is held by another worker, or has ended.
    pub(crate) async fn run(&self, id: &str, deadline: Micros) -> Result<(), Error> {
        let now = self.operations.now();
        let lease = self.lease(now);
        let acquire = |old: &Operation| Ok(old.acquired(now, lease));
        let acquired = self.operations.change::<Error>(id, acquire, |_| Ok(None)).await?;
        let Some(Changed::Replaced(operation)) = acquired else { return Ok(()) };
        let mut held = Held { operation, deadline };
        match Box::pin(self.proceed(&mut held)).await {
            Ok(()) | Err(Stop::Lost) => Ok(()),
            Err(Stop::Unreachable(reason)) => self.give_back(&mut held, &reason).await,
            Err(Stop::Impossible(reason)) => self.fail(&mut held, &reason).await,
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Works on the operation until it ends, must wait, or the deadline is near.
    async fn proceed(&self, held: &mut Held) -> Result<(), Stop> {
        if self.leave_closed_window(held).await? {
            return Ok(());
        }
        let server = objects::server(&self.servers, &held.operation.target).map_err(impossible)?;
        let mut watch = self.open(server, server.home_database()).await?;
        if let Some(verdict) = self.judge(held, &mut watch).await? {
            self.conclude(held, verdict).await?;
        }
        while held.operation.lease.is_some() {
            // A cancel that came after the last statement had its effect changes nothing.
            if held.operation.is_complete() {
                let now = self.operations.now();
                return self.update(held, |operation| Ok(operation.completed(now)?)).await;
            }
            if held.operation.status == Status::Abort {
                return self.end_early(held).await;
            }
            if self.leave_closed_window(held).await? {
                return Ok(());
            }
            if self.is_late(held) {
                return self.continue_later(held).await;
            }
            self.step(held, server, &mut watch).await?;
        }
        watch.close().await;
        Ok(())
    }

    /// Returns the end of a lease that is taken or renewed now.
    pub(crate) fn lease(&self, now: Micros) -> Micros {
        now.plus_seconds(self.operations.settings().lease_seconds)
    }

    /// Whether the deadline is too near to start a statement.
    pub(crate) fn is_late(&self, held: &Held) -> bool {
        self.operations.now().plus_seconds(MARGIN_SECONDS) > held.deadline
    }

    /// Ends or releases an operation whose window is closed. Returns whether it is.
    async fn leave_closed_window(&self, held: &mut Held) -> Result<bool, Stop> {
        let now = self.operations.now();
        let is_cancelled = held.operation.status == Status::Abort;
        if is_cancelled || held.operation.is_complete() || held.operation.outside_window(now)?.is_none() {
            return Ok(false);
        }
        let outside = |old: &Operation| Ok(old.outside_window(now)?.unwrap_or_else(|| old.clone()));
        self.update(held, outside).await?;
        self.operations.send_run_of_waiting(&held.operation).await;
        Ok(true)
    }

    /// Releases the operation and asks for the next worker at once.
    async fn continue_later(&self, held: &mut Held) -> Result<(), Stop> {
        let now = self.operations.now();
        self.update(held, |operation| Ok(operation.released(now, None))).await?;
        self.operations.send_run(&held.operation).await;
        Ok(())
    }

    /// Releases the operation for some seconds, for a reason that clients can read.
    pub(crate) async fn wait(&self, held: &mut Held, seconds: i64, waiting: &str) -> Result<(), Stop> {
        let look = self.operations.now().plus_seconds(seconds);
        let released =
            |operation: &Operation| Ok(operation.with_server().released(look, Some(waiting.to_owned())));
        self.update(held, released).await?;
        self.operations.send_run(&held.operation).await;
        Ok(())
    }

    /// Ends the operation: aborted if a cancel was requested, failed otherwise.
    pub(crate) async fn end_early(&self, held: &mut Held) -> Result<(), Stop> {
        let now = self.operations.now();
        self.update(held, |operation| Ok(operation.ended_early(now)?)).await
    }

    /// Releases the operation until its server may answer, or fails it at the end of the retry window.
    async fn give_back(&self, held: &mut Held, reason: &Reason) -> Result<(), Error> {
        let now = self.operations.now();
        let retry_seconds = self.operations.settings().retry_seconds;
        let unreachable = |operation: &Operation| Ok(operation.without_server(reason, now, retry_seconds)?);
        self.settle(held, unreachable).await?;
        self.operations.send_run_of_waiting(&held.operation).await;
        Ok(())
    }

    async fn fail(&self, held: &mut Held, reason: &Reason) -> Result<(), Error> {
        let now = self.operations.now();
        let failed = |operation: &Operation| {
            let error = operation.error.clone().or_else(|| Some(reason.clone()));
            Ok(Operation { error, ..operation.ended_early(now)? })
        };
        self.settle(held, failed).await
    }

    async fn settle(
        &self,
        held: &mut Held,
        decide: impl FnMut(&Operation) -> Result<Operation, Stop>,
    ) -> Result<(), Error> {
        match self.update(held, decide).await {
            Ok(()) | Err(Stop::Lost) => Ok(()),
            Err(Stop::Failed(error)) => Err(error),
            Err(Stop::Unreachable(_) | Stop::Impossible(_)) => Err(Error::bug("a record names no server")),
        }
    }

    /// Changes the operation while this worker holds it. Fails with [`Stop::Lost`] if it does not.
    pub(crate) async fn update(
        &self,
        held: &mut Held,
        mut decide: impl FnMut(&Operation) -> Result<Operation, Stop>,
    ) -> Result<(), Stop> {
        let token = held.operation.token;
        let decide = |old: &Operation| {
            if old.token != token || old.status.is_final() {
                return Err(Stop::Lost);
            }
            decide(old).map(Some)
        };
        match self.operations.change(&held.operation.id, decide, |_| Ok(None)).await? {
            Some(Changed::Replaced(new)) => held.operation = new,
            Some(Changed::Kept(_)) | None => return Err(Stop::Lost),
        }
        Ok(())
    }

    /// Connects to a database. One that does not exist makes the operation impossible.
    pub(crate) async fn open(&self, server: &Server, database: &str) -> Result<Session, Stop> {
        let unknown = || Stop::Impossible(Reason::new(format!("Database {database} not found")));
        let name = Identifier::new(database).ok_or_else(unknown)?;
        match server.open(&name, self.limits).await {
            Ok(session) => session.ok_or_else(unknown),
            Err(error) if error.kind() == error::Kind::Unavailable => {
                tracing::warn!(error = error.chain(), "a server cannot be reached");
                Err(Stop::Unreachable(Reason::new(error.to_string())))
            }
            Err(error) => Err(impossible(error)),
        }
    }

    /// Stores the relations that the operation works on. A repetition stores the same pages, or those of the moment: no
    /// statement has been sent before the number of relations is stored.
    pub(crate) async fn split(&self, held: &mut Held, session: &mut Session) -> Result<(), Stop> {
        let Operation { id, kind, target, options, .. } = held.operation.clone();
        if catalog::is_standby(session).await? {
            return Err(Stop::Impossible(Reason::new(objects::STANDBY)));
        }
        let Some(oids) = catalog::relations(session, kind, &options, &target.object).await? else {
            return Err(Stop::Impossible(Reason::new(objects::not_found(&target))));
        };
        self.operations.pages_put(&id, &oids).await?;
        let total = oids.len() as u64;
        self.update(held, |operation| Ok(operation.split(total))).await
    }

    /// Applies the outcome of a statement.
    pub(crate) async fn conclude(&self, held: &mut Held, verdict: Verdict) -> Result<(), Stop> {
        let now = self.operations.now();
        match verdict {
            Verdict::Finished => self.update(held, |operation| Ok(operation.step_finished())).await,
            Verdict::Failed(reason) => {
                self.update(held, |operation| Ok(operation.step_failed(reason.clone()))).await
            }
            Verdict::Aborted => self.end_early(held).await,
            Verdict::Again(reason) => {
                self.update(held, |operation| Ok(operation.with_server().step_retried(reason.clone(), now)))
                    .await?;
                self.operations.send_run_of_waiting(&held.operation).await;
                Ok(())
            }
            Verdict::Running(seconds) => {
                let look = now.plus_seconds(seconds);
                self.update(held, |operation| Ok(operation.with_server().released(look, None))).await?;
                self.operations.send_run(&held.operation).await;
                Ok(())
            }
        }
    }
}

impl Operations {
    /// Stores the relations of an operation.
    async fn pages_put(&self, id: &str, oids: &[u32]) -> Result<(), Error> {
        let ttl = self.now().plus_seconds(self.settings.retention_seconds).epoch_seconds();
        let pages = oids.chunks(usize::try_from(PAGE).unwrap_or(usize::MAX)).zip(0_u64..);
        let writes = pages.map(|(oids, number)| {
            Ok(Write::Put(item(&Key::operation_page(id, number), &Page { oids: oids.to_vec(), ttl })?))
        });
        self.table.write_all(writes.collect::<Result<_, Error>>()?).await
    }

    /// Returns the OID of a relation of an operation.
    pub(crate) async fn page_relation(&self, id: &str, number: u64) -> Result<Option<u32>, Error> {
        let page: Option<Page> = self.table.get(&Key::operation_page(id, number / PAGE)).await?;
        let place = usize::try_from(number % PAGE).unwrap_or_default();
        Ok(page.and_then(|page| page.oids.get(place).copied()))
    }

    /// Sends the message of an operation that was released, and nothing for one that is held or has ended.
    pub(crate) async fn send_run_of_waiting(&self, operation: &Operation) {
        if operation.lease.is_none() && !operation.status.is_final() {
            self.send_run(operation).await;
        }
    }
}

fn impossible(error: Error) -> Stop {
    match error.kind() {
        error::Kind::Bug => Stop::Failed(error),
        _ => Stop::Impossible(Reason::new(error.to_string())),
    }
}
