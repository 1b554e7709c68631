//! Schema changes on a real MariaDB server: one private server for all tests, one schema for each.

mod applies;
mod changesets;
mod drift;
mod dumps;
mod loading;
mod migrations;
mod reviews;
mod servers;
mod sessions;
pub mod site;
mod versions;

use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, Result};
use domain::platform::id::Ids;
use local::private_mariadb::{FOR_TESTS, PrivateMariadb};
use schemas::dump::Dump;
use schemas::dump::catalog::dump;
use schemas::mysql::Roots;
use schemas::mysql::endpoint::Endpoint;
use schemas::mysql::identifier::Identifier;
use schemas::mysql::session::{Limits, Session};

pub static SERVER: LazyLock<PrivateMariadb> =
    LazyLock::new(|| PrivateMariadb::temporary(FOR_TESTS).expect("a private MariaDB"));

const LIMITS: Limits = Limits {
    lock_wait_timeout: Duration::from_secs(1),
    connect_timeout: Duration::from_secs(20),
    max_statement_time: None,
};

fn endpoint(url: &str) -> Endpoint {
    Endpoint::parse(url, &Roots::default()).expect(url)
}

fn identifier(name: &str) -> Identifier {
    Identifier::new(name).expect("a possible name")
}

/// A schema of one test.
struct Schema {
    name: Identifier,
}

impl Schema {
    /// An empty schema.
    fn new() -> Result<Self> {
        let name = identifier(&format!("test-{}", Ids::random().uuid()));
        SERVER.run(&format!("CREATE DATABASE {name}"))?;
        Ok(Self { name })
    }

    /// A schema in which a script has run.
    fn with(script: &str) -> Result<Self> {
        let schema = Self::new()?;
        schema.run(script)?;
        Ok(schema)
    }

    /// Runs a script with the `mariadb` program.
    fn run(&self, script: &str) -> Result<String> {
        SERVER.run(&format!("USE {};\n{script}", self.name))
    }

    async fn open(&self) -> Result<Session> {
        self.open_with(LIMITS).await
    }

    async fn open_with(&self, limits: Limits) -> Result<Session> {
        Ok(Session::open(&endpoint(&SERVER.url()), Some(&self.name), limits).await?)
    }

    async fn dump(&self) -> Result<Dump> {
        let mut session = self.open().await?;
        let dump = dump(&mut session, &self.name).await?.context("no such schema")?;
        session.close().await;
        Ok(dump)
    }
}

/// Returns the only value of a query.
async fn value(session: &mut Session, query: &str) -> Result<String> {
    let rows = session.rows(query, &[]).await?;
    Ok(rows.first().context("no row")?.text(0)?.to_owned())
}
