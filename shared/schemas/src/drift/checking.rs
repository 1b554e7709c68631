//! The worker of checks.

use std::time::Duration;

use domain::storage::table::Race;

use crate::apply::job::lock_name;
use crate::apply::text;
use crate::drift::finding::Finding;
use crate::dump::{self, Dump, difference};
use crate::journal::{Happening, JOURNAL_IDS};
use crate::mysql::failure::Failure;
use crate::mysql::identifier::Identifier;
use crate::mysql::session::Limits;
use crate::record::{
    DatabaseSchema, Message, MessageType, Name, SchemaVersion, Server, ServerData, Task, TaskStatus,
};
use crate::servers::CONNECT_TIMEOUT;
use crate::store::{Commit, MOST_RACES, too_many_races};
use crate::task::running::{Held, Runner, Stop};

/// Seconds after which the server ends a query of a check.
const QUERY_SECONDS: u64 = 60;

/// The result of a check.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    finding: Finding,
    dump: Option<Dump>,
}

impl Runner {
    /// Compares a schema on a server with its known versions.
    pub(crate) async fn check(&self, held: &mut Held) -> Result<(), Stop> {
        let end = |text: &str| Stop::End(TaskStatus::Failed, text.to_owned());
        let schema = self.registry.require::<DatabaseSchema>(held.task.database_schema).await?;
        let server = self.registry.find::<Server>(held.task.server.unwrap_or_default()).await?;
        let server = server.ok_or_else(|| end("The server was deleted."))?;
        let name =
            Identifier::new(&schema.name).ok_or_else(|| end("No server has a schema with this name."))?;
        let dump = self.dumped(&schema, &server, &name).await?;
        let version = match &dump {
            Some(dump) => self.registry.version_of(schema.id, &dump.checksum).await?,
            None => None,
        };
        let checksum = dump.as_ref().map(|dump| dump.checksum.clone());
        let checked = Checked { finding: Finding { checksum, version }, dump };
        let message_type = MessageType::Info;
        let message = Message { extra: None, message: "Schema check completed.".to_owned(), message_type };
        self.end_check(held, TaskStatus::Done, &message, Some(checked)).await
    }

    /// Returns the structure of a schema while no task changes it. `None` if it does not exist.
    async fn dumped(
        &self,
        schema: &DatabaseSchema,
        server: &Server,
        name: &Identifier,
    ) -> Result<Option<Dump>, Stop> {
        let lost = |failure: Failure| Stop::Wait(failure.to_string());
        let limits = Limits {
            lock_wait_timeout: Duration::from_secs(self.registry.settings.lock_wait_seconds),
            connect_timeout: CONNECT_TIMEOUT,
            max_statement_time: Some(Duration::from_secs(QUERY_SECONDS)),
        };
        let opened = self.servers.connect(server, None, limits).await;
        let mut session = opened.map_err(|error| {
            let reason = text::unreachable(server, &error);
            if error.is_temporary() { Stop::Wait(reason) } else { Stop::End(TaskStatus::Failed, reason) }
        })?;
        let is_free = session.get_lock(&lock_name(name), 0).await.map_err(lost)?;
        let dump = if is_free {
            dump::catalog::dump(&mut session, name).await.map_err(lost)
        } else {
            Err(Stop::Wait(text::busy(schema, server)))
        };
        session.close().await;
        dump
    }

    /// Ends a check: stores what it found, if it found anything, and schedules the next one.
    pub(crate) async fn end_check(
        &self,
        held: &mut Held,
        status: TaskStatus,
        message: &Message,
        checked: Option<Checked>,
    ) -> Result<(), Stop> {
        for _ in 0..MOST_RACES {
            let old = self.registry.find::<Task>(held.task.id).await?.ok_or(Stop::Lost)?;
            if old.token != held.task.token || !old.status.is_active() {
                return Err(Stop::Lost);
            }
            if let Some(new) = self.try_end_check(&old, status, message, checked.as_ref()).await? {
                held.task = new;
                return Ok(());
            }
        }
        Err(too_many_races().into())
    }

    /// Returns `None` after a lost race.
    async fn try_end_check(
        &self,
        old: &Task,
        status: TaskStatus,
        message: &Message,
        checked: Option<&Checked>,
    ) -> Result<Option<Task>, Stop> {
        let registry = &self.registry;
        let wanted = [JOURNAL_IDS.as_slice(), &[(Name::ServerData, 1), (Name::Task, 1)]].concat();
        let ids = registry.take_ids(&wanted).await?;
        let server = registry.find::<Server>(old.server.unwrap_or_default()).await?;
        let mut task = old.clone();
        let mut commit = Commit::default();
        if let Some(server) = &server {
            let known = registry.known(server.id, old.database_schema).await?;
            let base = registry.base(known.as_ref(), &ids, server.id, old.database_schema);
            if let Some(checked) = checked {
                let found = self.found(&base, known.as_ref(), server, checked).await?;
                let text = self.summary(&found, server).await?;
                task = task.with_message(message_type(&found), &text, None);
                let (event, user) = (Some("schema_check"), old.user);
                let happening = Happening { event, description: text, action: None, user };
                registry.journal(&mut commit, &ids, &happening)?;
                registry.note(&mut commit, &ids, known.as_ref(), found, Some(old.id))?;
            } else if known.is_some() {
                registry.note(&mut commit, &ids, known.as_ref(), base, Some(old.id))?;
            }
        }
        let task = task.with_message(message.message_type, &message.message, message.extra.clone());
        let new = registry.next_task(old, task.ended(status, registry.now())?);
        commit.replace_task(old, &new)?;
        let race = registry.commit(commit).await?;
        Ok((race == Race::Won).then_some(new))
    }

    async fn found(
        &self,
        base: &ServerData,
        known: Option<&ServerData>,
        server: &Server,
        checked: &Checked,
    ) -> Result<ServerData, Stop> {
        let expected = checked.finding.expected(known, server.id);
        let difference = match (expected, &checked.dump) {
            (Some(expected), Some(dump)) if checked.finding.has_drifted(Some(expected)) => {
                let version = self.registry.require::<SchemaVersion>(expected).await?;
                let before = self.registry.dump_of(&version).await?;
                difference::unified(("expected", &before.ddl), ("actual", &dump.ddl))
            }
            _ => String::new(),
        };
        Ok(base.found(&checked.finding, expected, &difference, self.registry.now()))
    }

    /// Returns what a check found in one sentence.
    async fn summary(&self, found: &ServerData, server: &Server) -> Result<String, Stop> {
        let schema = self.registry.require::<DatabaseSchema>(found.database_schema).await?;
        let what = match (found.schema_exists, found.schema_version, found.has_drifted) {
            (false, _, _) => "does not exist".to_owned(),
            (true, None, _) => "has a structure that is none of its versions".to_owned(),
            (true, Some(version), true) => format!("has drifted to version [id={version}]"),
            (true, Some(version), false) => format!("has version [id={version}]"),
        };
        Ok(format!("Schema '{}' {what} at server [id={}, name={}].", schema.name, server.id, server.name))
    }
}

fn message_type(found: &ServerData) -> MessageType {
    if found.has_drifted { MessageType::Warning } else { MessageType::Info }
}
