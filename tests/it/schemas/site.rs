//! A registry with a server, a schema on it, and people of every role.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result, anyhow};
use chrono::TimeDelta;
use domain::access::audit::Caller;
use domain::schema_changes::TABLE;
use domain::storage::item::item;
use domain::storage::key::Key;
use domain::storage::table::Write;
use local::private_mariadb::{FOR_TESTS, PrivateMariadb};
use schemas::changeset::NewChangeset;
use schemas::changeset::submission::DetailTexts;
use schemas::people::{Person, Role};
use schemas::record::{
    Changeset, ChangesetAction, ChangesetDetail, ChangesetTest, ChangesetValidation, Classification, Record,
    SchemaVersion, Server, Task,
};
use schemas::refusal::Refusal;
use schemas::registry::Registry;
use schemas::servers::Servers;
use serde_json::Value;
use tests::TestBundle;

use super::SERVER;

/// The scratch server of tests that do not look at the schemas of others.
static SCRATCH: LazyLock<PrivateMariadb> =
    LazyLock::new(|| PrivateMariadb::temporary(FOR_TESTS).expect("a private MariaDB"));

/// Returns the URL of the scratch server of tests that do not look at the schemas of others.
pub fn scratch_url() -> String {
    SCRATCH.url()
}

/// The id of the server.
pub const SERVER_ID: u64 = 1;

/// Seconds by which the clock of each registry differs, so that tests which share the scratch server use other names.
static SECONDS: AtomicI64 = AtomicI64::new(1);

/// A registry, with a schema of its own on the shared server.
pub struct Site {
    pub bundle: TestBundle,
    pub registry: Registry,
    pub servers: Servers,
    pub schema: &'static str,
}

impl Site {
    /// Creates the schema and runs a script in it.
    pub async fn new(schema: &'static str, script: &str) -> Result<Self> {
        Self::with_scratch(schema, script, &scratch_url()).await
    }

    /// Creates a site with a scratch server of its own.
    pub async fn with_scratch(schema: &'static str, script: &str, scratch: &str) -> Result<Self> {
        SERVER.run(&format!("CREATE DATABASE {schema}; USE {schema}; {script}"))?;
        let url = SERVER.url();
        let settings = [("MARIADB_URL", url.as_str()), ("MARIADB_SCRATCH_URL", scratch)];
        let bundle = TestBundle::with_settings(settings).await?;
        bundle.advance(difference());
        let registry = Registry::new(&bundle.platform)?;
        let servers = Servers::read(&bundle.platform.variables)?;
        let site = Self { bundle, registry, servers, schema };
        site.put(&Server {
            id: SERVER_ID,
            name: "srv1".to_owned(),
            hostname: "127.0.0.1".to_owned(),
            port: Some(u64::from(SERVER.port())),
            environment: None,
            created_at: site.registry.now(),
            updated_at: site.registry.now(),
            version: 1,
        })
        .await?;
        Ok(site)
    }

    /// Stores a row as it is.
    pub async fn put<T: Record>(&self, record: &T) -> Result<()> {
        let table = self.bundle.platform.table(TABLE)?;
        let key = Key::resource(T::RESOURCE.as_str(), record.id());
        Ok(table.write_all(vec![Write::Put(item(&key, record)?)]).await?)
    }

    /// Dumps the schema and returns its version.
    pub async fn version(&self) -> Result<SchemaVersion> {
        let dump = self.registry.save_schema_dump(SERVER_ID, self.schema, &self.servers, &dba()).await;
        dump.map_err(refused)
    }

    /// Submits a changeset of the schema, which has a version, and reviews it.
    pub async fn reviewed(
        &self,
        classification: Classification,
        details: &[(&str, &str)],
    ) -> Result<Changeset> {
        let changeset = self.submitted(classification, details).await?;
        self.bundle.drain().await?;
        self.changeset(changeset.id).await
    }

    /// Submits a changeset of the schema, which has a version.
    pub async fn submitted(
        &self,
        classification: Classification,
        details: &[(&str, &str)],
    ) -> Result<Changeset> {
        let detail = |(apply, revert): &(&str, &str)| DetailTexts {
            apply_sql: (*apply).to_owned(),
            revert_sql: (*revert).to_owned(),
            ..DetailTexts::default()
        };
        self.submit(classification, details.iter().map(detail).collect()).await
    }

