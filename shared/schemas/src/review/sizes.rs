//! Rows and bytes of the tables that a changeset touches, on the servers that have the schema.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::error::Error;
use serde::Serialize;

use crate::dump::structure::{Object, objects};
use crate::mysql::failure::Failure;
use crate::mysql::lexer::significant_tokens;
use crate::mysql::references::references;
use crate::mysql::session::Limits;
use crate::mysql::statements::split;
use crate::record::{ChangesetDetail, DatabaseSchema, SchemaVersion, Server, ServerData};
use crate::registry::Registry;
use crate::servers::{ConnectError, Servers};

/// Servers that are asked.
const MOST_SERVERS: usize = 3;

/// The limits of a session that reads sizes. A server that is slow to answer does not hold up the review.
const LIMITS: Limits = Limits {
    lock_wait_timeout: Duration::from_secs(2),
    connect_timeout: Duration::from_secs(3),
    max_statement_time: Some(Duration::from_secs(5)),
};

const SIZES: &str = "SELECT TABLE_NAME, COALESCE(TABLE_ROWS, 0), COALESCE(DATA_LENGTH, 0), COALESCE(INDEX_LENGTH, 0) \
                     FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE'";

/// The size of a table. The server estimates the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Size {
    rows: u64,
    data_bytes: u64,
    index_bytes: u64,
}

/// The sizes of all tables of a schema on a server, or why they are unknown.
pub(super) type TableSizes = Result<BTreeMap<String, Size>, String>;

/// The same by the name of the server.
pub(super) type Sizes = BTreeMap<String, TableSizes>;

impl Registry {
    /// Reads the sizes of the tables of a schema on some of the servers that have it: those where a check found it, and the
    /// one that the version was dumped from.
    pub(super) async fn sizes(
        &self,
        servers: &Servers,
        schema: &DatabaseSchema,
        version: &SchemaVersion,
    ) -> Result<Sizes, Error> {
        let checked = self.find_referring::<ServerData>("database_schema", schema.id).await?;
        let found = checked.iter().filter(|data| data.schema_exists).map(|data| data.server);
        let mut ids: Vec<u64> = version.pulled_from.into_iter().chain(found).collect();
        let mut seen = BTreeSet::new();
        ids.retain(|id| seen.insert(*id));
        ids.truncate(MOST_SERVERS);
        let known = self.find_many::<Server>(&ids).await?;
        let each = known
            .iter()
            .map(async |server| (server.name.clone(), sizes_on(servers, server, &schema.name).await));
        Ok(futures::future::join_all(each).await.into_iter().collect())
    }
}

/// Reads the sizes of all tables of a schema on a server.
pub(super) async fn sizes_on(servers: &Servers, server: &Server, schema: &str) -> TableSizes {
    let mut session = servers.connect(server, None, LIMITS).await.map_err(|error| match error {
        ConnectError::Unknown(error) => error.to_string(),
        ConnectError::Failed(failure) => failure.to_string(),
    })?;
    let rows = session.rows(SIZES, &[schema]).await.map_err(|failure| failure.to_string())?;
    session.close().await;
    let size = |row: &crate::mysql::row::Row| {
        let size = Size { rows: row.number(1)?, data_bytes: row.number(2)?, index_bytes: row.number(3)? };
        Ok((row.text(0)?.to_owned(), size))
    };
    rows.iter().map(size).collect::<Result<_, Failure>>().map_err(|failure| failure.to_string())
}

/// Returns the tables of a version that the statements of a detail name. `ddl` is the text of the version.
pub(super) fn touched_tables(detail: &ChangesetDetail, ddl: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for statement in split(&detail.apply_sql) {
        named.extend(references(&significant_tokens(statement)).known);
    }
    let tables = objects(ddl).into_keys().filter(Object::is_table);
    tables.map(|object| object.name).filter(|name| named.contains(&name.to_lowercase())).collect()
}

/// Returns the sizes of these tables as the JSON text of a detail. Empty if no server was asked or no table is touched.
pub(super) fn volumetric_values(sizes: &Sizes, tables: &BTreeSet<String>) -> String {
    if sizes.is_empty() || tables.is_empty() {
        return String::new();
    }
    let of_server = |(server, found): (&String, &TableSizes)| (server.clone(), shown(found, tables));
    serde_json::Value::Object(sizes.iter().map(of_server).collect()).to_string()
}

/// Returns the sizes of these tables by name, or the reason why they are unknown as `error`.
pub(super) fn shown(sizes: &TableSizes, tables: &BTreeSet<String>) -> serde_json::Value {
    match sizes {
        Ok(sizes) => {
            let touched = sizes.iter().filter(|(name, _)| tables.contains(*name));
            serde_json::json!(touched.collect::<BTreeMap<_, _>>())
        }
        Err(reason) => serde_json::json!({ "error": reason }),
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Micros;

    use super::*;
    use crate::changeset::submission::DetailTexts;

    const DDL: &str = "CREATE TABLE `Orders` (\n  `id` int(11)\n);\nCREATE TABLE `users` (\n  `id` int(11)\n);\n\
                       CREATE VIEW `v` AS select 1";

    fn touched(sql: &str) -> Vec<String> {
        let texts = DetailTexts { apply_sql: sql.to_owned(), ..DetailTexts::default() };
        touched_tables(&texts.row(1, 1, Micros(0)), DDL).into_iter().collect()
    }

    #[test]
    fn the_tables_of_all_statements_are_found() {
        for (sql, tables) in [
            ("ALTER TABLE orders ADD c int", vec!["Orders"]),
            ("INSERT INTO `users` SELECT * FROM orders o", vec!["Orders", "users"]),
            ("CREATE INDEX i ON users (id); DROP TABLE v", vec!["users"]),
            ("CREATE TABLE new (users int)", vec![]),
        ] {
            assert_eq!(touched(sql), tables, "{sql}");
        }
    }

    #[test]
    fn sizes_are_shown_per_server_and_table() {
        let size = Size { rows: 3, data_bytes: 16_384, index_bytes: 0 };
        let tables = BTreeMap::from([("users".to_owned(), size), ("Orders".to_owned(), size)]);
        let sizes = Sizes::from([
            ("a".to_owned(), Ok(tables)),
            ("b".to_owned(), Err("it is unreachable".to_owned())),
        ]);
        let touched = BTreeSet::from(["users".to_owned()]);
        assert_eq!(
            volumetric_values(&sizes, &touched),
            r#"{"a":{"users":{"data_bytes":16384,"index_bytes":0,"rows":3}},"b":{"error":"it is unreachable"}}"#
        );
        assert_eq!(volumetric_values(&sizes, &BTreeSet::new()), "");
        assert_eq!(volumetric_values(&Sizes::new(), &touched), "");
    }
}
