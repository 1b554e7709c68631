//! Servers, which every role may change. Their credentials are in the settings, by host and port.

use domain::storage::table::Race;
use serde_json::{Map, Value};

use crate::people::Person;
use crate::places::fields::{link, name, number, text};
use crate::places::{SERVER, Step, WriteRefusal, missing};
use crate::record::{Environment, Name, Server};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::store::{Commit, MOST_RACES, too_many_races};

/// Ports.
const PORTS: (u64, u64) = (1, 65_535);

impl Registry {
    /// Creates a server from the fields of a body and returns its id. Other fields are ignored. Fails if the name is
    /// taken.
    pub async fn create_server(
        &self,
        body: &Map<String, Value>,
        person: &Person,
    ) -> Result<u64, WriteRefusal> {
        let name = name(body, "name")?.ok_or_else(|| Refusal::Malformed("'name'".to_owned()))?;
        let now = self.now();
        let draft = Server {
            id: 0,
            name,
            hostname: text(body, "hostname")?.unwrap_or_default(),
            port: number(body, "port", PORTS)?.flatten(),
            environment: self.environment(body, None).await?,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        for _ in 0..MOST_RACES {
            self.check_server_name(&draft.name).await?;
            let id = self.take_ids(&[(Name::Server, 1)]).await?.first(Name::Server);
            let mut commit = Commit::default();
            commit.create(&Server { id, ..draft.clone() })?;
            let what = (id, draft.name.as_str());
            self.record_step(&mut commit, &SERVER, Step::Added, what, (None, Some(1)), person).await?;
            if self.commit(commit).await? == Race::Won {
                return Ok(id);
            }
        }
        Err(too_many_races().into())
    }

    /// Changes the fields of a server that a body names. Fails if the name is taken.
    pub async fn change_server(
        &self,
        id: u64,
        body: &Map<String, Value>,
        person: &Person,
    ) -> Result<(), WriteRefusal> {
        for _ in 0..MOST_RACES {
            let old = self.find::<Server>(id).await?.ok_or_else(|| missing(Name::Server, id))?;
            let new = Server {
                name: name(body, "name")?.unwrap_or_else(|| old.name.clone()),
                hostname: text(body, "hostname")?.unwrap_or_else(|| old.hostname.clone()),
                port: number(body, "port", PORTS)?.unwrap_or(old.port),
                environment: self.environment(body, old.environment).await?,
                updated_at: self.now(),
                version: old.version + 1,
                ..old.clone()
            };
            if new.name != old.name {
                self.check_server_name(&new.name).await?;
            }
            let mut commit = Commit::default();
            commit.replace(&old, &new)?;
            let versions = (Some(old.version), Some(new.version));
            self.record_step(&mut commit, &SERVER, Step::Updated, (id, &new.name), versions, person).await?;
            if self.commit(commit).await? == Race::Won {
                return Ok(());
            }
        }
        Err(too_many_races().into())
    }

    /// Removes a server and what checks found on it. Versions that were pulled from it stay.
    pub async fn remove_server(&self, id: u64, person: &Person) -> Result<(), WriteRefusal> {
        for _ in 0..MOST_RACES {
            let old = self.find::<Server>(id).await?.ok_or_else(|| missing(Name::Server, id))?;
            self.forget_server(id).await?;
            let mut commit = Commit::default();
            commit.remove(&old);
            let versions = (Some(old.version), None);
            self.record_step(&mut commit, &SERVER, Step::Deleted, (id, &old.name), versions, person).await?;
            if self.commit(commit).await? == Race::Won {
                // References that were made in the meantime.
                return Ok(self.forget_server(id).await?);
            }
        }
        Err(too_many_races().into())
    }

    async fn environment(
        &self,
        body: &Map<String, Value>,
        old: Option<u64>,
    ) -> Result<Option<u64>, WriteRefusal> {
        match link(body, "environment", Name::Environment)? {
            None => Ok(old),
            Some(None) => Ok(None),
            Some(Some(id)) => {
                self.first_data().await?;
                Ok(Some(self.require_linked::<Environment>(id).await?.id))
            }
        }
    }

    async fn check_server_name(&self, name: &str) -> Result<(), WriteRefusal> {
        match self.find_by_name::<Server>(name).await? {
            None => Ok(()),
            Some(_) => Err(Refusal::wrong_state(format!("Server with name '{name}' already exists.")).into()),
        }
    }
}
