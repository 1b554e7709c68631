//! Ends of applications and reverts: the task, the changeset, the histories and what is known about the server change in
//! one transaction.

use domain::error::Error;
use domain::storage::table::Race;

use crate::journal::{Action, Happening, JOURNAL_IDS};
use crate::record::{Changeset, Message, Name, SchemaVersion, Server, Task, TaskKind, TaskStatus};
use crate::registry::Registry;
use crate::store::applied::Applied;
use crate::store::{Commit, MOST_RACES, too_many_races};
use crate::task::running::{Held, Runner, Stop};
use crate::task::state::BadTransition;

/// The end of a task.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    /// The state.
    pub(super) status: TaskStatus,
    /// The message before the last one.
    pub(super) message: Option<Message>,
    /// The changes of other records if the task is done.
    pub(super) success: Option<Success>,
}

/// The changes of other records when a task is done.
#[derive(Clone, Debug)]
pub(super) struct Success {
    /// The changeset as it is stored and as it is to be. `None` leaves it unchanged.
    pub(super) changed: Option<(Changeset, Changeset)>,
    /// The version that the schema has now.
    pub(super) version: SchemaVersion,
}

impl Ending {
    /// Returns an end without a success.
    pub(crate) fn new(status: TaskStatus, message: Option<Message>) -> Self {
        Self { status, message, success: None }
    }
}

impl Runner {
    /// Ends the task while this worker holds it.
    pub(crate) async fn conclude(&self, held: &mut Held, ending: Ending) -> Result<(), Stop> {
        for _ in 0..MOST_RACES {
            if self.try_end(held, &ending).await? {
                return Ok(());
            }
        }
        Err(too_many_races().into())
    }

    /// Tries to end the task. Returns `false` after a lost race.
    pub(super) async fn try_end(&self, held: &mut Held, ending: &Ending) -> Result<bool, Stop> {
        let old = self.registry.find::<Task>(held.task.id).await?.ok_or(Stop::Lost)?;
        if old.token != held.task.token || !old.status.is_active() {
            return Err(Stop::Lost);
        }
        let new = self.registry.next_task(&old, old.concluded(ending, self.registry.now())?);
        let success = ending.success.as_ref();
        if self.registry.end_task(Commit::default(), &old, &new, success).await? == Race::Lost {
            return Ok(false);
        }
        held.task = new;
        self.registry.wake_parent(&held.task).await;
        Ok(true)
    }
}

impl Task {
    /// Returns the task after its end, with its documented last message.
    pub(super) fn concluded(
        &self,
        ending: &Ending,
        now: domain::time::Micros,
    ) -> Result<Self, BadTransition> {
        let task = match &ending.message {
            Some(message) => self.with_message(message.message_type, &message.message, message.extra.clone()),
            None => self.clone(),
        };
        task.with_info(&format!("Changeset {} job completed.", self.job_name())).ended(ending.status, now)
    }

    /// Whether the task changes nothing but itself: a dry run, or the parent of others.
    pub(super) fn is_detached(&self) -> bool {
        self.options.dry_run || self.is_parent()
    }
}

impl Registry {
    /// Replaces a task by its end, in one transaction with everything that follows from it.
    pub(super) async fn end_task(
        &self,
        mut commit: Commit,
        old: &Task,
        new: &Task,
        success: Option<&Success>,
    ) -> Result<Race, Error> {
        commit.replace_task(old, new)?;
        if let (Some(changeset), Some(server), false) = (new.changeset, new.server, new.is_detached()) {
            let wanted = [JOURNAL_IDS.as_slice(), &[(Name::ServerData, 1), (Name::Task, 1)]].concat();
            let ids = self.take_ids(&wanted).await?;
            if let Some(applied) = self.applied(changeset, server).await? {
                end_application(&mut commit, &applied, new)?;
            }
            let name = self.find::<Server>(server).await?.map_or_else(String::new, |server| server.name);
            self.journal(&mut commit, &ids, &happening(new, changeset, (server, &name)))?;
            if let Some(Success { changed, version }) = success {
                if let Some((old, new)) = changed {
                    commit.replace(old, new)?;
                }
                self.note_version(&mut commit, &ids, server, version).await?;
            }
        }
        self.commit(commit).await
    }

