//! Decisions of a person on a task that runs or has stopped.

use domain::access::audit::AuditAction;
use domain::error::Error;
use domain::storage::table::Race;

use crate::apply::admitting::admit_person;
use crate::apply::ending::Ending;
use crate::changeset::rights::Action;
use crate::people::Person;
use crate::record::{Changeset, Message, MessageType, Name, Task, TaskKind, TaskStatus};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::store::{Commit, MOST_RACES, too_many_races};
use crate::task::state::BadTransition;

/// A decision of a person on a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Resume,
    Repair,
    Cancel,
}

impl Decision {
    /// Returns the action in the audit log.
    fn action(self) -> &'static str {
        match self {
            Self::Resume => "changeset.resume",
            Self::Repair => "changeset.repair",
            Self::Cancel => "changeset.cancel",
        }
    }

    /// Returns the message of the task.
    fn text(self, person: &Person) -> String {
        match self {
            Self::Resume => format!("Resumed by {}.", person.name),
            Self::Repair => format!("Repaired by {}: the last statement counts as executed.", person.name),
            Self::Cancel => format!("Canceled by {}.", person.name),
        }
    }
}

impl From<BadTransition> for Refusal {
    fn from(cause: BadTransition) -> Self {
        Self::wrong_state(cause.to_string())
    }
}

impl Registry {
    /// Resumes an application or a revert that stopped: the statement that failed or is in doubt is executed again. Of
    /// several applications, those that failed are requested again.
    ///
    /// Fails unless the task is in error, and the person may request it.
    pub async fn resume(&self, task_id: &str, person: &Person) -> Result<Task, Refusal> {
        let task = self.controlled(task_id, person).await?;
        if task.is_parent() {
            return self.resume_parent(&task, person).await;
        }
        let now = self.now();
        let resume = |old: &Task| Ok(old.retried(now)?);
        self.decide(&task, person, Decision::Resume, resume).await
    }

    /// Resumes an application or a revert that stopped: the statement that failed or is in doubt counts as executed. If
    /// all statements were executed, the final structure is accepted as it is.
    ///
    /// Fails unless the task is in error, and the person may request it.
    pub async fn repair(&self, task_id: &str, person: &Person) -> Result<Task, Refusal> {
        let task = self.controlled(task_id, person).await?;
        if task.is_parent() {
            return Err(Refusal::wrong_state("The tasks of the servers are repaired one by one."));
        }
        let now = self.now();
        let repair = |old: &Task| Ok(old.repaired(now)?);
        self.decide(&task, person, Decision::Repair, repair).await
    }

