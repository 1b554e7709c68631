//! Environments. Only dbas and admins change them.

use domain::storage::table::Race;
use serde_json::{Map, Value};

use crate::people::Person;
use crate::places::fields::{boolean, link, name, number, window};
use crate::places::{ENVIRONMENT, Step, WriteRefusal, check_right, missing};
use crate::record::{Environment, Name, Policy};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::store::{Commit, MOST_RACES, too_many_races};

/// The most approvals that an environment can require.
const MOST_APPROVALS: u64 = 10;
/// Seconds of the longest wait for a lock.
const LONGEST_LOCK_WAIT: u64 = 3_600;

impl Registry {
    /// Creates an environment from the fields of a body and returns its id. Other fields are ignored.
    pub async fn create_environment(
        &self,
        body: &Map<String, Value>,
        person: &Person,
    ) -> Result<u64, WriteRefusal> {
        check_right(Name::Environment, Step::Added, person)?;
        let name = name(body, "name")?.ok_or_else(|| Refusal::Malformed("'name'".to_owned()))?;
        let policy = self.policy(body, &Policy::default()).await?;
        self.first_data().await?;
        for _ in 0..MOST_RACES {
            let id = self.take_ids(&[(Name::Environment, 1)]).await?.first(Name::Environment);
            let new = Environment::new(id, name.clone(), policy.clone(), self.now());
            let mut commit = Commit::default();
            commit.create(&new)?;
            self.record_step(&mut commit, &ENVIRONMENT, Step::Added, (id, &name), (None, Some(1)), person)
                .await?;
            if self.commit(commit).await? == Race::Won {
                return Ok(id);
            }
        }
        Err(too_many_races().into())
    }

    /// Changes the fields of an environment that a body names.
    pub async fn change_environment(
        &self,
        id: u64,
        body: &Map<String, Value>,
        person: &Person,
    ) -> Result<(), WriteRefusal> {
        check_right(Name::Environment, Step::Updated, person)?;
        self.first_data().await?;
        for _ in 0..MOST_RACES {
            let old = self.find::<Environment>(id).await?;
            let old = old.ok_or_else(|| missing(Name::Environment, id))?;
            let new = Environment {
                name: name(body, "name")?.unwrap_or_else(|| old.name.clone()),
                policy: self.policy(body, &old.policy).await?,
                updated_at: self.now(),
                version: old.version + 1,
                ..old.clone()
            };
            if new.policy.after_environment == Some(id) {
                let text = "invalid after_environment: an environment cannot come after itself";
                return Err(Refusal::Malformed(text.to_owned()).into());
            }
            let mut commit = Commit::default();
            commit.replace(&old, &new)?;
            let versions = (Some(old.version), Some(new.version));
            self.record_step(&mut commit, &ENVIRONMENT, Step::Updated, (id, &new.name), versions, person)
                .await?;
            if self.commit(commit).await? == Race::Won {
                return Ok(());
            }
        }
        Err(too_many_races().into())
    }

    /// Removes an environment. Its servers stay without one.
    pub async fn remove_environment(&self, id: u64, person: &Person) -> Result<(), WriteRefusal> {
        check_right(Name::Environment, Step::Deleted, person)?;
        self.first_data().await?;
        for _ in 0..MOST_RACES {
            let old = self.find::<Environment>(id).await?;
            let old = old.ok_or_else(|| missing(Name::Environment, id))?;
            self.forget_environment(id).await?;
            let mut commit = Commit::default();
            commit.remove(&old);
            let versions = (Some(old.version), None);
            self.record_step(&mut commit, &ENVIRONMENT, Step::Deleted, (id, &old.name), versions, person)
                .await?;
            if self.commit(commit).await? == Race::Won {
                // References that were made in the meantime.
                return Ok(self.forget_environment(id).await?);
            }
        }
        Err(too_many_races().into())
    }

    async fn policy(&self, body: &Map<String, Value>, old: &Policy) -> Result<Policy, WriteRefusal> {
        let after = match link(body, "after_environment", Name::Environment)? {
            None => old.after_environment,
            Some(None) => None,
            Some(Some(id)) => Some(self.require_linked::<Environment>(id).await?.id),
        };
        let approvals = number(body, "approvals_required", (0, MOST_APPROVALS))?;
        Ok(Policy {
            approvals_required: approvals.map_or(old.approvals_required, Option::unwrap_or_default),
            forbid_own_approval: boolean(body, "forbid_own_approval")?.unwrap_or(old.forbid_own_approval),
            window: window(body, "window")?.unwrap_or_else(|| old.window.clone()),
            after_environment: after,
            lock_wait_timeout: number(body, "lock_wait_timeout", (1, LONGEST_LOCK_WAIT))?
                .unwrap_or(old.lock_wait_timeout),
        })
    }
}