    /// Lets the parent of a task that has ended look at it at once.
    pub(super) async fn wake_parent(&self, child: &Task) {
        let Some(parent) = child.parent else { return };
        let now = self.now();
        let wake = |old: &Task| {
            let is_waiting = old.status == TaskStatus::Queued && old.look > now;
            Ok::<_, Error>(is_waiting.then(|| Task { look: now, ..old.clone() }))
        };
        match self.change_task(parent, wake, |_, _| Ok(())).await {
            Ok(Some(parent)) => self.send_run_or_wait(&parent).await,
            Ok(None) => {}
            Err(error) => tracing::warn!(parent, error = error.chain(), "a parent waits for its next look"),
        }
    }
}

/// Adds what the end of a task means for the application of its changeset to its server.
fn end_application(commit: &mut Commit, applied: &Applied, task: &Task) -> Result<(), Error> {
    match (task.kind, task.status) {
        // It stays as it is until a person decides.
        (_, TaskStatus::Error) => Ok(()),
        (TaskKind::Apply, TaskStatus::Done) => commit.replace_applied(&applied.next(None)),
        (TaskKind::Revert, TaskStatus::Failed | TaskStatus::Canceled) => {
            commit.replace_applied(&applied.next(None))
        }
        _ => {
            commit.remove_applied(applied);
            Ok(())
        }
    }
}

/// Returns the entries in the histories.
fn happening(task: &Task, changeset: u64, (server, name): (u64, &str)) -> Happening {
    let (event, what, kind) = match (task.kind, task.status) {
        (TaskKind::Revert, TaskStatus::Done) => ("changeset_reverted", "was reverted", "reverted"),
        (TaskKind::Revert, TaskStatus::Canceled) => (
            "changeset_revert_canceled",
            "was not reverted, because that was canceled,",
            "reverted - canceled",
        ),
        (TaskKind::Revert, _) => ("changeset_revert_failed", "could not be reverted", "reverted - failed"),
        (_, TaskStatus::Done) => ("changeset_applied", "was applied", "applied"),
        (_, TaskStatus::Canceled) => {
            ("changeset_apply_canceled", "was not applied, because that was canceled,", "applied - canceled")
        }
        _ => ("changeset_apply_failed", "could not be applied", "applied - failed"),
    };
    Happening {
        event: Some(event),
        description: format!("Changeset [id={changeset}] {what} at server [id={server}, name={name}]."),
        action: Some(Action { changeset, kind, server: Some(server) }),
        user: task.user,
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Micros;

    use super::*;

    #[test]
    fn the_completion_is_the_last_message() {
        let task = Task::new(1, "t".to_owned(), TaskKind::Apply, 1, Micros(0));
        let running = task.acquired(Micros(0), Micros(9)).expect("acquired");
        let ending = Ending::new(TaskStatus::Failed, Some(crate::apply::text::error("why")));
        let ended = running.concluded(&ending, Micros(1)).expect("ended");
        let texts: Vec<_> = ended.messages.iter().map(|message| message.message.as_str()).collect();
        assert_eq!(texts, ["ERROR <class 'utils.exceptions.Error'>: why", "Changeset apply job completed."]);
    }

    #[test]
    fn each_end_has_its_entries() {
        let task = Task::new(1, "t".to_owned(), TaskKind::Apply, 1, Micros(0));
        for (kind, status, event, action) in [
            (TaskKind::Apply, TaskStatus::Done, "changeset_applied", "applied"),
            (TaskKind::Apply, TaskStatus::Failed, "changeset_apply_failed", "applied - failed"),
            (TaskKind::Apply, TaskStatus::Error, "changeset_apply_failed", "applied - failed"),
            (TaskKind::Apply, TaskStatus::Canceled, "changeset_apply_canceled", "applied - canceled"),
            (TaskKind::Revert, TaskStatus::Done, "changeset_reverted", "reverted"),
            (TaskKind::Revert, TaskStatus::Error, "changeset_revert_failed", "reverted - failed"),
        ] {
            let found = happening(&Task { kind, status, ..task.clone() }, 4, (1, "srv1"));
            assert_eq!((found.event, found.action.map(|action| action.kind)), (Some(event), Some(action)));
        }
        let applied = happening(&Task { status: TaskStatus::Done, ..task }, 4, (1, "srv1"));
        assert_eq!(applied.description, "Changeset [id=4] was applied at server [id=1, name=srv1].");
    }
}
