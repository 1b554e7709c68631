//! Pure. What a worker does next, which follows from the recorded steps alone.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> Starting: recorded, then sent
//!     Starting --> Done: the server confirms it, or the checksum shows its effect
//!     Starting --> [*]: the checksum shows that it had no effect; it runs again
//!     Starting --> Failed: the server reports an error
//!     Failed --> [*]: resumed by a person; it runs again
//!     Starting --> [*]: in doubt, and resumed by a person
//!     Failed --> Repaired: declared executed by a person
//!     Starting --> Repaired: in doubt, and declared executed by a person
//! ```

use crate::apply::plan::{Plan, Planned, irreversible};
use crate::record::{ChangesetDetail, OnFailure, Step, StepState};

/// The statements of a task, and what happens when one fails.
#[derive(Clone, Debug)]
pub struct Course {
    plan: Plan,
    details: Vec<ChangesetDetail>,
    on_failure: OnFailure,
}

/// The next step of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Executes a statement.
    Run(Planned),
    /// Finds out whether a statement that was started had its effect.
    Judge(Planned),
    /// Verifies the final structure: all statements were executed.
    Complete,
    /// Ends the task as failed: what had been applied is reverted.
    Undone,
    /// Ends the task: the last statement failed.
    Fail,
    /// Ends the task: a statement failed, and for this reason the details before it are not reverted.
    Stay(String),
}

impl Course {
    /// Returns the course of an application.
    pub fn apply(details: Vec<ChangesetDetail>, on_failure: OnFailure) -> Self {
        Self { plan: Plan::apply(&details), details, on_failure }
    }

    /// Returns the course of a revert. It has no alternative when a statement fails.
    pub fn revert(details: Vec<ChangesetDetail>) -> Self {
        Self { plan: Plan::revert(&details), details, on_failure: OnFailure::Stop }
    }

    /// Returns the statements that the task is to execute.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns a detail.
    pub fn detail(&self, id: u64) -> Option<&ChangesetDetail> {
        self.details.iter().find(|detail| detail.id == id)
    }

    /// Returns what comes after these steps.
    pub fn next(&self, steps: &[Step]) -> Next {
        let is_first = |step: &&Step| {
            self.plan.statements.first().is_some_and(|first| first.is_revert == step.is_revert)
        };
        let (forward, back): (Vec<&Step>, Vec<&Step>) = steps.iter().partition(is_first);
        match follow(&self.plan, &forward) {
            Some(Next::Fail) if self.on_failure == OnFailure::Revert => self.next_back(&forward, &back),
            next => next.unwrap_or(Next::Complete),
        }
    }

    /// Returns what comes after a failed statement of an application that reverts the details before it.
    fn next_back(&self, forward: &[&Step], back: &[&Step]) -> Next {
        let executed = forward.iter().filter(|step| step.is_executed()).count();
        let (before, failed) = self.plan.statements.split_at(executed.min(self.plan.statements.len()));
        let in_part =
            |planned: &Planned| failed.first().is_some_and(|failed| failed.detail == planned.detail);
        if before.iter().any(in_part) || forward.last().is_some_and(|step| step.has_effect()) {
            return Next::Stay(
                "The failed detail is applied in part, so that nothing was reverted.".to_owned(),
            );
        }
        let is_applied = |detail: &&ChangesetDetail| before.iter().any(|planned| planned.detail == detail.id);
        let applied: Vec<_> = self.details.iter().filter(is_applied).cloned().collect();
        if let Some(id) = irreversible(&applied).first() {
            return Next::Stay(format!(
                "Changeset detail {id} has no revert_sql, so that nothing was reverted."
            ));
        }
        follow(&Plan::revert(&applied), back).unwrap_or(Next::Undone)
    }
}

/// Returns what comes after the steps of a plan. `None` if all of its statements were executed.
fn follow(plan: &Plan, steps: &[&Step]) -> Option<Next> {
    let executed = steps.iter().filter(|step| step.is_executed()).count();
    let next = plan.statements.get(executed).cloned();
    match steps.last().map(|step| step.state) {
        Some(StepState::Starting) => next.map(Next::Judge),
        Some(StepState::Failed) => Some(Next::Fail),
        Some(StepState::Done | StepState::Repaired) | None => next.map(Next::Run),
    }
}

impl Step {
    /// Whether the statement counts as executed.
    pub fn is_executed(&self) -> bool {
        matches!(self.state, StepState::Done | StepState::Repaired)
    }

    /// Whether the statement may have changed something.
    pub fn has_effect(&self) -> bool {
        match self.state {
            StepState::Done | StepState::Repaired | StepState::Starting => true,
            StepState::Failed => self.after.as_ref() != Some(&self.before),
        }
    }
}

#[cfg(test)]
mod tests;
