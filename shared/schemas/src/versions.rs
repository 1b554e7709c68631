//! Versions of schemas: dumps that are stored once per structure.

use std::time::Duration;

use domain::access::audit::AuditAction;
use domain::error::{Error, Kind};
use domain::storage::table::Race;
use domain::time::Micros;
use serde::Serialize;

use crate::dump::{Dump, catalog, difference, structure};
use crate::journal::{Happening, JOURNAL_IDS};
use crate::migration::Migration;
use crate::mysql::failure::Failure;
use crate::mysql::identifier::Identifier;
use crate::mysql::session::Limits;
use crate::people::Person;
use crate::record::{DatabaseSchema, Name, SchemaVersion, Server};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::servers::{CONNECT_TIMEOUT, ConnectError, Servers};
use crate::store::{Commit, MOST_RACES, does_not_exist, too_many_races};

/// Schemas of the server itself, which have no versions.
const SYSTEM_SCHEMAS: [&str; 4] = ["information_schema", "mysql", "performance_schema", "sys"];

/// The limits of sessions that read definitions.
const LIMITS: Limits = Limits {
    lock_wait_timeout: Duration::from_secs(10),
    connect_timeout: CONNECT_TIMEOUT,
    max_statement_time: Some(Duration::from_mins(1)),
};

/// The difference between two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionDifference {
    /// The id of the version before.
    pub before: u64,
    /// The id of the version after.
    pub after: u64,
    /// The unified diff of the texts; empty if they are equal.
    pub text: String,
    /// The objects that differ.
    pub changes: structure::Difference,
}

