//! Operations as clients see them.

use maintenance::operation::datetime;
use maintenance::operation::kind::Kind;
use maintenance::operation::objects::Plan;
use maintenance::operation::options::Options;
use maintenance::operation::progress::{Blocker, Progress};
use maintenance::operation::record::Operation;
use maintenance::operation::status::Status;
use maintenance::operation::target::Target;
use maintenance::operation::window::Window;
use maintenance::report::size;
use serde::Serialize;

/// The response to a request for an operation.
#[derive(Debug, Serialize)]
pub struct Requested {
    /// The id of the operation.
    pub id: String,
}

/// The response to a cancel.
#[derive(Debug, Serialize)]
pub struct Canceled {
    /// Always `ok`.
    pub response: &'static str,
}

/// An entry of a list, as documented.
#[derive(Debug, Serialize)]
pub struct Entry {
    id: String,
    dbname: String,
    schema: Option<String>,
    table: Option<String>,
    index: Option<String>,
    mode: Option<String>,
    datetime: String,
    status: Status,
}

/// An operation with everything that is known about it.
#[derive(Debug, Serialize)]
pub struct Detailed {
    #[serde(flatten)]
    entry: Entry,
    kind: Kind,
    instance: Option<String>,
    options: Further,
    window: Option<Window>,
    recurrence: Option<String>,
    requested: String,
    requested_by: String,
    started: Option<String>,
    ended: Option<String>,
    relations: Option<u64>,
    relations_finished: u64,
    relations_failed: u64,
    attempts: u32,
    waiting: Option<String>,
    error: Option<String>,
    sqlstate: Option<String>,
    statement: Option<String>,
    statement_started: Option<String>,
    pid: Option<i32>,
    phase: Option<String>,
    percent: Option<f64>,
    blockers: Vec<Blocker>,
}

/// Options that the original does not have, of those that were requested.
#[derive(Debug, Serialize)]
pub struct Further {
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_locked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index_cleanup: Option<maintenance::operation::options::IndexCleanup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buffer_usage_limit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrently: Option<bool>,
}

/// A page of the history.
#[derive(Debug, Serialize)]
pub struct History {
    /// The operations, newest first.
    pub operations: Vec<Detailed>,
    /// The cursor of the next page. Null on the last one.
    pub next: Option<String>,
}

/// The response to a dry run.
#[derive(Debug, Serialize)]
pub struct Planned {
    statements: Vec<String>,
    relations: usize,
    lock: &'static str,
    space_needed_bytes: Option<i64>,
    space_needed_size: Option<String>,
    server_version: u32,
}

/// Returns the name of the server of a target. `None` for the default one.
pub fn instance(target: &Target) -> Option<String> {
    Some(target.server.clone()).filter(|server| !server.is_empty())
}

impl From<&Operation> for Entry {
    fn from(operation: &Operation) -> Self {
        let object = &operation.target.object;
        let mode = (operation.kind == Kind::Vacuum).then(|| operation.options.mode.to_string());
        Self {
            id: operation.id.clone(),
            dbname: operation.target.database.clone(),
            schema: object.schema().map(str::to_owned),
            table: object.table().map(str::to_owned),
            index: object.index().map(str::to_owned),
            mode,
            datetime: datetime::print(operation.due),
            status: operation.status,
        }
    }
}

impl Detailed {
    /// Returns an operation with the progress of its statement.
    pub fn new(operation: &Operation, progress: Option<Progress>) -> Self {
        let current = operation.current.as_ref();
        let past = operation.past.as_ref();
        let statement = current.map(|one| &one.statement).or(past.map(|one| &one.statement));
        let since = current.map(|one| one.since).or(past.map(|one| one.since));
        let reason = operation.error.as_ref();
        let target = &operation.target;
        Self {
            entry: Entry::from(operation),
            kind: operation.kind,
            instance: instance(target),
            options: Further::from(&operation.options),
            window: operation.window,
            recurrence: operation.recurrence.clone(),
            requested: datetime::print(operation.requested),
            requested_by: operation.requested_by.clone(),
            started: operation.started.map(datetime::print),
            ended: operation.ended.map(datetime::print),
            relations: operation.total,
            relations_finished: operation.finished,
            relations_failed: operation.failed,
            attempts: operation.attempts,
            waiting: operation.waiting.clone(),
            error: reason.map(|reason| reason.message.clone()),
            sqlstate: reason.and_then(|reason| reason.sqlstate.clone()),
            statement: statement.cloned(),
            statement_started: since.map(datetime::print),
            pid: current.map(|current| current.pid),
            phase: progress.as_ref().and_then(|progress| progress.phase.clone()),
            percent: progress.as_ref().and_then(Progress::percent),
            blockers: progress.map(|progress| progress.blockers).unwrap_or_default(),
        }
    }
}

impl From<&Options> for Further {
    fn from(options: &Options) -> Self {
        Self {
            skip_locked: options.skip_locked,
            parallel: options.parallel,
            index_cleanup: options.index_cleanup,
            truncate: options.truncate,
            buffer_usage_limit: options.buffer_usage_limit.as_ref().map(|size| size.as_str().to_owned()),
            concurrently: options.concurrently,
        }
    }
}

impl From<Plan> for Planned {
    fn from(plan: Plan) -> Self {
        let Plan { statements, relations, lock, space_needed, version } = plan;
        Self {
            statements,
            relations,
            lock,
            space_needed_bytes: space_needed,
            space_needed_size: space_needed.map(size::pretty),
            server_version: version,
        }
    }
}
