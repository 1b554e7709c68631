//! Changes of a stored changeset: a conditional write with its entries in the histories.

use domain::access::audit::AuditAction;
use domain::error::Error;
use domain::storage::table::Race;

use crate::changeset::status::BadTransition;
use crate::journal::{Action, Happening, JOURNAL_IDS};
use crate::people::Person;
use crate::record::Changeset;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::store::{Commit, MOST_RACES, NewIds, too_many_races};

/// The entries of a change in the histories.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entries {
    /// The type of the event, such as `changeset_approved`. `None` for none.
    pub(super) event: Option<&'static str>,
    /// What happened, as the description of the event ends, such as `was approved`.
    pub(super) what: &'static str,
    /// The type of the action, such as `approved`.
    pub(super) action: &'static str,
    /// The action in the audit log, such as `changeset.approve`.
    pub(super) audit: &'static str,
}

impl From<BadTransition> for Refusal {
    fn from(cause: BadTransition) -> Self {
        Self::wrong_state(cause.to_string())
    }
}

impl Registry {
    /// Replaces a changeset by what `decide` makes of it, in one transaction with its entries in the histories. Reads it
    /// again after a lost race.
    pub(super) async fn change_changeset(
        &self,
        id: u64,
        person: &Person,
        entries: Entries,
        mut decide: impl FnMut(&Changeset) -> Result<Changeset, Refusal>,
    ) -> Result<Changeset, Refusal> {
        for _ in 0..MOST_RACES {
            let old = self.require::<Changeset>(id).await?;
            let new = decide(&old)?;
            let mut commit = Commit::default();
            commit.replace(&old, &new)?;
            let ids = self.take_ids(&JOURNAL_IDS).await?;
            let note = new.review_status.name();
            self.enter(&mut commit, &ids, person, entries, (Some(old.version), &new), note)?;
            if self.commit(commit).await? == Race::Won {
                return Ok(new);
            }
        }
        Err(too_many_races().into())
    }

    /// Adds the entries of a change in the histories to its transaction. `change` is the version before, `None` for a new
    /// changeset, and the changeset after it; `note` is for the audit log.
    pub(super) fn enter(
        &self,
        commit: &mut Commit,
        ids: &NewIds,
        person: &Person,
        entries: Entries,
        (before, new): (Option<u64>, &Changeset),
        note: &str,
    ) -> Result<(), Error> {
        let happening = Happening {
            event: entries.event,
            description: format!("Changeset [id={}] {}.", new.id, entries.what),
            action: Some(Action { changeset: new.id, kind: entries.action, server: None }),
            user: Some(person.id),
        };
        self.journal(commit, ids, &happening)?;
        let audit = AuditAction {
            action: entries.audit,
            target: &new.id.to_string(),
            note: Some(note.to_owned()),
            before,
            after: Some(new.version),
        };
        self.audit(commit, &person.caller, audit)
    }
}
