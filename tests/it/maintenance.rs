//! Reports on a real PostgreSQL server: one private cluster for all tests, one database for each.

mod advice;
mod connections;
mod edge_cases;
mod estimates;
mod locks;
mod names;
mod relations;
mod sample;
mod servers;

use std::sync::LazyLock;

use anyhow::{Context, Result};
use domain::platform::id::Ids;
use domain::platform::variables::Variables;
use local::private_postgres::{FOR_TESTS, PrivatePostgres};
use maintenance::report::index::IndexEntry;
use maintenance::report::schema::{SchemaReport, TableEntry};
use maintenance::report::table::TableReport;
use maintenance::server::{Server, Servers};

static CLUSTER: LazyLock<PrivatePostgres> =
    LazyLock::new(|| PrivatePostgres::temporary(FOR_TESTS).expect("a private PostgreSQL"));

/// A database of one test, and its server.
struct Database {
    name: String,
    server: Server,
}

impl Database {
    /// An empty database.
    fn new() -> Result<Self> {
        let name = format!("test-{}", Ids::random().uuid());
        CLUSTER.run("postgres", &format!("CREATE DATABASE \"{name}\""))?;
        Ok(Self { server: server(&CLUSTER.url(&name))?, name })
    }

    /// A database in which a script has run.
    fn with(script: &str) -> Result<Self> {
        let database = Self::new()?;
        database.run(script)?;
        Ok(database)
    }

    fn run(&self, script: &str) -> Result<String> {
        CLUSTER.run(&self.name, script)
    }

    async fn schema(&self, schema: &str) -> Result<SchemaReport> {
        self.server.schema_report(&self.name, schema).await?.context("no such schema")
    }

    async fn find_table(&self, schema: &str, table: &str) -> Result<Option<TableReport>> {
        Ok(self.server.table_report(&self.name, schema, table).await?)
    }

    async fn table(&self, schema: &str, table: &str) -> Result<TableReport> {
        self.find_table(schema, table).await?.with_context(|| format!("no table {table}"))
    }
}

fn server(url: &str) -> Result<Server> {
    let variables = Variables::default().with([("POSTGRES_URL", url)]);
    Ok(Servers::read(&variables)?.get(None)?.clone())
}

fn entry<'a>(tables: &'a [TableEntry], name: &str) -> &'a TableEntry {
    tables.iter().find(|table| table.name == name).unwrap_or_else(|| panic!("no table {name}"))
}

fn index<'a>(indexes: &'a [IndexEntry], name: &str) -> &'a IndexEntry {
    indexes.iter().find(|index| index.name == name).unwrap_or_else(|| panic!("no index {name}"))
}

fn names(tables: &[TableEntry]) -> Vec<&str> {
    tables.iter().map(|table| table.name.as_str()).collect()
}
