//! References to rows that are removed. Each row that has one is replaced by a version without it, whose `updated_at` stays:
//! it orders the versions of a schema.

use domain::error::Error;
use domain::storage::table::Race;

use crate::record::{
    Changeset, ChangesetDetailApply, Environment, Record, SchemaVersion, Server, ServerData,
};
use crate::registry::Registry;
use crate::store::{Commit, MOST_RACES, too_many_races};

impl Registry {
    /// Removes the references to an environment.
    pub(super) async fn forget_environment(&self, id: u64) -> Result<(), Error> {
        self.forget(|old: &Server| {
            (old.environment == Some(id)).then(|| Server {
                environment: None,
                version: old.version + 1,
                ..old.clone()
            })
        })
        .await?;
        self.forget(|old: &Environment| {
            (old.policy.after_environment == Some(id)).then(|| {
                let mut new = Environment { version: old.version + 1, ..old.clone() };
                new.policy.after_environment = None;
                new
            })
        })
        .await?;
        self.forget(|old: &ChangesetDetailApply| {
            (old.environment == Some(id)).then(|| ChangesetDetailApply {
                environment: None,
                version: old.version + 1,
                ..old.clone()
            })
        })
        .await
    }

    /// Removes the references to a server, and what checks found on it.
    pub(super) async fn forget_server(&self, id: u64) -> Result<(), Error> {
        self.forget(|old: &SchemaVersion| {
            (old.pulled_from == Some(id)).then(|| SchemaVersion {
                pulled_from: None,
                version: old.version + 1,
                ..old.clone()
            })
        })
        .await?;
        self.forget(|old: &ChangesetDetailApply| {
            (old.server == Some(id)).then(|| ChangesetDetailApply {
                server: None,
                version: old.version + 1,
                ..old.clone()
            })
        })
        .await?;
        for row in self.find_all::<ServerData>().await?.into_iter().filter(|row| row.server == id) {
            let mut commit = Commit::default();
            commit.remove(&row);
            // A check that changed it in the meantime leaves it to the second pass.
            self.commit(commit).await?;
        }
        Ok(())
    }

    /// Removes the references to a user.
    pub(crate) async fn forget_user(&self, id: u64) -> Result<(), Error> {
        let without = |user: Option<u64>| user.filter(|user| *user != id);
        self.forget(|old: &Changeset| {
            let mut new = Changeset {
                submitted_by: without(old.submitted_by),
                reviewed_by: without(old.reviewed_by),
                approved_by: without(old.approved_by),
                ..old.clone()
            };
            new.approvals.retain(|user| *user != id);
            (new != *old).then(|| Changeset { version: old.version + 1, ..new })
        })
        .await
    }

    /// Replaces the rows of a resource for which `change` returns another version. Reads a row again after a lost race.
    async fn forget<T: Record>(&self, change: impl Fn(&T) -> Option<T>) -> Result<(), Error> {
        for row in self.find_all::<T>().await? {
            self.forget_in(row, &change).await?;
        }
        Ok(())
    }

    async fn forget_in<T: Record>(&self, row: T, change: impl Fn(&T) -> Option<T>) -> Result<(), Error> {
        let mut old = row;
        for _ in 0..MOST_RACES {
            let Some(new) = change(&old) else { return Ok(()) };
            let mut commit = Commit::default();
            commit.replace(&old, &new)?;
            if self.commit(commit).await? == Race::Won {
                return Ok(());
            }
            let Some(latest) = self.find(old.id()).await? else { return Ok(()) };
            old = latest;
        }
        Err(too_many_races())
    }
}