    /// Submits a changeset with these details.
    pub async fn submit(
        &self,
        classification: Classification,
        details: Vec<DetailTexts>,
    ) -> Result<Changeset> {
        let schema = self.registry.find_by_name::<schemas::record::DatabaseSchema>(self.schema).await?;
        let database_schema = schema.context("the schema has a version")?.id;
        let new = NewChangeset { database_schema, classification, details, ..NewChangeset::default() };
        self.registry.submit(new, &developer()).await.map_err(refused)
    }

    /// Requests a review as a dba, and does it.
    pub async fn review_again(&self, changeset: u64) -> Result<Changeset> {
        self.registry.request_review(changeset, None, &dba()).await.map_err(refused)?;
        self.bundle.drain().await?;
        self.changeset(changeset).await
    }

    pub async fn changeset(&self, id: u64) -> Result<Changeset> {
        Ok(self.registry.require(id).await?)
    }

    pub async fn details(&self, changeset: &Changeset) -> Result<Vec<ChangesetDetail>> {
        Ok(self.registry.find_many(&changeset.details).await?)
    }

    pub async fn tests(&self, changeset: &Changeset) -> Result<Vec<ChangesetTest>> {
        Ok(self.registry.find_many(&changeset.tests).await?)
    }

    pub async fn findings(&self, changeset: &Changeset) -> Result<Vec<ChangesetValidation>> {
        Ok(self.registry.find_many(&changeset.validations).await?)
    }

    /// Returns the logs of the latest tests.
    pub async fn logs(&self, changeset: &Changeset) -> Result<Vec<String>> {
        Ok(self.tests(changeset).await?.into_iter().map(|test| test.results_log).collect())
    }

    /// Returns the tasks of a changeset, oldest first.
    pub async fn tasks(&self, changeset: &Changeset) -> Result<Vec<Task>> {
        Ok(self.registry.find_referring::<Task>("changeset", changeset.id).await?)
    }

    /// Returns the types of the entries in the history of a changeset.
    pub async fn history(&self, changeset: &Changeset) -> Result<Vec<String>> {
        let actions = self.registry.find_referring::<ChangesetAction>("changeset", changeset.id).await?;
        Ok(actions.into_iter().map(|action| action.kind).collect())
    }

    /// Takes the published events out of their queue, in the order of their ids.
    pub async fn published(&self) -> Result<Vec<Value>> {
        let bodies = self.bundle.take_messages(&self.bundle.queue_url("PublishedQueue")).await?;
        let events = bodies.iter().map(|body| serde_json::from_str::<Value>(body));
        let mut events = events.collect::<Result<Vec<_>, _>>()?;
        events.sort_by_key(|event| event["id"].as_u64());
        Ok(events)
    }
}

/// Returns by how much the clock of another registry differs from those before.
pub fn difference() -> TimeDelta {
    TimeDelta::seconds(SECONDS.fetch_add(1, Ordering::SeqCst))
}

/// Returns the error of a request that is not expected to be refused.
#[expect(clippy::needless_pass_by_value, reason = "a function of `map_err`")]
pub fn refused(refusal: Refusal) -> anyhow::Error {
    anyhow!("{refusal:?}")
}

/// Returns a person.
pub fn person(id: u64, role: Role) -> Person {
    let name = format!("{}-{id}", role.name());
    let [tenant, address, request_id] = ["", "192.0.2.1", "request"].map(str::to_owned);
    Person { id, name: name.clone(), role, caller: Caller { name, tenant, address, request_id } }
}

/// Returns the dba.
pub fn dba() -> Person {
    person(2, Role::Dba)
}

/// Returns the developer.
pub fn developer() -> Person {
    person(3, Role::Developer)
}

/// Returns the schemas of a server that reviews created.
pub fn left_behind(scratch: &PrivateMariadb) -> Result<Vec<String>> {
    let names = scratch.run("SHOW DATABASES LIKE 'szr\\_%'")?;
    Ok(names.lines().filter(|line| line.starts_with("szr_")).map(str::to_owned).collect())
}
