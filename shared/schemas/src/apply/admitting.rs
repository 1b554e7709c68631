//! The rules of applications that need the table.

use domain::error::Error;

use crate::apply::policy::{closed_window, objection};
use crate::changeset::rights::{Action, allowed};
use crate::people::Person;
use crate::record::{Changeset, ChangesetDetail, Environment, ReviewStatus, Server, ServerData};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::store::applied::Applied;

/// Fails unless a person may do this with a changeset in its present state.
pub(super) fn admit_person(action: Action, changeset: &Changeset, person: &Person) -> Result<(), Refusal> {
    let verb = if action == Action::Revert { "revert" } else { "apply" };
    match allowed(action, person.role, changeset) {
        Ok(()) => Ok(()),
        Err(Refusal::WrongState { .. }) => Err(Refusal::wrong_state(state_text(changeset))),
        Err(_) => Err(Refusal::not_allowed(format!(
            "User {} is not allowed to {verb} changeset {}.",
            person.name, changeset.id
        ))),
    }
}

/// Whether the state of a changeset allows to apply it.
pub(super) fn is_applicable(changeset: &Changeset) -> bool {
    changeset.review_status == ReviewStatus::Approved && !changeset.is_deleted
}

/// Returns why a changeset that is not applicable is not.
pub(super) fn state_text(changeset: &Changeset) -> String {
    let state = if changeset.is_deleted { "deleted" } else { "not approved" };
    format!("Changeset {} is {state}.", changeset.id)
}

/// Returns why a changeset cannot be applied to a server for which it has an application already.
pub(super) fn applied_text(applied: &Applied, server: &Server) -> String {
    let name = &server.name;
    match applied {
        Applied { revert: Some(_), .. } => format!("Changeset is being reverted at server '{name}'."),
        Applied { is_complete: true, .. } => {
            format!("Changeset has been successfully applied already at server '{name}'.")
        }
        Applied { .. } => format!("Changeset is being applied already at server '{name}'."),
    }
}

/// Returns the unique name of what is known about a schema on a server.
pub(crate) fn server_data_name(server: u64, schema: u64) -> String {
    format!("{server}#{schema}")
}

impl Registry {
    /// Fails if the policy of the server's environment forbids to apply a changeset now.
    pub(super) async fn admit_policy(&self, changeset: &Changeset, server: &Server) -> Result<(), Refusal> {
        let Some(environment) = self.environment_of(server).await? else {
            return Ok(());
        };
        let applied = match environment.policy.after_environment {
            Some(_) => self.applied_environments(changeset.id).await?,
            None => Vec::new(),
        };
        match objection(&environment, changeset, &applied, self.now()) {
            Some(text) => Err(Refusal::not_allowed(text)),
            None => Ok(()),
        }
    }

    /// Fails if the window of the server's environment is closed.
    pub(super) async fn admit_window(&self, server: &Server) -> Result<(), Refusal> {
        let environment = self.environment_of(server).await?;
        match environment.and_then(|environment| closed_window(&environment, self.now())) {
            Some(text) => Err(Refusal::not_allowed(text)),
            None => Ok(()),
        }
    }

    /// Returns why a schema on a server must not be changed: the last check found that it has drifted.
    pub(super) async fn open_drift(&self, schema: u64, server: &Server) -> Result<Option<String>, Error> {
        let name = server_data_name(server.id, schema);
        let known = self.find_by_name::<ServerData>(&name).await?;
        Ok(known.filter(|known| known.has_drifted).map(|_| {
            format!(
                "The schema has drifted at server '{}'. Check it again once that is settled, or use force.",
                server.name
            )
        }))
    }

    /// Returns the details of a changeset, in the order in which they are applied.
    pub(super) async fn details_of(&self, changeset: &Changeset) -> Result<Vec<ChangesetDetail>, Error> {
        self.find_many(&changeset.details).await
    }

    pub(super) async fn environment_of(&self, server: &Server) -> Result<Option<Environment>, Error> {
        match server.environment {
            Some(id) => self.find(id).await,
            None => Ok(None),
        }
    }

    async fn applied_environments(&self, changeset: u64) -> Result<Vec<u64>, Error> {
        let servers = self.find_many::<Server>(&self.applied_servers(changeset).await?).await?;
        Ok(servers.into_iter().filter_map(|server| server.environment).collect())
    }
}
