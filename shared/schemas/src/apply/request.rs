//! Requests of applications and reverts. All rules that can be checked are checked before the answer, and the worker
//! checks those about the server again.

use domain::access::audit::AuditAction;
use domain::error::Error;
use domain::storage::table::Race;

use crate::apply::admitting::{admit_person, applied_text};
use crate::apply::plan::{MOST_STATEMENTS, Plan, fingerprint, irreversible};
use crate::changeset::rights::Action;
use crate::people::Person;
use crate::record::{ApplyOptions, Changeset, ChangesetDetail, Environment, Name, Server, Task, TaskKind};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::store::applied::Applied;
use crate::store::{Commit, MOST_RACES, too_many_races};

/// Servers of the largest request.
pub const MOST_SERVERS: usize = 100;

/// A request to apply a changeset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyRequest {
    /// The id of the changeset.
    pub changeset: u64,
    /// The servers.
    pub targets: Targets,
    /// The options.
    pub options: ApplyOptions,
}

/// The servers that a changeset is applied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// The server with this id.
    Server(u64),
    /// The servers with these ids, in this order; the first is the canary.
    Servers(Vec<u64>),
    /// All servers of the environment with this id, by id.
    Environment(u64),
}

impl Registry {
    /// Requests the application of a changeset. Returns the task; for several servers the parent of their tasks, which
    /// leaves out the servers to which the changeset is applied already.
    ///
    /// Fails if a row does not exist, the person may not apply the changeset, the policy of an environment forbids it, the
    /// changeset is not approved, its schema has drifted, or it is applied already.
    pub async fn request_apply(&self, request: &ApplyRequest, person: &Person) -> Result<Task, Refusal> {
        let changeset = self.require::<Changeset>(request.changeset).await?;
        let servers = self.targets(&request.targets).await?;
        admit_person(Action::Apply, &changeset, person)?;
        let details = self.details_of(&changeset).await?;
        admit_size(&Plan::apply(&details))?;
        for server in &servers {
            self.admit_policy(&changeset, server).await?;
            self.admit_drift(&changeset, server, &request.options).await?;
        }
        let draft = Draft { kind: TaskKind::Apply, changeset: &changeset, details: &details, person };
        match (&request.targets, servers.as_slice()) {
            (Targets::Server(_), [server]) => self.create_application(&draft, &request.options, server).await,
            _ => self.create_parent(&draft, &request.options, &servers).await,
        }
    }

    /// Requests the revert of a changeset on a server, by the `revert_sql` of its details, the last one first.
    ///
    /// Fails unless it is applied there, if the person may not revert it, the window of the environment is closed, the
    /// schema has drifted, or a detail has no `revert_sql`, unless the options force the revert of the others.
    pub async fn request_revert(
        &self,
        changeset: u64,
        server: u64,
        options: &ApplyOptions,
        person: &Person,
    ) -> Result<Task, Refusal> {
        let changeset = self.require::<Changeset>(changeset).await?;
        let server = self.require::<Server>(server).await?;
        admit_person(Action::Revert, &changeset, person)?;
        let details = self.details_of(&changeset).await?;
        admit_size(&Plan::revert(&details))?;
        if let Some(id) = irreversible(&details).first()
            && !options.force
        {
            return Err(Refusal::wrong_state(format!(
                "Changeset detail {id} has no revert_sql. With force, the others are reverted."
            )));
        }
        self.admit_window(&server).await?;
        self.admit_drift(&changeset, &server, options).await?;
        let draft = Draft { kind: TaskKind::Revert, changeset: &changeset, details: &details, person };
        self.create_revert(&draft, options, &server).await
    }

    async fn targets(&self, targets: &Targets) -> Result<Vec<Server>, Refusal> {
        let servers = match targets {
            Targets::Server(id) => vec![self.require::<Server>(*id).await?],
            Targets::Servers(ids) => {
                let mut servers: Vec<Server> = Vec::new();
                for id in ids {
                    if servers.iter().any(|server| server.id == *id) {
                        return Err(Refusal::Malformed(format!("server {id} is named twice")));
                    }
                    servers.push(self.require(*id).await?);
                }
                servers
            }
            Targets::Environment(id) => {
                self.require::<Environment>(*id).await?;
                let servers = self.find_all::<Server>().await?;
                servers.into_iter().filter(|server| server.environment == Some(*id)).collect()
            }
        };
        if servers.is_empty() {
            return Err(Refusal::Malformed("there is no server to apply the changeset to".to_owned()));
        }
        if servers.len() > MOST_SERVERS {
            return Err(Refusal::Malformed(format!("expected at most {MOST_SERVERS} servers")));
        }
        Ok(servers)
    }

    async fn admit_drift(
        &self,
        changeset: &Changeset,
        server: &Server,
        options: &ApplyOptions,
    ) -> Result<(), Refusal> {
        if options.force {
            return Ok(());
        }
        match self.open_drift(changeset.database_schema, server).await? {
            Some(text) => Err(Refusal::wrong_state(text)),
            None => Ok(()),
        }
    }

