//! Pure. Transitions of the steps of a task.

use domain::time::Micros;

use crate::apply::plan::Planned;
use crate::record::{Step, StepState, Task, TaskKind, TaskStatus};
use crate::task::state::BadTransition;

impl Task {
    /// Whether the task starts the applications to several servers, and executes nothing itself.
    pub fn is_parent(&self) -> bool {
        !self.servers.is_empty()
    }

    /// Whether a statement may have changed something.
    pub fn has_effect(&self) -> bool {
        self.steps.iter().any(Step::has_effect)
    }

    /// Whether the last statement was started and its outcome is unknown.
    pub fn is_in_doubt(&self) -> bool {
        self.steps.last().is_some_and(|step| step.state == StepState::Starting)
    }

    /// Returns the state of a task that stops now.
    pub fn stopped_status(&self) -> TaskStatus {
        if self.has_effect() { TaskStatus::Error } else { TaskStatus::Failed }
    }

    /// Returns the name of the job in messages.
    pub fn job_name(&self) -> &'static str {
        match self.kind {
            TaskKind::Review => "review",
            TaskKind::Apply => "apply",
            TaskKind::Revert => "revert",
            TaskKind::Check => "check",
        }
    }

    /// Returns the task in which a statement starts on a connection. `before` is the checksum of the schema.
    #[must_use]
    pub fn step_started(&self, planned: &Planned, before: &str, connection: u64, now: Micros) -> Self {
        let mut task = self.clone();
        task.steps.push(Step {
            detail: planned.detail,
            statement: planned.statement,
            is_revert: planned.is_revert,
            state: StepState::Starting,
            before: before.to_owned(),
            after: None,
            connection: Some(connection),
            started_at: now,
            ended_at: None,
        });
        task
    }

    /// Returns the task in which the last statement has ended. `after` is the checksum of the schema, `None` if unknown.
    #[must_use]
    pub fn step_ended(&self, state: StepState, after: Option<&str>, now: Micros) -> Self {
        let mut task = self.clone();
        if let Some(step) = task.steps.last_mut() {
            step.state = state;
            step.after = after.map(str::to_owned);
            step.ended_at = Some(now);
        }
        Self { expected: after.map(str::to_owned), attempts: 0, unreachable: None, ..task }
    }

    /// Returns the task with the row of a detail.
    #[must_use]
    pub fn with_result(&self, row: u64) -> Self {
        let mut task = self.clone();
        if !task.results.contains(&row) {
            task.results.push(row);
        }
        task
    }

    /// Returns the task in which the last statement was not started: it had no effect.
    #[must_use]
    pub fn step_dropped(&self) -> Self {
        let mut task = self.clone();
        task.steps.pop();
        task
    }

    /// Returns the task that a person resumed: the statement that failed or is in doubt is executed again.
    pub fn retried(&self, now: Micros) -> Result<Self, BadTransition> {
        let is_executed = self.steps.last().is_none_or(Step::is_executed);
        let task = if is_executed { self.clone() } else { self.step_dropped() };
        Self { expected: None, ..task }.resumed(now)
    }

    /// Returns the task that a person repaired: the statement that failed or is in doubt counts as executed. If there is
    /// none, the final structure is accepted as it is.
    pub fn repaired(&self, now: Micros) -> Result<Self, BadTransition> {
        let is_executed = self.steps.last().is_none_or(Step::is_executed);
        let task = if is_executed {
            Self { is_accepted: true, ..self.clone() }
        } else {
            self.step_ended(StepState::Repaired, None, now)
        };
        Self { expected: None, ..task }.resumed(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::plan::Plan;
    use crate::apply::plan::tests::detail;

    fn stopped(state: StepState, after: Option<&str>) -> Task {
        let plan = Plan::apply(&[detail(1, "CREATE TABLE a (x int)", "DROP TABLE a")]);
        let task = Task::new(1, "t".to_owned(), TaskKind::Apply, 1, Micros(0));
        let task = task.acquired(Micros(0), Micros(9)).expect("acquired");
        let task = task.step_started(&plan.statements[0], "before", 7, Micros(1));
        let task = if state == StepState::Starting { task } else { task.step_ended(state, after, Micros(2)) };
        task.ended(TaskStatus::Error, Micros(3)).expect("stopped")
    }

    #[test]
    fn a_task_fails_only_if_nothing_can_have_changed() {
        for (state, after, status) in [
            (StepState::Starting, None, TaskStatus::Error),
            (StepState::Done, Some("after"), TaskStatus::Error),
            (StepState::Failed, Some("before"), TaskStatus::Failed),
            (StepState::Failed, Some("after"), TaskStatus::Error),
            (StepState::Failed, None, TaskStatus::Error),
        ] {
            assert_eq!(stopped(state, after).stopped_status(), status, "{state:?} {after:?}");
        }
    }

    #[test]
    fn a_resumed_task_executes_its_last_statement_again() {
        for state in [StepState::Starting, StepState::Failed] {
            let resumed = stopped(state, Some("before")).retried(Micros(4)).expect("resumed");
            assert_eq!((resumed.steps.len(), resumed.status), (0, TaskStatus::Queued));
        }
        let resumed = stopped(StepState::Done, Some("after")).retried(Micros(4)).expect("resumed");
        assert_eq!((resumed.steps.len(), resumed.is_accepted, resumed.expected), (1, false, None));
    }

    #[test]
    fn a_repaired_task_continues_after_its_last_statement() {
        for state in [StepState::Starting, StepState::Failed] {
            let repaired = stopped(state, Some("before")).repaired(Micros(4)).expect("repaired");
            assert_eq!(repaired.steps[0].state, StepState::Repaired);
            assert!(!repaired.is_accepted);
        }
        assert!(stopped(StepState::Done, Some("after")).repaired(Micros(4)).expect("repaired").is_accepted);
    }

    #[test]
    fn only_tasks_in_error_are_resumed() {
        let task = Task::new(1, "t".to_owned(), TaskKind::Apply, 1, Micros(0));
        assert!(task.retried(Micros(1)).is_err() && task.repaired(Micros(1)).is_err());
    }
}
