//! Tasks in the table, with their due rows and the pointers from their public ids.

use domain::error::Error;
use domain::storage::item::item;
use domain::storage::key::{Collection, Key};
use domain::storage::table::{Race, Write};
use domain::work::due::{self, Due};
use domain::work::queue::LONGEST_DELAY;

use super::{Commit, MOST_RACES, Pointer, too_many_races};
use crate::record::{Record, Task};
use crate::registry::Registry;
use crate::task::message::TaskMessage;

impl Commit {
    /// Adds a new task with the pointer from its public id, and its due row.
    pub(crate) fn create_task(&mut self, task: &Task, registry: &Registry) -> Result<(), Error> {
        let task = registry.with_minute(task.clone());
        self.create(&task)?;
        self.write(Write::PutNew(item(&Key::schema_task(&task.task_id), &Pointer { id: task.id })?));
        self.due_put(&task)
    }

    /// Adds the next version of a task, and moves its due row.
    pub(crate) fn replace_task(&mut self, old: &Task, new: &Task) -> Result<(), Error> {
        self.replace(old, new)?;
        if let Some(minute) = old.minute.filter(|minute| new.minute != Some(*minute)) {
            self.write(Due::new(minute, Collection::SchemaTask, old.id).delete());
        }
        self.due_put(new)
    }

    fn due_put(&mut self, task: &Task) -> Result<(), Error> {
        let Some(minute) = task.minute else { return Ok(()) };
        self.write(Due::new(minute, Collection::SchemaTask, task.id).put()?);
        Ok(())
    }
}

impl Registry {
    /// Returns the task with this public id.
    pub async fn task(&self, task_id: &str) -> Result<Option<Task>, Error> {
        match self.table.get::<Pointer>(&Key::schema_task(task_id)).await? {
            Some(pointer) => self.find(pointer.id).await,
            None => Ok(None),
        }
    }

    /// Replaces a task by what `decide` makes of it, in one transaction with what `more` adds. Reads it again after a lost
    /// race. Returns the new task; `None` if there is no such task or `decide` returns `None`.
    pub(crate) async fn change_task<E: From<Error>>(
        &self,
        id: u64,
        mut decide: impl FnMut(&Task) -> Result<Option<Task>, E>,
        more: impl Fn(&Task, &mut Commit) -> Result<(), Error>,
    ) -> Result<Option<Task>, E> {
        for _ in 0..MOST_RACES {
            let Some(old) = self.find::<Task>(id).await? else { return Ok(None) };
            let Some(new) = decide(&old)? else { return Ok(None) };
            let new = self.next_task(&old, new);
            let mut commit = Commit::default();
            commit.replace_task(&old, &new)?;
            more(&new, &mut commit)?;
            if self.commit(commit).await? == Race::Won {
                return Ok(Some(new));
            }
        }
        Err(too_many_races().into())
    }

    /// Returns the next version of a task, with the minute of its due row.
    pub(crate) fn next_task(&self, old: &Task, new: Task) -> Task {
        self.with_minute(Task { version: old.version + 1, updated_at: self.now(), ..new })
    }

    fn with_minute(&self, task: Task) -> Task {
        let minute = task.status.is_active().then(|| due::minute(task.look, self.now()));
        Task { minute, ..task }
    }

    /// Sends the message of a task, to arrive when it is due. One that is due later is found by its due row.
    pub(crate) async fn send_run(&self, task: &Task) -> Result<(), Error> {
        let micros = task.look.0.saturating_sub(self.now().0).max(0);
        let seconds = micros.div_euclid(1_000_000) + i64::from(micros % 1_000_000 > 0);
        if seconds > LONGEST_DELAY {
            return Ok(());
        }
        self.queue.send_after(TaskMessage::Run { id: task.id() }.body()?, seconds).await
    }

    /// Sends the message of a task. If that fails, the task waits for the next sweep.
    pub(crate) async fn send_run_or_wait(&self, task: &Task) {
        if let Err(error) = self.send_run(task).await {
            tracing::warn!(task.id, error = error.chain(), "a task waits for the next sweep");
        }
    }

    /// Deletes a due row that no task refers to any more.
    pub(crate) async fn forget_due(&self, due: Due) -> Result<(), Error> {
        self.table.write_all(vec![due.delete()]).await
    }
}