    /// Creates the task of one application, and the item that excludes another one.
    async fn create_application(
        &self,
        draft: &Draft<'_>,
        options: &ApplyOptions,
        server: &Server,
    ) -> Result<Task, Refusal> {
        for _ in 0..MOST_RACES {
            if let Some(applied) = self.applied(draft.changeset.id, server.id).await? {
                return Err(Refusal::wrong_state(applied_text(&applied, server)));
            }
            let id = self.take_ids(&[(Name::Task, 1)]).await?.first(Name::Task);
            let task = Task { server: Some(server.id), ..self.drafted(draft, options, id) };
            let mut commit = Commit::default();
            if !options.dry_run {
                commit.create_applied(&Applied::begin(draft.changeset.id, server.id, id))?;
            }
            if self.create_requested(commit, &task, draft.person).await? == Race::Won {
                return Ok(task);
            }
        }
        Err(too_many_races().into())
    }

    async fn create_parent(
        &self,
        draft: &Draft<'_>,
        options: &ApplyOptions,
        servers: &[Server],
    ) -> Result<Task, Refusal> {
        let applied = self.applied_servers(draft.changeset.id).await?;
        let servers: Vec<u64> =
            servers.iter().map(|server| server.id).filter(|id| !applied.contains(id)).collect();
        if servers.is_empty() {
            let text = "Changeset has been successfully applied already at all of the servers.";
            return Err(Refusal::wrong_state(text));
        }
        for _ in 0..MOST_RACES {
            let count = servers.len() as u64;
            let id = self.take_ids(&[(Name::Task, count + 1)]).await?.first(Name::Task);
            let children = (id + 1..=id + count).collect();
            let task = Task { servers: servers.clone(), children, ..self.drafted(draft, options, id) };
            if self.create_requested(Commit::default(), &task, draft.person).await? == Race::Won {
                return Ok(task);
            }
        }
        Err(too_many_races().into())
    }

    async fn create_revert(
        &self,
        draft: &Draft<'_>,
        options: &ApplyOptions,
        server: &Server,
    ) -> Result<Task, Refusal> {
        for _ in 0..MOST_RACES {
            let applied = self.applied(draft.changeset.id, server.id).await?.ok_or_else(|| {
                Refusal::wrong_state(format!("Changeset is not applied at server '{}'.", server.name))
            })?;
            if !applied.is_complete || applied.revert.is_some() {
                return Err(Refusal::wrong_state(applied_text(&applied, server)));
            }
            let id = self.take_ids(&[(Name::Task, 1)]).await?.first(Name::Task);
            let task = Task { server: Some(server.id), ..self.drafted(draft, options, id) };
            let mut commit = Commit::default();
            if !options.dry_run {
                commit.replace_applied(&applied.next(Some(id)))?;
            }
            if self.create_requested(commit, &task, draft.person).await? == Race::Won {
                return Ok(task);
            }
        }
        Err(too_many_races().into())
    }

    fn drafted(&self, draft: &Draft<'_>, options: &ApplyOptions, id: u64) -> Task {
        let schema = draft.changeset.database_schema;
        let task = Task::new(id, self.ids.uuid(), draft.kind, schema, self.now());
        Task {
            changeset: Some(draft.changeset.id),
            user: Some(draft.person.id),
            options: options.clone(),
            fingerprint: Some(fingerprint(draft.details)),
            ..task
        }
    }

    /// Creates a requested task in one transaction with its entry in the audit log, and sends its message.
    async fn create_requested(
        &self,
        mut commit: Commit,
        task: &Task,
        person: &Person,
    ) -> Result<Race, Error> {
        commit.create_task(task, self)?;
        let action = if task.kind == TaskKind::Revert { "changeset.revert" } else { "changeset.apply" };
        let note = match task.server {
            Some(server) => format!("server {server}, task {}", task.task_id),
            None => format!("servers {:?}, task {}", task.servers, task.task_id),
        };
        let target = task.changeset.unwrap_or_default().to_string();
        let audit = AuditAction { action, target: &target, note: Some(note), before: None, after: None };
        self.audit(&mut commit, &person.caller, audit)?;
        let race = self.commit(commit).await?;
        if race == Race::Won {
            self.send_run_or_wait(task).await;
        }
        Ok(race)
    }
}

/// What the tasks of a request have in common.
struct Draft<'a> {
    kind: TaskKind,
    changeset: &'a Changeset,
    details: &'a [ChangesetDetail],
    person: &'a Person,
}

fn admit_size(plan: &Plan) -> Result<(), Refusal> {
    if plan.statements.len() > MOST_STATEMENTS {
        let count = plan.statements.len();
        return Err(Refusal::wrong_state(format!(
            "Changeset has {count} statements; expected at most {MOST_STATEMENTS}."
        )));
    }
    Ok(())
}
