//! Pure. The transitions of a changeset.

use domain::time::Micros;

use crate::record::{Changeset, Classification, Kind, Policy, ReviewStatus};

/// A transition that the state machine does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a changeset cannot go from {from} to {to}")]
pub struct BadTransition {
    /// The current state.
    pub from: ReviewStatus,
    /// The requested state.
    pub to: ReviewStatus,
}

impl ReviewStatus {
    /// Returns the state after a transition to `to`.
    pub fn transition(self, to: Self) -> Result<Self, BadTransition> {
        let is_allowed = match to {
            // A review and an update are possible in every state, and a failed review rejects again what is rejected.
            Self::InProgress | Self::Needs | Self::Rejected => true,
            Self::Approved => matches!(self, Self::InProgress | Self::Approved),
        };
        if is_allowed { Ok(to) } else { Err(BadTransition { from: self, to }) }
    }
}

impl Changeset {
    /// Returns a new changeset without details.
    pub fn new(
        id: u64,
        database_schema: u64,
        kind: Kind,
        classification: Classification,
        submitted_by: Option<u64>,
        now: Micros,
    ) -> Self {
        Self {
            id,
            database_schema,
            kind,
            classification,
            review_status: ReviewStatus::Needs,
            review_version: None,
            before_version: None,
            after_version: None,
            submitted_by,
            submitted_at: Some(now),
            reviewed_by: None,
            reviewed_at: None,
            approved_by: None,
            approved_at: None,
            approvals: Vec::new(),
            is_deleted: false,
            repo_filename: String::new(),
            version_control_url: String::new(),
            details: Vec::new(),
            tests: Vec::new(),
            validations: Vec::new(),
            waived: Vec::new(),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Returns the next version of the row.
    #[must_use]
    pub fn next(&self, now: Micros) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self.clone() }
    }

    /// Returns the changeset approved by a user. The first approval makes it approved, each is recorded.
    pub fn approved(&self, user: u64, now: Micros) -> Result<Self, BadTransition> {
        let review_status = self.review_status.transition(ReviewStatus::Approved)?;
        let mut approvals = self.approvals.clone();
        if !approvals.contains(&user) {
            approvals.push(user);
        }
        Ok(Self {
            review_status,
            approvals,
            approved_by: Some(user),
            approved_at: Some(now),
            ..self.next(now)
        })
    }

    /// Returns the changeset rejected by a user. As documented, `approved_by` and `approved_at` tell who and when.
    pub fn rejected(&self, user: u64, now: Micros) -> Result<Self, BadTransition> {
        let review_status = self.review_status.transition(ReviewStatus::Rejected)?;
        let approvals = Vec::new();
        Ok(Self {
            review_status,
            approvals,
            approved_by: Some(user),
            approved_at: Some(now),
            ..self.next(now)
        })
    }

    /// Returns the changeset after an update: it needs a review, and earlier approvals and waivers do not count.
    pub fn updated(&self, now: Micros) -> Result<Self, BadTransition> {
        let review_status = self.review_status.transition(ReviewStatus::Needs)?;
        Ok(Self { review_status, approvals: Vec::new(), waived: Vec::new(), ..self.next(now) })
    }

    /// Returns the deleted changeset, in its state.
    #[must_use]
    pub fn deleted(&self, now: Micros) -> Self {
        Self { is_deleted: true, ..self.next(now) }
    }

    /// Returns the changeset after a review that ended now, which a user requested and which tested this version of the
    /// schema. Approvals and applications of before do not count.
    pub fn reviewed(
        &self,
        has_passed: bool,
        user: Option<u64>,
        version: u64,
        now: Micros,
    ) -> Result<Self, BadTransition> {
        let to = if has_passed { ReviewStatus::InProgress } else { ReviewStatus::Rejected };
        Ok(Self {
            review_status: self.review_status.transition(to)?,
            review_version: Some(version),
            before_version: None,
            after_version: None,
            reviewed_by: user,
            reviewed_at: Some(now),
            approvals: Vec::new(),
            ..self.next(now)
        })
    }

    /// Returns the approvals that count under a policy.
    pub fn counted_approvals(&self, policy: &Policy) -> u64 {
        let is_own = |user: &u64| policy.forbid_own_approval && Some(*user) == self.submitted_by;
        self.approvals.iter().filter(|user| !is_own(user)).count() as u64
    }

    /// Whether a policy requires more approvals than the changeset has.
    pub fn lacks_approvals(&self, policy: &Policy) -> bool {
        self.counted_approvals(policy) < policy.approvals_required.max(1)
    }
}

#[cfg(test)]
mod tests;
