//! The report of a server: its databases, summed up.

use domain::error::Error;
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use crate::report::database::DatabaseReport;
use crate::report::size::{self, Numeric};
use crate::report::statements;
use crate::server::Server;

/// Databases that are read at the same time, each over its own connection.
const PARALLEL_DATABASES: usize = 4;

/// `GET /maintenance`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InstanceReport {
    /// The sum of the databases.
    pub instance: InstanceTotals,
    /// In byte order of their names, without templates.
    pub databases: Vec<DatabaseTotals>,
}

/// The sum of all databases whose size is known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InstanceTotals {
    /// The sum of `pg_database_size`.
    pub total_bytes: Numeric,
    /// The same as text.
    pub total_size: String,
}

/// The size of one database, and the sums over its schemas, which are null if the database cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DatabaseTotals {
    /// The database.
    pub datname: String,
    /// `pg_database_size`; null without the permission to know it.
    pub total_bytes: Option<i64>,
    /// The same as text.
    pub total_size: Option<String>,
    /// The sums over its schemas.
    #[serde(flatten)]
    pub schemas: SchemaSums,
    /// Relations whose sizes are unknown because they are locked `ACCESS EXCLUSIVE`.
    pub locked_relations: Option<i64>,
    /// Transactions since the oldest row that is not frozen.
    pub frozen_xid_age: i64,
    /// Why the database could not be read; null if it was.
    pub error: Option<String>,
}

/// Sums over the schemas of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SchemaSums {
    /// Tables.
    pub n_tables: Option<Numeric>,
    /// Bytes of their data.
    pub tables_bytes: Option<Numeric>,
    /// The same as text.
    pub tables_size: Option<String>,
    /// Indexes.
    pub n_indexes: Option<Numeric>,
    /// Bytes of their data.
    pub indexes_bytes: Option<Numeric>,
    /// The same as text.
    pub indexes_size: Option<String>,
    /// The estimated bloat of tables.
    pub tables_bloat_bytes: Option<Numeric>,
    /// The same as text.
    pub tables_bloat_size: Option<String>,
    /// The estimated bloat of btrees.
    pub indexes_bloat_bytes: Option<Numeric>,
    /// The same as text.
    pub indexes_bloat_size: Option<String>,
    /// Bytes of TOAST tables.
    pub toast_bytes: Option<Numeric>,
    /// The same as text.
    pub toast_size: Option<String>,
}

/// A row of `databases.sql`.
#[derive(Debug, Deserialize)]
struct Listed {
    name: String,
    accepts_connections: bool,
    total_bytes: Option<i64>,
    frozen_xid_age: i64,
}

impl Server {
    /// Reports on all databases. One that cannot be read has an error in its place; the others are complete.
    pub async fn instance_report(&self) -> Result<InstanceReport, Error> {
        let home = self.home_database();
        let Some(listed) = self.report::<Listed>(home, statements::DATABASES, &[]).await? else {
            return Err(Error::unavailable(format!(
                "server \"{self}\" has no database \"{home}\", which its URL names"
            )));
        };
        let total = listed.iter().filter_map(|database| database.total_bytes).sum();
        let databases = stream::iter(listed).map(|database| self.totals(database));
        Ok(InstanceReport {
            instance: InstanceTotals { total_bytes: Numeric(total), total_size: size::pretty(total) },
            databases: databases.buffered(PARALLEL_DATABASES).collect().await,
        })
    }

    async fn totals(&self, listed: Listed) -> DatabaseTotals {
        let read = if listed.accepts_connections {
            self.database_report(&listed.name).await.and_then(|report| {
                report.ok_or_else(|| Error::unavailable(format!("database \"{}\" was dropped", listed.name)))
            })
        } else {
            Err(Error::unavailable(format!("database \"{}\" does not accept connections", listed.name)))
        };
        let totals = DatabaseTotals {
            total_size: listed.total_bytes.map(size::pretty),
            total_bytes: listed.total_bytes,
            datname: listed.name,
            frozen_xid_age: listed.frozen_xid_age,
            ..DatabaseTotals::default()
        };
        match read {
            Ok(report) => DatabaseTotals {
                schemas: sums(&report),
                locked_relations: Some(report.schemas.iter().map(|schema| schema.locked_relations).sum()),
                ..totals
            },
            Err(error) => {
                tracing::warn!(server = self.name(), error = error.chain(), "a database cannot be read");
                DatabaseTotals { error: Some(error.to_string()), ..totals }
            }
        }
    }
}

fn sums(report: &DatabaseReport) -> SchemaSums {
    let schemas = &report.schemas;
    let tables: Numeric = schemas.iter().map(|schema| Numeric(schema.n_tables)).sum();
    let tables_bytes: Numeric = schemas.iter().map(|schema| Numeric(schema.tables_bytes)).sum();
    let indexes: Numeric = schemas.iter().map(|schema| Numeric(schema.n_indexes)).sum();
    let indexes_bytes: Numeric = schemas.iter().map(|schema| Numeric(schema.indexes_bytes)).sum();
    let tables_bloat: Numeric = schemas.iter().filter_map(|schema| schema.tables_bloat_bytes).sum();
    let indexes_bloat: Numeric = schemas.iter().filter_map(|schema| schema.indexes_bloat_bytes).sum();
    let toast: Numeric = schemas.iter().map(|schema| schema.toast_bytes).sum();
    SchemaSums {
        n_tables: Some(tables),
        tables_bytes: Some(tables_bytes),
        tables_size: Some(tables_bytes.pretty()),
        n_indexes: Some(indexes),
        indexes_bytes: Some(indexes_bytes),
        indexes_size: Some(indexes_bytes.pretty()),
        tables_bloat_bytes: Some(tables_bloat),
        tables_bloat_size: Some(tables_bloat.pretty()),
        indexes_bloat_bytes: Some(indexes_bloat),
        indexes_bloat_size: Some(indexes_bloat.pretty()),
        toast_bytes: Some(toast),
        toast_size: Some(toast.pretty()),
    }
}