    /// Cancels an application or a revert: one that runs is interrupted and stops before its next statement, one that
    /// waits or has stopped is given up.
    ///
    /// Fails if the task has ended, or the person may not request it.
    pub async fn cancel(&self, task_id: &str, person: &Person) -> Result<Task, Refusal> {
        let task = self.controlled(task_id, person).await?;
        let children = self.find_many::<Task>(&task.children).await?;
        let canceled = self.cancel_one(&task, person).await?;
        for child in children.iter().filter(|child| child.status.is_active()) {
            match self.cancel_one(child, person).await {
                // It ended meanwhile.
                Ok(_) | Err(Refusal::WrongState { .. }) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(canceled)
    }

    /// Returns a task that a person may control.
    async fn controlled(&self, task_id: &str, person: &Person) -> Result<Task, Refusal> {
        let missing = || Refusal::NotFound("Task matching query does not exist.".to_owned());
        let task = self.task(task_id).await?.ok_or_else(missing)?;
        let action = match task.kind {
            TaskKind::Apply => Action::Apply,
            TaskKind::Revert => Action::Revert,
            TaskKind::Review | TaskKind::Check => {
                return Err(Refusal::wrong_state("The task is neither an application nor a revert."));
            }
        };
        let changeset = self.require::<Changeset>(task.changeset.unwrap_or_default()).await?;
        match admit_person(action, &changeset, person) {
            // A task can be settled whatever became of its changeset.
            Ok(()) | Err(Refusal::WrongState { .. }) => Ok(task),
            Err(refusal) => Err(refusal),
        }
    }

    /// Changes a task as a person decided.
    async fn decide(
        &self,
        task: &Task,
        person: &Person,
        decision: Decision,
        mut change: impl FnMut(&Task) -> Result<Task, Refusal>,
    ) -> Result<Task, Refusal> {
        let text = decision.text(person);
        let changed = |old: &Task| change(old).map(|new| Some(new.with_info(&text)));
        let audited = |new: &Task, commit: &mut Commit| self.audit_decision(commit, person, decision, new);
        let changed = self.change_task(task.id, changed, audited).await?;
        let changed = changed.ok_or_else(|| Error::bug("a task has disappeared"))?;
        if changed.status == TaskStatus::Queued {
            self.send_run_or_wait(&changed).await;
        }
        Ok(changed)
    }

    fn audit_decision(
        &self,
        commit: &mut Commit,
        person: &Person,
        decision: Decision,
        task: &Task,
    ) -> Result<(), Error> {
        let action = AuditAction {
            action: decision.action(),
            target: &task.changeset.unwrap_or_default().to_string(),
            note: Some(format!("task {}", task.task_id)),
            before: Some(task.version - 1),
            after: Some(task.version),
        };
        self.audit(commit, &person.caller, action)
    }

    /// Gives the servers whose tasks failed new tasks. Those in error are settled one by one.
    async fn resume_parent(&self, task: &Task, person: &Person) -> Result<Task, Refusal> {
        let found = self.find_many::<Task>(&task.children).await?;
        if let Some(stopped) = found.iter().find(|child| child.status == TaskStatus::Error) {
            let text = format!("Task {} has to be resumed or given up first.", stopped.task_id);
            return Err(Refusal::wrong_state(text));
        }
        let is_failed = |id: &u64| {
            let child = found.iter().find(|child| child.id == *id);
            child.is_some_and(|child| child.status.is_at_rest() && child.status != TaskStatus::Done)
        };
        let count = task.children.iter().filter(|id| is_failed(id)).count() as u64;
        let mut next = match count {
            0 => 0,
            _ => self.take_ids(&[(Name::Task, count)]).await?.first(Name::Task),
        };
        let renewed = task.children.iter().map(|id| {
            if !is_failed(id) {
                return *id;
            }
            next += 1;
            next - 1
        });
        let children: Vec<u64> = renewed.collect();
        let now = self.now();
        let resume = |old: &Task| {
            if old.children != task.children {
                return Err(Refusal::wrong_state("The task was resumed already."));
            }
            Ok(Task { children: children.clone(), ..old.resumed(now)? })
        };
        self.decide(task, person, Decision::Resume, resume).await
    }

    async fn cancel_one(&self, task: &Task, person: &Person) -> Result<Task, Refusal> {
        for _ in 0..MOST_RACES {
            let old = self.require::<Task>(task.id).await?;
            if is_idle(&old) {
                if let Some(ended) = self.try_give_up(&old, person).await? {
                    return Ok(ended);
                }
                continue;
            }
            let cancel = |old: &Task| {
                if old.status.is_active() {
                    return Ok(Task { is_cancelled: true, ..old.clone() });
                }
                Err(BadTransition { from: old.status, to: TaskStatus::Canceled }.into())
            };
            return self.decide(&old, person, Decision::Cancel, cancel).await;
        }
        Err(too_many_races().into())
    }

    /// Ends a task that no worker works on. Returns `None` after a lost race.
    async fn try_give_up(&self, old: &Task, person: &Person) -> Result<Option<Task>, Refusal> {
        let (message, message_type) = (Decision::Cancel.text(person), MessageType::Info);
        let message = Some(Message { extra: None, message, message_type });
        let new = old.concluded(&Ending::new(TaskStatus::Canceled, message), self.now())?;
        let new = self.next_task(old, new);
        let mut commit = Commit::default();
        self.audit_decision(&mut commit, person, Decision::Cancel, &new)?;
        if self.end_task(commit, old, &new, None).await? == Race::Lost {
            return Ok(None);
        }
        let ended = new;
        self.wake_parent(&ended).await;
        Ok(Some(ended))
    }
}

/// Whether no worker has to be told about a cancel: the task has not started, or it has stopped.
fn is_idle(task: &Task) -> bool {
    match task.status {
        TaskStatus::Error => true,
        TaskStatus::Queued => task.steps.is_empty() && task.children.is_empty(),
        _ => false,
    }
}
