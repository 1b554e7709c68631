//! Decisions on changesets: approve, reject, delete, waive.

use domain::storage::table::Race;
use domain::time::Micros;

use crate::changeset::changing::Entries;
use crate::changeset::rights::{Action, allowed};
use crate::journal::JOURNAL_IDS;
use crate::lint::{self, RuleId};
use crate::people::Person;
use crate::record::{Changeset, ChangesetValidation, Environment, Name, Policy, ReviewStatus};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::store::{Commit, MOST_RACES, does_not_exist, too_many_races};

const APPROVAL: Entries = Entries {
    event: Some("changeset_approved"),
    what: "was approved",
    action: "approved",
    audit: "changeset.approve",
};
const REJECTION: Entries = Entries {
    event: Some("changeset_rejected"),
    what: "was rejected",
    action: "rejected",
    audit: "changeset.reject",
};
const DELETION: Entries = Entries {
    event: Some("changeset_soft_deleted"),
    what: "was soft deleted",
    action: "deleted",
    audit: "changeset.soft_delete",
};
const WAIVER: Entries =
    Entries { event: None, what: "was waived", action: "waived", audit: "changeset.waive" };

/// Findings that are marked in the transaction of a waiver. Others are marked before it.
const MOST_MARKED: usize = 80;

impl Registry {
    /// Approves a changeset. One that is approved takes another person's approval if the policy of an environment
    /// requires more than it has.
    pub async fn approve(&self, id: u64, person: &Person) -> Result<Changeset, Refusal> {
        let changeset = self.require::<Changeset>(id).await?;
        let policies = match changeset.review_status {
            ReviewStatus::Approved => self.policies().await?,
            _ => Vec::new(),
        };
        let decide = |old: &Changeset| {
            if !takes_another_approval(old, person, &policies) {
                allowed(Action::Approve, person.role, old)?;
            }
            Ok(old.approved(person.id, self.now())?)
        };
        self.change_changeset(id, person, APPROVAL, decide).await
    }

    /// Rejects a changeset.
    pub async fn reject(&self, id: u64, person: &Person) -> Result<Changeset, Refusal> {
        let decide = |old: &Changeset| {
            allowed(Action::Reject, person.role, old)?;
            Ok(old.rejected(person.id, self.now())?)
        };
        self.change_changeset(id, person, REJECTION, decide).await
    }

    /// Deletes a changeset. It stays readable.
    pub async fn soft_delete(&self, id: u64, person: &Person) -> Result<Changeset, Refusal> {
        let decide = |old: &Changeset| {
            allowed(Action::SoftDelete, person.role, old)?;
            Ok(old.deleted(self.now()))
        };
        self.change_changeset(id, person, DELETION, decide).await
    }

    /// Waives the findings of a lint, until the changeset is updated. They do not reject the changeset in later reviews;
    /// its state stays as it is until then.
    pub async fn waive(&self, id: u64, validation_type: u64, person: &Person) -> Result<Changeset, Refusal> {
        let rule = u32::try_from(validation_type).ok().and_then(|id| lint::rule(RuleId(id)));
        for _ in 0..MOST_RACES {
            let old = self.require::<Changeset>(id).await?;
            allowed(Action::Waive, person.role, &old)?;
            if rule.is_none() {
                return Err(does_not_exist(Name::ValidationType, validation_type).into());
            }
            if self.waive_once(&old, validation_type, person).await? == Race::Won {
                return Ok(self.require(id).await?);
            }
        }
        Err(too_many_races().into())
    }

    async fn waive_once(
        &self,
        old: &Changeset,
        validation_type: u64,
        person: &Person,
    ) -> Result<Race, Refusal> {
        let now = self.now();
        let mut new = old.next(now);
        if !new.waived.contains(&validation_type) {
            new.waived.push(validation_type);
        }
        let findings = self.find_many::<ChangesetValidation>(&old.validations).await?;
        let of_type =
            |finding: &ChangesetValidation| finding.validation_type == validation_type && !finding.is_waived;
        let findings: Vec<_> = findings.into_iter().filter(of_type).collect();
        let (last, others) = findings.split_at(findings.len().min(MOST_MARKED));
        for some in others.chunks(MOST_MARKED) {
            let mut commit = Commit::default();
            mark(&mut commit, some, now)?;
            if self.commit(commit).await? == Race::Lost {
                return Ok(Race::Lost);
            }
        }
        let mut commit = Commit::default();
        mark(&mut commit, last, now)?;
        commit.replace(old, &new)?;
        let ids = self.take_ids(&JOURNAL_IDS).await?;
        let note = format!("validation type {validation_type}");
        self.enter(&mut commit, &ids, person, WAIVER, (Some(old.version), &new), &note)?;
        Ok(self.commit(commit).await?)
    }

    /// Returns the policies of all environments.
    async fn policies(&self) -> Result<Vec<Policy>, Refusal> {
        let environments = self.find_all::<Environment>().await?;
        Ok(environments.into_iter().map(|environment| environment.policy).collect())
    }
}

/// Adds the marks of waived findings.
fn mark(commit: &mut Commit, findings: &[ChangesetValidation], now: Micros) -> Result<(), Refusal> {
    for old in findings {
        let version = old.version + 1;
        commit.replace(
            old,
            &ChangesetValidation { is_waived: true, updated_at: now, version, ..old.clone() },
        )?;
    }
    Ok(())
}

/// Whether an approved changeset takes the approval of this person, who has not approved it yet.
fn takes_another_approval(changeset: &Changeset, person: &Person, policies: &[Policy]) -> bool {
    changeset.review_status == ReviewStatus::Approved
        && !changeset.is_deleted
        && person.role.is_dba()
        && !changeset.approvals.contains(&person.id)
        && policies.iter().any(|policy| changeset.lacks_approvals(policy))
}

#[cfg(test)]
mod tests {
    use domain::access::audit::Caller;

    use super::*;
    use crate::people::Role;
    use crate::record::{Classification, Kind};

    fn person(id: u64, role: Role) -> Person {
        let [name, tenant, address, request_id] = ["p", "", "", ""].map(str::to_owned);
        Person { id, name: name.clone(), role, caller: Caller { name, tenant, address, request_id } }
    }

    #[test]
    fn another_approval_is_taken_only_if_a_policy_lacks_it() {
        let new = Changeset::new(1, 1, Kind::TableAlter, Classification::Painless, Some(1), Micros(0));
        let reviewed = new.reviewed(true, None, 1, Micros(1)).expect("reviewed");
        let approved = reviewed.approved(2, Micros(2)).expect("approved");
        let two = Policy { approvals_required: 2, ..Policy::default() };
        let takes = |changeset: &Changeset, id, role, policies: &[Policy]| {
            takes_another_approval(changeset, &person(id, role), policies)
        };
        assert!(takes(&approved, 3, Role::Dba, &[Policy::default(), two.clone()]));
        assert!(!takes(&approved, 3, Role::Dba, &[Policy::default()]));
        assert!(
            !takes(&approved, 2, Role::Dba, std::slice::from_ref(&two)),
            "it is that person's second approval"
        );
        assert!(!takes(&approved, 3, Role::Developer, std::slice::from_ref(&two)));
        assert!(!takes(&approved.deleted(Micros(3)), 3, Role::Dba, std::slice::from_ref(&two)));
        assert!(!takes(&reviewed, 3, Role::Dba, std::slice::from_ref(&two)));
        let complete = approved.approved(3, Micros(3)).expect("approved again");
        assert!(!takes(&complete, 4, Role::Dba, &[two]));
    }
}
