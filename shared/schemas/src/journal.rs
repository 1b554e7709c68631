//! Events and actions: the readable histories, which are written in one transaction with each change and published.

use domain::access::audit::{AuditAction, Caller};
use domain::error::Error;
use domain::work::outbox;
use serde::Serialize;

use crate::record::{ChangesetAction, Event, Name};
use crate::registry::Registry;
use crate::store::{Commit, NewIds};

/// What happened.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    /// The documented type of the event, such as `changeset_submitted`. `None` for an entry in the history of the changeset
    /// alone.
    pub(crate) event: Option<&'static str>,
    /// The documented description.
    pub(crate) description: String,
    /// The entry in the history of a changeset.
    pub(crate) action: Option<Action>,
    /// The id of the user. `None` for what Steward did by itself.
    pub(crate) user: Option<u64>,
}

/// An entry in the history of a changeset.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    /// The id of the changeset.
    pub(crate) changeset: u64,
    /// The documented type, such as `created`.
    pub(crate) kind: &'static str,
    /// The id of the server, for applications.
    pub(crate) server: Option<u64>,
}

/// The event as listeners read it. Events with the same `id` are duplicates.
#[derive(Serialize)]
struct Published<'a> {
    event: String,
    id: u64,
    datetime: String,
    #[serde(rename = "type")]
    kind: &'a str,
    description: &'a str,
    user: Option<u64>,
    changeset: Option<u64>,
    server: Option<u64>,
}

/// The ids that [`Registry::journal`] needs.
pub(crate) const JOURNAL_IDS: [(Name, u64); 2] = [(Name::Event, 1), (Name::ChangesetAction, 1)];

impl Registry {
    /// Adds what happened to the transaction that makes it happen. `ids` holds those of [`JOURNAL_IDS`].
    pub(crate) fn journal(
        &self,
        commit: &mut Commit,
        ids: &NewIds,
        happening: &Happening,
    ) -> Result<(), Error> {
        let (now, user) = (self.now(), happening.user);
        if let Some(action) = &happening.action {
            commit.create(&ChangesetAction {
                id: ids.first(Name::ChangesetAction),
                changeset: action.changeset,
                kind: action.kind.to_owned(),
                user,
                server: action.server,
                timestamp: now,
                version: 1,
            })?;
        }
        let Some(kind) = happening.event else { return Ok(()) };
        let event = Event {
            id: ids.first(Name::Event),
            datetime: now,
            kind: kind.to_owned(),
            description: happening.description.clone(),
            user,
            version: 1,
        };
        commit.create(&event)?;
        let published = Published {
            event: format!("schemas.{kind}"),
            id: event.id,
            datetime: now.to_utc().format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
            kind,
            description: &event.description,
            user,
            changeset: happening.action.as_ref().map(|action| action.changeset),
            server: happening.action.as_ref().and_then(|action| action.server),
        };
        let body = serde_json::to_string(&published)
            .map_err(|cause| Error::bug("an event could not be written").because(cause))?;
        commit.publish(outbox::Event { id: format!("event-{}", event.id), version: 1, since: now, body })
    }

    /// Adds an entry of the audit log to the transaction of a change.
    pub(crate) fn audit(
        &self,
        commit: &mut Commit,
        caller: &Caller,
        action: AuditAction<'_>,
    ) -> Result<(), Error> {
        commit.write(caller.audit_entry(action, self.now(), &self.ids.uuid())?);
        Ok(())
    }
}
