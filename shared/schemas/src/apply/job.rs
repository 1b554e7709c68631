//! What a worker knows about the task that it works on.

use domain::access::audit::Caller;
use domain::error::Error;

use crate::apply::course::Course;
use crate::apply::plan::fingerprint;
use crate::mysql::identifier::Identifier;
use crate::record::{
    Changeset, DatabaseSchema, Environment, Server, StepState, Task, TaskKind, TaskStatus, User,
};
use crate::registry::Registry;
use crate::task::running::Stop;

/// The changeset, the server and the statements of a task.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) changeset: Changeset,
    pub(super) server: Server,
    pub(super) environment: Option<Environment>,
    pub(super) schema: DatabaseSchema,
    pub(super) name: Identifier,
    pub(super) course: Course,
    /// The user who requested the task, for the audit log.
    pub(super) caller: Caller,
}

impl Job {
    /// Returns the name of the lock that a worker holds while it changes the schema. Locks belong to a server, so that two
    /// rows with the address of one server share it.
    pub(super) fn lock(&self) -> String {
        lock_name(&self.name)
    }
}

/// Returns the name of the lock of a schema.
pub(crate) fn lock_name(schema: &Identifier) -> String {
    format!("steward:{}", schema.as_str())
}

impl Registry {
    /// Returns the job of a task. Fails if a row that it needs is gone, or its statements are not those of its request.
    pub(super) async fn job(&self, task: &Task) -> Result<Job, Stop> {
        let end = |text: &str| Stop::End(task.stopped_status(), text.to_owned());
        let changeset: Changeset = match task.changeset {
            Some(id) => self.require(id).await?,
            None => return Err(Error::bug("an application names no changeset").into()),
        };
        let server = match task.server {
            Some(id) => self.find::<Server>(id).await?,
            None => None,
        };
        let server = server.ok_or_else(|| end("The server was deleted."))?;
        let schema = self.require::<DatabaseSchema>(task.database_schema).await?;
        let name = Identifier::new(&schema.name);
        let name = name.ok_or_else(|| end("No server has a schema with this name."))?;
        let details = self.details_of(&changeset).await?;
        if changeset.database_schema != task.database_schema
            || task.fingerprint.as_ref() != Some(&fingerprint(&details))
        {
            return Err(end("The changeset was updated after the task was requested. Cancel the task."));
        }
        let course = match task.kind {
            TaskKind::Revert => Course::revert(details),
            _ => Course::apply(details, task.options.on_failure),
        };
        let environment = self.environment_of(&server).await?;
        let caller = self.requester(task).await?;
        Ok(Job { changeset, server, environment, schema, name, course, caller })
    }

    /// Returns the origin of the statements of a task, for the audit log.
    async fn requester(&self, task: &Task) -> Result<Caller, Error> {
        let user = match task.user {
            Some(id) => self.find::<User>(id).await?,
            None => None,
        };
        let name = user.map_or_else(|| "steward".to_owned(), |user| user.name);
        Ok(Caller { name, tenant: String::new(), address: String::new(), request_id: task.task_id.clone() })
    }
}

impl Task {
    /// Returns how the task ends now because a cancel was requested. `None` if none was, or if the outcome of a statement
    /// must be found out first.
    pub(super) fn cancelled(&self) -> Option<(TaskStatus, String)> {
        if !self.is_cancelled || self.is_in_doubt() {
            return None;
        }
        if !self.has_effect() {
            return Some((TaskStatus::Canceled, format!("Changeset {} was canceled.", self.job_name())));
        }
        let executed = self.steps.iter().filter(|step| step.is_executed()).count();
        let interrupted = self.steps.last().is_some_and(|step| step.state == StepState::Failed);
        let last = if interrupted { " The last one failed." } else { "" };
        let text = format!(
            "Changeset {} was canceled after {executed} statements.{last} Resume continues it, cancel gives it up.",
            self.job_name()
        );
        Some((TaskStatus::Error, text))
    }
}
