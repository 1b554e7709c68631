//! Applications to several servers: a parent that starts the tasks of its servers, the canary first.

use crate::apply::admitting::applied_text;
use crate::apply::ending::Ending;
use crate::apply::text;
use crate::apply::turn::{Turn, turn};
use crate::record::{Server, Task, TaskKind, TaskStatus};
use crate::store::Commit;
use crate::store::applied::Applied;
use crate::task::running::{Held, Runner, Stop};

/// The longest time, in seconds, after which a parent looks at its children without being woken.
const LONGEST_LOOK: i64 = 60;

impl Runner {
    /// Starts the applications whose turn has come.
    pub(super) async fn fan_out(&self, held: &mut Held) -> Result<(), Stop> {
        loop {
            let found = self.registry.find_many::<Task>(&held.task.children).await?;
            let status = |id: &u64| found.iter().find(|child| child.id == *id).map(|child| child.status);
            let children: Vec<_> = held.task.children.iter().map(status).collect();
            let parallelism = held.task.options.parallelism.unwrap_or(1);
            match turn(&children, parallelism, held.task.is_cancelled) {
                Turn::Start(index) => self.start_child(held, index).await?,
                Turn::Wait => {
                    let seconds = LONGEST_LOOK.min(1 << held.task.attempts.min(6));
                    let look = self.registry.now().plus_seconds(seconds);
                    let waiting =
                        |task: &Task| Ok(Task { attempts: task.attempts + 1, ..task.released(look) });
                    self.update(held, waiting, |_, _| Ok(())).await?;
                    self.registry.send_run_or_wait(&held.task).await;
                    return Ok(());
                }
                Turn::End(status) => return self.end_parent(held, status, &found).await,
            }
        }
    }

    async fn start_child(&self, held: &mut Held, index: usize) -> Result<(), Stop> {
        let parent = &held.task;
        let (Some(id), Some(server)) = (parent.children.get(index), parent.servers.get(index)) else {
            return Err(domain::error::Error::bug("a parent has another number of servers than tasks").into());
        };
        let changeset = parent.changeset.unwrap_or_default();
        let found = self.registry.find::<Server>(*server).await?;
        let server =
            found.ok_or_else(|| Stop::End(TaskStatus::Error, format!("Server {server} was deleted.")))?;
        if let Some(applied) = self.registry.applied(changeset, server.id).await?
            && !parent.options.dry_run
        {
            let text = applied_text(&applied, &server);
            return Err(Stop::End(TaskStatus::Error, text));
        }
        let now = self.registry.now();
        let child = Task {
            changeset: parent.changeset,
            server: Some(server.id),
            user: parent.user,
            options: parent.options.clone(),
            fingerprint: parent.fingerprint.clone(),
            parent: Some(parent.id),
            ..Task::new(*id, self.registry.ids.uuid(), TaskKind::Apply, parent.database_schema, now)
        };
        let text = format!("Changeset is being applied at server '{}': task {}.", server.name, child.task_id);
        let lease = self.lease(now);
        let started = |task: &Task| Ok(Task { attempts: 0, ..task.with_info(&text).renewed(lease) });
        let created = |_: &Task, commit: &mut Commit| {
            if !child.options.dry_run {
                commit.create_applied(&Applied::begin(changeset, server.id, child.id))?;
            }
            commit.create_task(&child, &self.registry)
        };
        self.update(held, started, created).await?;
        self.registry.send_run_or_wait(&child).await;
        Ok(())
    }

    async fn end_parent(&self, held: &mut Held, status: TaskStatus, found: &[Task]) -> Result<(), Stop> {
        let message = match found.iter().find(|child| child.status != TaskStatus::Done) {
            Some(stopped) => {
                let id = stopped.server.unwrap_or_default();
                let server = self.registry.find::<Server>(id).await?;
                let name = server.map_or_else(|| id.to_string(), |server| server.name);
                Some(text::error(&format!(
                    "The changeset was not applied at server '{name}', see task {}. No other server was started.",
                    stopped.task_id
                )))
            }
            None if status != TaskStatus::Done => Some(text::error("Changeset apply was canceled.")),
            None => None,
        };
        self.conclude(held, Ending::new(status, message)).await
    }
}
