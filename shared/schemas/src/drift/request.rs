//! Requests of checks.

use domain::access::audit::AuditAction;
use domain::storage::table::Race;

use crate::people::Person;
use crate::record::{DatabaseSchema, Name, Server, Task, TaskKind};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::store::{Commit, too_many_races};

/// Servers of the largest request without a list of servers.
const MOST_SERVERS: usize = 100;

impl Registry {
    /// Requests a check of a schema on these servers; on all servers, by id, if there are none. Returns a task per server.
    ///
    /// Fails if the schema or a server does not exist.
    pub async fn request_check(
        &self,
        database_schema: u64,
        servers: &[u64],
        person: &Person,
    ) -> Result<Vec<Task>, Refusal> {
        let schema = self.require::<DatabaseSchema>(database_schema).await?;
        let servers = self.checked_servers(servers).await?;
        let first = self.take_ids(&[(Name::Task, servers.len() as u64)]).await?.first(Name::Task);
        let mut tasks = Vec::new();
        for (id, server) in (first..).zip(servers) {
            let task = self.check_task(id, server, schema.id, self.now());
            let task = Task { user: Some(person.id), ..task };
            let mut commit = Commit::default();
            commit.create_task(&task, self)?;
            let note = Some(format!("server {server}, task {}", task.task_id));
            let (action, target) = ("database_schema.check", schema.id.to_string());
            let audit = AuditAction { action, target: &target, note, before: None, after: None };
            self.audit(&mut commit, &person.caller, audit)?;
            if self.commit(commit).await? == Race::Lost {
                return Err(too_many_races().into());
            }
            self.send_run_or_wait(&task).await;
            tasks.push(task);
        }
        Ok(tasks)
    }

    async fn checked_servers(&self, servers: &[u64]) -> Result<Vec<u64>, Refusal> {
        let mut checked: Vec<u64> = Vec::new();
        for id in servers.iter().filter(|id| !servers.is_empty() && **id > 0) {
            let server = self.require::<Server>(*id).await?;
            if !checked.contains(&server.id) {
                checked.push(server.id);
            }
        }
        if servers.is_empty() {
            checked = self.find_all::<Server>().await?.into_iter().map(|server| server.id).collect();
        }
        if checked.is_empty() || checked.len() > MOST_SERVERS {
            return Err(Refusal::Malformed(format!("expected 1 to {MOST_SERVERS} servers")));
        }
        Ok(checked)
    }

    /// Returns the task of a check that is due at `look`.
    pub(super) fn check_task(&self, id: u64, server: u64, schema: u64, look: domain::time::Micros) -> Task {
        let task = Task::new(id, self.ids.uuid(), TaskKind::Check, schema, self.now());
        Task { server: Some(server), look, ..task }
    }
}
