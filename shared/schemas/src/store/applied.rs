//! The applications of changesets to servers: at most one per changeset and server.

use domain::error::Error;
use domain::storage::item::item;
use domain::storage::key::{Key, Range};
use domain::storage::table::Write;
use serde::{Deserialize, Serialize};

use super::Commit;
use crate::registry::Registry;

/// The application of a changeset to a server, from its request until it is reverted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Applied {
    /// The id of the changeset.
    #[serde(rename = "cs")]
    pub(crate) changeset: u64,
    /// The id of the server.
    #[serde(rename = "sv")]
    pub(crate) server: u64,
    /// The id of the task that applies it, or has.
    #[serde(rename = "ta")]
    pub(crate) apply: u64,
    /// Whether it is complete.
    #[serde(rename = "ok")]
    pub(crate) is_complete: bool,
    /// The id of the task that reverts it. `None` unless one does.
    #[serde(rename = "tr", default, skip_serializing_if = "Option::is_none")]
    pub(crate) revert: Option<u64>,
    /// The version of the item.
    #[serde(rename = "v")]
    pub(crate) version: u64,
}

impl Applied {
    /// Returns the application that a task begins.
    pub(crate) fn begin(changeset: u64, server: u64, apply: u64) -> Self {
        Self { changeset, server, apply, is_complete: false, revert: None, version: 1 }
    }

    /// Returns the next version, which is applied, and reverted by a task if there is one.
    pub(crate) fn next(&self, revert: Option<u64>) -> Self {
        Self { is_complete: true, revert, version: self.version + 1, ..self.clone() }
    }

    fn key(&self) -> Key {
        Key::applied(self.changeset, self.server)
    }
}

impl Commit {
    /// Adds a new application. The transaction loses if there is one of this changeset to this server.
    pub(crate) fn create_applied(&mut self, new: &Applied) -> Result<(), Error> {
        self.write(Write::PutNew(item(&new.key(), new)?));
        Ok(())
    }

    /// Adds the next version of an application.
    pub(crate) fn replace_applied(&mut self, new: &Applied) -> Result<(), Error> {
        self.write(Write::Replace(item(&new.key(), new)?, new.version - 1));
        Ok(())
    }

    /// Adds the removal of an application, so that the changeset can be applied again.
    pub(crate) fn remove_applied(&mut self, old: &Applied) {
        self.write(Write::Remove(old.key(), old.version));
    }
}

impl Registry {
    /// Returns the application of a changeset to a server.
    pub(crate) async fn applied(&self, changeset: u64, server: u64) -> Result<Option<Applied>, Error> {
        self.table.get(&Key::applied(changeset, server)).await
    }

    /// Returns the ids of the servers that a changeset is applied to.
    pub(crate) async fn applied_servers(&self, changeset: u64) -> Result<Vec<u64>, Error> {
        let applied: Vec<Applied> = self.table.query_all(&Range::applied(changeset)).await?;
        Ok(applied.into_iter().filter(|applied| applied.is_complete).map(|applied| applied.server).collect())
    }
}
