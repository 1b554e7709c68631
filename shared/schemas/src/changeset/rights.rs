//! Pure. Who may do what with a changeset, and in which state.

use crate::people::Role;
use crate::record::{Changeset, Classification, ReviewStatus};
use crate::refusal::Refusal;

/// What a person does with a changeset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Changes it.
    Update,
    /// Deletes it.
    SoftDelete,
    /// Requests a review.
    Review,
    /// Approves it.
    Approve,
    /// Rejects it.
    Reject,
    /// Waives the findings of a lint.
    Waive,
    /// Applies it to a server.
    Apply,
    /// Reverts it on a server.
    Revert,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 8] = [
        Self::Update,
        Self::SoftDelete,
        Self::Review,
        Self::Approve,
        Self::Reject,
        Self::Waive,
        Self::Apply,
        Self::Revert,
    ];

    /// Returns the documented text of a refusal. The state and the role are refused with the same one.
    fn refused(self) -> &'static str {
        match self {
            Self::Update => "User is not allowed to update changeset.",
            Self::SoftDelete => "Soft delete changeset is not allowed.",
            Self::Review => "User is not allowed to review changeset.",
            Self::Approve => "User is not allowed to approve changeset.",
            Self::Reject => "User is not allowed to reject changeset.",
            Self::Waive => "User is not allowed to waive findings of changeset.",
            Self::Apply => "User is not allowed to apply changeset.",
            Self::Revert => "User is not allowed to revert changeset.",
        }
    }
}

/// Whether a person with this role may do this with a changeset in its present state. Fails with the refusal, which holds
/// the changeset. The role is checked before the state.
///
/// A second approval is a matter of the environments' policies and is decided by the use case.
pub fn allowed(action: Action, role: Role, changeset: &Changeset) -> Result<(), Refusal> {
    if !has_right(action, role, changeset) {
        return Err(Refusal::not_allowed(action.refused()).of(changeset));
    }
    if !has_state(action, changeset) {
        return Err(Refusal::wrong_state(action.refused()).of(changeset));
    }
    Ok(())
}

/// Whether the role allows the action.
fn has_right(action: Action, role: Role, changeset: &Changeset) -> bool {
    let is_approved = changeset.review_status == ReviewStatus::Approved;
    match action {
        _ if role.is_dba() => true,
        Action::Update | Action::SoftDelete => !is_approved,
        Action::Apply => {
            matches!(changeset.classification, Classification::Painless | Classification::Lowrisk)
        }
        Action::Review | Action::Approve | Action::Reject | Action::Waive | Action::Revert => false,
    }
}

/// Whether the state allows the action.
fn has_state(action: Action, changeset: &Changeset) -> bool {
    let status = changeset.review_status;
    let in_state = match action {
        Action::Update | Action::SoftDelete | Action::Review | Action::Waive => true,
        Action::Approve => status == ReviewStatus::InProgress,
        Action::Reject => status != ReviewStatus::Rejected,
        Action::Apply | Action::Revert => status == ReviewStatus::Approved,
    };
    in_state && !changeset.is_deleted
}

#[cfg(test)]
mod tests;
