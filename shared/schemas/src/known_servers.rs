//! Records of servers that the local run starts or is given, so that requests can refer to them.

use domain::error::Error;
use domain::storage::table::Race;

use crate::journal::{Happening, JOURNAL_IDS};
use crate::record::{Name, Server};
use crate::registry::Registry;
use crate::store::{Commit, MOST_RACES, too_many_races};

/// The port of a server whose record names none.
const DEFAULT_PORT: u64 = 3306;

impl Registry {
    /// Creates the record of a server, named after its address, unless there is one with this host and port.
    pub async fn add_server(&self, hostname: &str, port: u16) -> Result<(), Error> {
        for row in self.rows(Name::Server).await? {
            let known_port = row.get("port").and_then(serde_json::Value::as_u64).unwrap_or(DEFAULT_PORT);
            if row.get("hostname").is_some_and(|known| known == hostname) && known_port == u64::from(port) {
                return Ok(());
            }
        }
        for name in [hostname.to_owned(), format!("{hostname}:{port}")] {
            if self.find_by_name::<Server>(&name).await?.is_none() {
                return self.place_server(&name, hostname, port, None).await.map(drop);
            }
        }
        let text = format!("the name \"{hostname}:{port}\" belongs to a server with another address");
        Err(Error::invalid(text))
    }

    /// Gives the server of this name another address. Creates its record if there is none, in this environment. Returns its
    /// id.
    pub async fn place_server(
        &self,
        name: &str,
        hostname: &str,
        port: u16,
        environment: Option<u64>,
    ) -> Result<u64, Error> {
        let port = u64::from(port);
        for _ in 0..MOST_RACES {
            let old = self.find_by_name::<Server>(name).await?;
            let same = |old: &&Server| old.hostname == hostname && old.port == Some(port);
            if let Some(old) = old.as_ref().filter(same) {
                return Ok(old.id);
            }
            let new_servers = u64::from(old.is_none());
            let ids = self.take_ids(&[&JOURNAL_IDS[..], &[(Name::Server, new_servers)]].concat()).await?;
            let (now, hostname) = (self.now(), hostname.to_owned());
            let new = match &old {
                Some(old) => {
                    let version = old.version + 1;
                    Server { hostname, port: Some(port), updated_at: now, version, ..old.clone() }
                }
                None => Server {
                    id: ids.first(Name::Server),
                    name: name.to_owned(),
                    hostname,
                    port: Some(port),
                    environment,
                    created_at: now,
                    updated_at: now,
                    version: 1,
                },
            };
            let mut commit = Commit::default();
            let (event, verb) = if let Some(old) = &old {
                commit.replace(old, &new)?;
                ("server_updated", "updated")
            } else {
                commit.create(&new)?;
                ("server_added", "added")
            };
            let description = format!("Server [id={}, name={name}] was {verb}.", new.id);
            let happening = Happening { event: Some(event), description, action: None, user: None };
            self.journal(&mut commit, &ids, &happening)?;
            if self.commit(commit).await? == Race::Won {
                return Ok(new.id);
            }
        }
        Err(too_many_races())
    }
}
