//! The database servers of `steward up`: configured ones, or those of the samples.

use std::fmt;

use anyhow::Result;
use clap::Args;
use domain::platform::Platform;
use domain::platform::variables::Variables;
use maintenance::server;
use schemas::registry::Registry;
use schemas::servers;

use crate::sample_mariadb::SampleMariadb;
use crate::sample_server::SampleServer;
use crate::stand_ins::Storage;
use crate::{private_mariadb, private_postgres};

/// The options that name database servers.
#[derive(Args, Debug)]
pub struct DatabaseOptions {
    #[arg(
        long,
        value_name = "URL",
        help = "PostgreSQL server of /maintenance, as postgres://user:password@host:port/database \
                [default: $POSTGRES_URL, which keeps the password out of the list of processes]"
    )]
    postgres: Option<String>,
    #[arg(
        long,
        value_name = "URL",
        help = "MySQL or MariaDB server whose schemas /api/v1 changes, as mysql://user:password@host:port \
                [default: $MARIADB_URL]"
    )]
    mariadb: Option<String>,
    #[arg(
        long,
        value_name = "URL",
        help = "MySQL or MariaDB server on which changesets are reviewed, in schemas of their own \
                [default: $MARIADB_SCRATCH_URL]"
    )]
    scratch_mariadb: Option<String>,
}

impl DatabaseOptions {
    /// Returns the variables of this process, with the URLs of the options. Fails if one of them cannot be used.
    pub fn environment(&self) -> Result<Variables> {
        let given = [
            (server::URL, &self.postgres),
            (servers::URL, &self.mariadb),
            (servers::SCRATCH, &self.scratch_mariadb),
        ];
        let given = given.into_iter().filter_map(|(name, url)| Some((name, url.clone()?)));
        let environment = Variables::from_env().with(given);
        server::Servers::read(&environment)?;
        servers::Servers::read(&environment)?;
        Ok(environment)
    }
}

/// The servers of a running `steward up`. Dropping it stops those of the samples.
pub struct Databases {
    /// The PostgreSQL server of the maintenance API.
    pub postgres: Database<SampleServer>,
    /// The servers of the schemas API.
    pub mariadb: Database<SampleMariadb>,
}

/// A server that an API uses.
pub enum Database<T> {
    /// The environment or the command line names it.
    Configured,
    /// The server of the samples.
    Sample(T),
    /// There is none, and this would help.
    Missing(String),
}

impl Databases {
    /// Starts the servers of the samples, unless others are configured. Without them, everything else still works.
    pub async fn start(environment: &Variables, storage: &Storage, samples: bool) -> Result<Self> {
        let is_set = |names: &[&str]| names.iter().any(|name| environment.get(name).is_some());
        let postgres = if is_set(&[server::URL, server::INSTANCES]) {
            Database::Configured
        } else if !samples {
            Database::Missing(format!("set --postgres URL or {}", server::URL))
        } else if !private_postgres::is_installed() {
            let package = "install it, on Debian with apt-get install postgresql";
            Database::Missing(format!("{package}, or set --postgres URL"))
        } else {
            start(storage, "set --postgres URL", SampleServer::start).await?
        };
        let mariadb = if is_set(&[servers::URL, servers::URLS, servers::SCRATCH]) {
            Database::Configured
        } else if !samples {
            Database::Missing(format!("set --mariadb URL or {}", servers::URL))
        } else if !private_mariadb::is_installed() {
            let package =
                "install it, on Debian with apt-get install mariadb-server-core mariadb-client-core";
            Database::Missing(format!("{package}, or set --mariadb URL"))
        } else {
            start(storage, "set --mariadb URL", SampleMariadb::start).await?
        };
        Ok(Self { postgres, mariadb })
    }

    /// Returns the variables, with the URLs of the servers of the samples.
    #[must_use]
    pub fn add_urls(&self, variables: Variables) -> Variables {
        let variables = match &self.postgres {
            Database::Sample(sample) => variables.with([(server::URL, sample.url())]),
            Database::Configured | Database::Missing(_) => variables,
        };
        match &self.mariadb {
            Database::Sample(sample) => variables.with(sample.variables()),
            Database::Configured | Database::Missing(_) => variables,
        }
    }

    /// Makes sure that the configured servers have records, so that requests can refer to them.
    pub async fn register(&self, platform: &Platform) -> Result<()> {
        if let Database::Configured = &self.mariadb {
            let registry = Registry::new(platform)?;
            for (host, port) in servers::Servers::read(&platform.variables)?.addresses() {
                registry.add_server(host, port).await?;
            }
        }
        Ok(())
    }
}

/// Starts the server of the samples on a thread on which it may block.
async fn start<T: Send + 'static>(
    storage: &Storage,
    alternative: &str,
    start: fn(&Storage) -> Result<T>,
) -> Result<Database<T>> {
    let storage = storage.clone();
    let started = tokio::task::spawn_blocking(move || start(&storage)).await?;
    Ok(started.map_or_else(
        |error| Database::Missing(format!("{error:#}; {alternative}, or start over with make reset")),
        Database::Sample,
    ))
}

impl fmt::Display for Database<SampleServer> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured => f.write_str("as configured"),
            Self::Sample(sample) => {
                let file = sample.service_file().display();
                write!(f, "127.0.0.1:{}  (PGSERVICEFILE={file} psql service=steward)", sample.port())
            }
            Self::Missing(advice) => write!(f, "none, so /maintenance returns 503; {advice}"),
        }
    }
}

impl fmt::Display for Database<SampleMariadb> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured => f.write_str("as configured"),
            Self::Sample(sample) => {
                let file = sample.option_file().display();
                write!(f, "127.0.0.1:{}  (mariadb --defaults-file={file})", sample.ports().0)
            }
            Self::Missing(advice) => write!(f, "none, so changesets are not reviewed; {advice}"),
        }
    }
}
