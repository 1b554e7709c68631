//! Scratch schemas: their names, creation and removal.
//!
//! The name of a scratch schema holds the time of the task, its id, and the token of the worker. So a worker that lost its
//! task does not share a schema with its successor, and what a worker left behind can be told from what is in use.

use std::time::Duration;

use domain::time::Micros;

use crate::dump::{Dump, catalog, load};
use crate::mysql::failure::Failure;
use crate::mysql::identifier::Identifier;
use crate::mysql::session::{Limits, Session};
use crate::record::{Task, TaskStatus};
use crate::registry::Registry;
use crate::servers::{CONNECT_TIMEOUT, ConnectError, Servers};
use crate::task::running::Stop;

/// What the names of all scratch schemas start with. No other schema of the scratch server may.
const PREFIX: &str = "szr_";
/// Seconds after which a scratch schema without an active task is left over.
const LEFT_OVER_SECONDS: i64 = 3_600;

/// The limits of sessions of a review. A scratch schema has only the rows that the changeset itself inserts.
const LIMITS: Limits = Limits {
    lock_wait_timeout: Duration::from_secs(10),
    connect_timeout: CONNECT_TIMEOUT,
    max_statement_time: Some(Duration::from_mins(1)),
};

/// The purpose of a scratch schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The details are tested in it.
    Test,
    /// The lock impact of changes of tables is measured in it.
    Probe,
}

/// What the name of a scratch schema tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// When its task was requested, in seconds since the epoch.
    created: i64,
    /// The public id of the task.
    task_id: String,
}

/// The scratch schemas of a review.
#[derive(Clone, Debug)]
pub(super) struct Scratch {
    servers: Servers,
    test: Identifier,
    probe: Identifier,
}

/// Returns the name of a scratch schema.
fn name(task: &Task, purpose: Purpose) -> String {
    let digits = task.task_id.replace('-', "");
    let seconds = task.created_at.epoch_seconds();
    let letter = match purpose {
        Purpose::Test => 't',
        Purpose::Probe => 'p',
    };
    format!("{PREFIX}{seconds:x}_{digits}_{}{letter}", task.token)
}

/// Reads the name of a scratch schema. `None` if it is that of another schema.
fn parse(name: &str) -> Option<Named> {
    let mut parts = name.strip_prefix(PREFIX)?.split('_');
    let (seconds, digits, token) = (parts.next()?, parts.next()?, parts.next()?);
    let is_hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if parts.next().is_some() || !is_hex || token.is_empty() {
        return None;
    }
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
    let created = i64::from_str_radix(seconds, 16).ok()?;
    Some(Named { created, task_id: parts.join("-") })
}

impl Scratch {
    /// Returns the scratch schemas of the worker that holds a task. Nothing is created yet.
    pub(super) fn new(servers: &Servers, task: &Task) -> Result<Self, Stop> {
        let identifier = |purpose| {
            let possible = Identifier::new(&name(task, purpose));
            possible.ok_or_else(|| Stop::End(TaskStatus::Failed, "the task has no possible name".to_owned()))
        };
        let (test, probe) = (identifier(Purpose::Test)?, identifier(Purpose::Probe)?);
        Ok(Self { servers: servers.clone(), test, probe })
    }

    /// Returns the name of a schema.
    pub(super) fn schema(&self, purpose: Purpose) -> &Identifier {
        match purpose {
            Purpose::Test => &self.test,
            Purpose::Probe => &self.probe,
        }
    }

    /// Opens a session on the scratch server, without a schema.
    pub(super) async fn server(&self) -> Result<Session, Stop> {
        self.servers.scratch(None, LIMITS).await.map_err(unconnected)
    }

    /// Opens a session in a scratch schema.
    pub(super) async fn session(&self, purpose: Purpose) -> Result<Session, Stop> {
        self.servers.scratch(Some(self.schema(purpose)), LIMITS).await.map_err(unconnected)
    }

    /// Creates a schema with the structure of a dump.
    pub(super) async fn create(
        &self,
        session: &mut Session,
        purpose: Purpose,
        dump: &Dump,
    ) -> Result<(), Stop> {
        let schema = self.schema(purpose);
        load::recreate(session, schema, dump.collation.as_deref()).await.map_err(broken)?;
        load::load(session, dump).await.map_err(|failure| match failure {
            failure if failure.is_of_connection() => broken(failure),
            failure => {
                let text =
                    format!("The version of the schema cannot be loaded on the scratch server: {failure}.");
                Stop::End(TaskStatus::Failed, text)
            }
        })
    }