impl SchemaVersion {
    /// Returns the new version of a schema with this dump.
    fn new(id: u64, schema: u64, dump: &Dump, server: Option<u64>, now: Micros) -> Self {
        Self {
            id,
            database_schema: schema,
            checksum: dump.checksum.clone(),
            unique: unique(schema, &dump.checksum),
            parts: 0,
            collation: dump.collation.clone(),
            pulled_from: server,
            pull_datetime: Some(now),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Returns the version after another dump of the same structure.
    fn pulled(&self, dump: &Dump, server: Option<u64>, now: Micros) -> Self {
        Self {
            collation: dump.collation.clone().or_else(|| self.collation.clone()),
            pulled_from: server,
            pull_datetime: Some(now),
            updated_at: now,
            version: self.version + 1,
            ..self.clone()
        }
    }
}

/// Returns the unique name of a version.
fn unique(schema: u64, checksum: &str) -> String {
    format!("{schema}#{checksum}")
}

impl Registry {
    /// Returns the version of a schema with this checksum.
    pub async fn version_of(&self, schema: u64, checksum: &str) -> Result<Option<SchemaVersion>, Error> {
        self.find_by_name(&unique(schema, checksum)).await
    }

    /// Returns the latest version of a schema: the one that was dumped last.
    pub async fn latest_version(&self, schema: u64) -> Result<Option<SchemaVersion>, Error> {
        let versions = self.find_referring::<SchemaVersion>("database_schema", schema).await?;
        Ok(versions.into_iter().max_by_key(|version| (version.updated_at, version.id)))
    }

    /// Returns the dump that a version was stored from.
    pub async fn dump_of(&self, version: &SchemaVersion) -> Result<Dump, Error> {
        let ddl = self.ddl_of(version).await?;
        Ok(Dump { ddl, checksum: version.checksum.clone(), collation: version.collation.clone() })
    }

    /// Dumps a schema on a server and stores the version. The schema is created if it is new. A dump that fails stores
    /// nothing.
    pub async fn save_schema_dump(
        &self,
        server: u64,
        schema_name: &str,
        servers: &Servers,
        person: &Person,
    ) -> Result<SchemaVersion, Refusal> {
        let server = self.require::<Server>(server).await?;
        let is_system = SYSTEM_SCHEMAS.iter().any(|system| system.eq_ignore_ascii_case(schema_name));
        let name = Identifier::new(schema_name).filter(|_| !is_system);
        let name = name.ok_or_else(|| {
            Refusal::Malformed(format!("invalid database_schema_name '{schema_name}': it cannot be dumped"))
        })?;
        let dump = dump(&server, &name, servers).await?;
        Ok(self.store_dump(schema_name, &dump, Some(server.id), Some(person)).await?)
    }

    /// Stores a dump: a new version, or a new time of the one with the same structure. Creates the schema if it is new.
    /// `person` is `None` if no request made the dump.
    pub(crate) async fn store_dump(
        &self,
        schema_name: &str,
        dump: &Dump,
        server: Option<u64>,
        person: Option<&Person>,
    ) -> Result<SchemaVersion, Error> {
        for _ in 0..MOST_RACES {
            let mut commit = Commit::default();
            let wanted = [(Name::DatabaseSchema, 1), (Name::SchemaVersion, 1)];
            let schema = self.find_by_name::<DatabaseSchema>(schema_name).await?;
            let known = match &schema {
                Some(schema) => self.version_of(schema.id, &dump.checksum).await?,
                None => None,
            };
            let ids = self.take_ids(&[wanted.as_slice(), &JOURNAL_IDS].concat()).await?;
            let now = self.now();
            let version = if let Some(old) = &known {
                let new = old.pulled(dump, server, now);
                commit.replace(old, &new)?;
                new
            } else {
                let schema = match schema {
                    Some(schema) => schema,
                    None => new_schema(&mut commit, ids.first(Name::DatabaseSchema), schema_name, now)?,
                };
                let id = ids.first(Name::SchemaVersion);
                let parts = commit.create_ddl(id, &dump.ddl)?;
                let new = SchemaVersion { parts, ..SchemaVersion::new(id, schema.id, dump, server, now) };
                commit.create(&new)?;
                new
            };
            let happening = Happening {
                event: Some("schema_version_generated"),
                description: format!("Schema version [id={}] was generated.", version.id),
                action: None,
                user: person.map(|person| person.id),
            };
            self.journal(&mut commit, &ids, &happening)?;
            if let Some(person) = person {
                let (target, before) = (version.id.to_string(), known.map(|old| old.version));
                let note = server.map(|server| format!("server {server}"));
                let after = Some(version.version);
                let action =
                    AuditAction { action: "schema_version.save", target: &target, note, before, after };
                self.audit(&mut commit, &person.caller, action)?;
            }
            if self.commit(commit).await? == Race::Won {
                return Ok(version);
            }
        }
        Err(too_many_races())
    }

    /// Returns the statements that lead from one version to another.
    pub async fn version_migration(&self, before: u64, after: u64) -> Result<Migration, Refusal> {
        let (old, new) = (self.text_of(before).await?, self.text_of(after).await?);
        Ok(Migration::between(&old, &new))
    }

    /// Returns the text of a version. Fails with the documented text if it does not exist.
    async fn text_of(&self, id: u64) -> Result<String, Error> {
        self.ddl(id).await?.ok_or_else(|| does_not_exist(Name::SchemaVersion, id))
    }

    /// Returns the difference between two versions.
    pub async fn version_difference(&self, before: u64, after: u64) -> Result<VersionDifference, Refusal> {
        let (old, new) = (self.text_of(before).await?, self.text_of(after).await?);
        let labels = [before, after].map(|id| format!("schema_version {id}"));
        Ok(VersionDifference {
            before,
            after,
            text: difference::unified((&labels[0], &old), (&labels[1], &new)),
            changes: structure::Difference::between(&old, &new),
        })
    }
}

/// Adds a new schema to a transaction.
fn new_schema(commit: &mut Commit, id: u64, name: &str, now: Micros) -> Result<DatabaseSchema, Error> {
    let schema = DatabaseSchema { id, name: name.to_owned(), created_at: now, updated_at: now, version: 1 };
    commit.create(&schema)?;
    Ok(schema)
}

/// Dumps a schema on a server.
async fn dump(server: &Server, schema: &Identifier, servers: &Servers) -> Result<Dump, Error> {
    let failed = |failure| failure_of(server, failure);
    let mut session = servers.connect(server, None, LIMITS).await.map_err(|error| match error {
        ConnectError::Unknown(error) => error,
        ConnectError::Failed(failure) => failed(failure),
    })?;
    let dump = catalog::dump(&mut session, schema).await.map_err(failed)?;
    session.close().await;
    dump.ok_or_else(|| {
        Error::new(Kind::Missing, format!("(1049, \"Unknown database '{}'\")", schema.as_str()))
    })
}

/// Returns the error of a server that could not be dumped.
fn failure_of(server: &Server, failure: Failure) -> Error {
    let name = &server.name;
    let error = match &failure {
        Failure::Unreachable(_) | Failure::Credentials(_) | Failure::ConnectionLost(_) => {
            Error::unavailable(format!("server '{name}' cannot be dumped: {failure}"))
        }
        _ => Error::new(Kind::Conflict, format!("server '{name}' cannot be dumped: {failure}")),
    };
    error.because(failure)
}
