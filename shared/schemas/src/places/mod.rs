//! Environments and servers: creation, changes and removal.
//!
//! A change names the fields that it changes; it is the same for `PUT` and `PATCH`, as in the original. What refers to a
//! removed row loses the reference.

pub mod environments;
pub mod fields;
mod forgetting;
pub mod servers;

use domain::access::audit::AuditAction;
use domain::error::Error;

use crate::journal::{Happening, JOURNAL_IDS};
use crate::people::Person;
use crate::record::{Name, Record};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::store::{Commit, does_not_exist};

/// Why a write was refused.
#[derive(Debug)]
pub enum WriteRefusal {
    /// A link is wrong, with the documented text. Clients read it under another key than other refusals.
    Link(String),
    /// Everything else.
    Other(Refusal),
}

impl From<Refusal> for WriteRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Other(refusal)
    }
}

impl From<Error> for WriteRefusal {
    fn from(error: Error) -> Self {
        Self::Other(error.into())
    }
}

/// A kind of change of a row, as the histories name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was created.
    Added,
    /// It was changed.
    Updated,
    /// It was removed.
    Deleted,
}

/// The names of a resource in the histories.
pub(crate) struct Labels {
    name: &'static str,
    /// The types of the events.
    events: [&'static str; 3],
    /// The actions of the audit log.
    audits: [&'static str; 3],
}

/// The names of environments.
pub(crate) const ENVIRONMENT: Labels = Labels {
    name: "Environment",
    events: ["environment_added", "environment_updated", "environment_deleted"],
    audits: ["environment.make", "environment.change", "environment.remove"],
};
/// The names of servers.
pub(crate) const SERVER: Labels = Labels {
    name: "Server",
    events: ["server_added", "server_updated", "server_deleted"],
    audits: ["server.make", "server.change", "server.remove"],
};
/// The names of users, whose logins have entries of their own in the audit log.
pub(crate) const USER: Labels = Labels {
    name: "User",
    events: ["user_added", "user_updated", "user_deleted"],
    audits: ["schemas.user.make", "schemas.user.change", "schemas.user.remove"],
};

impl Registry {
    /// Adds the entries of a change in the histories to its transaction. `versions` are those before and after it.
    pub(crate) async fn record_step(
        &self,
        commit: &mut Commit,
        labels: &Labels,
        step: Step,
        (id, name): (u64, &str),
        (before, after): (Option<u64>, Option<u64>),
        person: &Person,
    ) -> Result<(), Error> {
        let verb = match step {
            Step::Added => "added",
            Step::Updated => "updated",
            Step::Deleted => "deleted",
        };
        let happening = Happening {
            event: Some(labels.events[step as usize]),
            description: format!("{} [id={id}, name={name}] was {verb}.", labels.name),
            action: None,
            user: Some(person.id),
        };
        let ids = self.take_ids(&JOURNAL_IDS[..1]).await?;
        self.journal(commit, &ids, &happening)?;
        let (action, target) = (labels.audits[step as usize], id.to_string());
        let audit = AuditAction { action, target: &target, note: Some(name.to_owned()), before, after };
        self.audit(commit, &person.caller, audit)
    }

    /// Returns a row. Fails with the documented text of a link if it does not exist.
    pub(crate) async fn require_linked<T: Record>(&self, id: u64) -> Result<T, WriteRefusal> {
        let missing = || WriteRefusal::Link(fields::unknown_link(&T::RESOURCE.uri(id)));
        self.find(id).await?.ok_or_else(missing)
    }
}

/// Fails unless the role of a person allows a change of an environment or a server.
pub fn check_right(resource: Name, step: Step, person: &Person) -> Result<(), WriteRefusal> {
    if resource != Name::Environment || person.role.is_dba() {
        return Ok(());
    }
    let verb = match step {
        Step::Added => "Creating",
        Step::Updated => "Updating",
        Step::Deleted => "Deleting",
    };
    Err(Refusal::not_allowed(format!("{verb} environment is not allowed.")).into())
}

/// Returns the refusal of a change of a row that does not exist.
pub(crate) fn missing(resource: Name, id: u64) -> Refusal {
    does_not_exist(resource, id).into()
}