    /// Returns the dump of a schema.
    pub(super) async fn dump(&self, session: &mut Session, purpose: Purpose) -> Result<Dump, Stop> {
        let dump = catalog::dump(session, self.schema(purpose)).await.map_err(broken)?;
        dump.ok_or_else(|| Stop::Wait("the scratch schema was dropped".to_owned()))
    }

    /// Drops the schemas, on a new session: that of the test may have ended, or still run a statement.
    pub(super) async fn drop_all(&self) -> Result<(), Stop> {
        let mut session = self.server().await?;
        for purpose in [Purpose::Test, Purpose::Probe] {
            load::drop_schema(&mut session, self.schema(purpose)).await.map_err(broken)?;
        }
        session.close().await;
        Ok(())
    }
}

impl Registry {
    /// Drops what earlier workers of this task left behind, and what tasks left behind that are over for an hour.
    pub(super) async fn sweep_scratch(&self, session: &mut Session, task: &Task) -> Result<(), Stop> {
        for name in scratch_schemas(session).await.map_err(broken)? {
            let Some(named) = parse(name.as_str()) else { continue };
            let is_own = named == Named::of(task);
            if is_own || (named.is_old(self.now()) && !self.is_active(&named).await?) {
                tracing::info!(schema = name.as_str(), "a scratch schema was left behind");
                load::drop_schema(session, &name).await.map_err(broken)?;
            }
        }
        Ok(())
    }

    async fn is_active(&self, named: &Named) -> Result<bool, Stop> {
        let task = self.task(&named.task_id).await?;
        Ok(task.is_some_and(|task| task.status.is_active()))
    }
}

impl Named {
    fn of(task: &Task) -> Self {
        Self { created: task.created_at.epoch_seconds(), task_id: task.task_id.clone() }
    }

    fn is_old(&self, now: Micros) -> bool {
        self.created + LEFT_OVER_SECONDS <= now.epoch_seconds()
    }
}

/// Returns the scratch schemas of a server.
async fn scratch_schemas(session: &mut Session) -> Result<Vec<Identifier>, Failure> {
    let query = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE ?";
    let pattern = format!("{}%", PREFIX.replace('_', "\\_"));
    let rows = session.rows(query, &[&pattern]).await?;
    let names = rows.iter().map(|row| Ok(Identifier::new(row.text(0)?)));
    Ok(names.collect::<Result<Vec<_>, Failure>>()?.into_iter().flatten().collect())
}

/// Returns what a worker does without a session: it waits for the server, unless it would wait for ever.
#[expect(clippy::needless_pass_by_value, reason = "a function of `map_err`")]
fn unconnected(error: ConnectError) -> Stop {
    let text = format!("The scratch server cannot be used: {error}.");
    if error.is_temporary() { Stop::Wait(text) } else { Stop::End(TaskStatus::Failed, text) }
}

/// Returns what a worker does if a statement of its own fails.
#[expect(clippy::needless_pass_by_value, reason = "a function of `map_err`")]
pub(super) fn broken(failure: Failure) -> Stop {
    Stop::Wait(format!("The scratch server failed: {failure}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TaskKind;

    const TASK_ID: &str = "1e7cb249-a3af-4d6c-a6f0-c939525d2014";

    fn task(token: u64) -> Task {
        let created = Micros(1_700_000_000_000_000);
        Task { token, ..Task::new(1, TASK_ID.to_owned(), TaskKind::Review, 1, created) }
    }

    #[test]
    fn names_tell_the_task_and_differ_by_worker_and_purpose() {
        let names = [
            name(&task(1), Purpose::Test),
            name(&task(1), Purpose::Probe),
            name(&task(2), Purpose::Test),
            name(&task(999_999), Purpose::Test),
        ];
        assert_eq!(names[0], "szr_6553f100_1e7cb249a3af4d6ca6f0c939525d2014_1t");
        for name in &names {
            assert!(Identifier::new(name).is_some() && name.len() <= 64, "{name}");
            let scratch = parse(name).expect("a scratch schema");
            assert_eq!((scratch.created, scratch.task_id.as_str()), (1_700_000_000, TASK_ID));
        }
        assert!(names.iter().enumerate().all(|(at, name)| !names[..at].contains(name)));
    }

    #[test]
    fn other_schemas_are_not_scratch_schemas() {
        for name in [
            "szr_",
            "szr_x",
            "szr_6553f100_short_1t",
            "szr_6553f100_1e7cb249a3af4d6ca6f0c939525d2014",
            "shop",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_schema_is_old_an_hour_after_its_task_was_requested() {
        let named = parse(&name(&task(1), Purpose::Test)).expect("a scratch schema");
        let created = Micros(1_700_000_000_000_000);
        assert!(!named.is_old(created.plus_seconds(3_599)));
        assert!(named.is_old(created.plus_seconds(3_600)));
    }
}
