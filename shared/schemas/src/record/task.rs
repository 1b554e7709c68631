//! Tasks: reviews, applications, reverts and checks, which a worker does.

use domain::time::{Micros, Minute};
use serde::{Deserialize, Serialize};

use crate::record::{Name, Record};

/// A review, an application, a revert or a check.
///
/// A worker acquires it under a token and a lease, as in the operations of `maintenance`. Its transitions are in
/// [`crate::task`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The id of the row.
    pub id: u64,
    /// The documented id: a UUID.
    pub task_id: String,
    /// The kind.
    pub kind: TaskKind,
    /// The state.
    pub status: TaskStatus,
    /// The id of the changeset. `None` for a check.
    pub changeset: Option<u64>,
    /// The id of the server. `None` for a review, and for a parent of applications.
    pub server: Option<u64>,
    /// The id of the schema.
    pub database_schema: u64,
    /// The id of the version that a review, an application or a revert starts from. `None` until it does.
    pub schema_version: Option<u64>,
    /// The id of the user who requested it. `None` for a scheduled check.
    pub user: Option<u64>,
    /// The options of an application or a revert.
    #[serde(default)]
    pub options: ApplyOptions,
    /// The documented messages, oldest first.
    #[serde(default)]
    pub messages: Vec<Message>,
    /// The ids of the documented rows: of a review the tests, of an application the detail applies.
    #[serde(default)]
    pub results: Vec<u64>,
    /// The statements of an application or a revert that were started, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The id of the parent, for the application to one of several servers.
    pub parent: Option<u64>,
    /// The ids of the servers of a parent, in order; the first is the canary.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<u64>,
    /// The ids of the applications to these servers. One is created when its turn comes.
    #[serde(default)]
    pub children: Vec<u64>,
    /// The digest of the statements when they were requested.
    #[serde(rename = "fp", default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The checksum that the schema must have when a worker continues. `None` for any.
    #[serde(rename = "ex", default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Whether a person accepted the final structure.
    #[serde(rename = "ac", default)]
    pub is_accepted: bool,
    /// Whether a cancel was requested.
    #[serde(default)]
    pub is_cancelled: bool,
    /// The number of times that a worker acquired it.
    #[serde(rename = "tk", default)]
    pub token: u64,
    /// Until when the worker with the latest token holds it.
    #[serde(rename = "le", default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Micros>,
    /// When it must be looked at next.
    #[serde(rename = "lo")]
    pub look: Micros,
    /// The minute of its due row. `None` once it has ended.
    #[serde(rename = "du", default, skip_serializing_if = "Option::is_none")]
    pub minute: Option<Minute>,
    /// The times in a row that it could not proceed because a server was unreachable or a lock was held.
    #[serde(rename = "tr", default)]
    pub attempts: u32,
    /// When it first could not proceed, since it last did.
    #[serde(rename = "un", default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<Micros>,
    /// When it was requested.
    pub created_at: Micros,
    /// When a worker started it.
    pub started_at: Option<Micros>,
    /// When it ended.
    pub ended_at: Option<Micros>,
    /// When the row was changed.
    pub updated_at: Micros,
    /// The version of the row.
    #[serde(rename = "v")]
    pub version: u64,
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// Tests a changeset on the scratch server.
    Review,
    /// Applies a changeset to a server.
    Apply,
    /// Reverts a changeset on a server.
    Revert,
    /// Compares a schema on a server with its known versions.
    Check,
}

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskStatus {
    /// Waits for a worker.
    Queued,
    /// A worker works on it.
    Running,
    /// Finished without an error.
    Done,
    /// Ended with an error, with nothing in doubt.
    Failed,
    /// Stopped with an error in the middle of an application: a person must resume or repair it.
    Error,
    /// Cancelled.
    Canceled,
}

/// Options of an application or a revert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyOptions {
    /// Whether all checks are made and no statement is executed.
    #[serde(default)]
    pub dry_run: bool,
    /// Whether an open drift is ignored.
    #[serde(default)]
    pub force: bool,
    /// What happens after a failed statement.
    #[serde(default)]
    pub on_failure: OnFailure,
    /// Seconds that a statement waits for locks. `None` uses the environment's policy, or the setting.
    #[serde(default)]
    pub lock_wait_timeout: Option<u64>,
    /// Seconds that a statement may run. `None` for no limit.
    #[serde(default)]
    pub max_statement_time: Option<u64>,
    /// Servers that are changed at the same time once the canary is done. `None` for one.
    #[serde(default)]
    pub parallelism: Option<u64>,
}

/// What happens after a failed statement of an application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// The application stops.
    #[default]
    Stop,
    /// The details that were applied are reverted, in reverse order.
    Revert,
}

/// A message of a task, as documented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Further data, such as the difference between two structures, as JSON text.
    pub extra: Option<String>,
    /// The text.
    pub message: String,
    /// Its type.
    pub message_type: MessageType,
}

/// The type of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageType {
    /// Progress.
    Info,
    /// A warning.
    Warning,
    /// An error.
    Error,
}

/// A statement of an application or a revert that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The id of the detail.
    pub detail: u64,
    /// The number of the statement in the detail, from 0.
    pub statement: u64,
    /// Whether the statement belongs to `revert_sql`.
    pub is_revert: bool,
    /// Its state.
    pub state: StepState,
    /// The checksum of the schema on the server before it.
    pub before: String,
    /// The checksum of the schema on the server after it. `None` until it is known.
    pub after: Option<String>,
    /// The number of the connection that executes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    /// When it was started.
    pub started_at: Micros,
    /// When it ended.
    pub ended_at: Option<Micros>,
}

/// The state of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// Sent, or about to be sent. Whether it had its effect is unknown.
    Starting,
    /// Executed.
    Done,
    /// The server reported an error.
    Failed,
    /// A person declared it executed.
    Repaired,
}

impl Record for Task {
    const RESOURCE: Name = Name::Task;

    fn id(&self) -> u64 {
        self.id
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn references(&self) -> Vec<(&'static str, u64)> {
        self.changeset.map(|changeset| ("changeset", changeset)).into_iter().collect()
    }
}
