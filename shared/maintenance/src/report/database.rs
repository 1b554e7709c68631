//! The report of one database: its schemas, summed up.

use std::collections::BTreeMap;

use domain::error::Error;
use serde::{Deserialize, Serialize};

use crate::report::facts::{IndexFacts, IndexTotals, Sizes, TableFacts, TableKind, sum};
use crate::report::size::{self, Numeric};
use crate::report::statements;
use crate::server::Server;

/// `GET /maintenance/{database}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DatabaseReport {
    /// `pg_database_size`. The schemas may be more together: shared catalogs are counted in `pg_catalog` only.
    pub total_bytes: i64,
    /// The same as text.
    pub total_size: String,
    /// In byte order of their names.
    pub schemas: Vec<SchemaTotals>,
    /// Transactions since the oldest row that is not frozen. At 2 billion the server stops accepting writes.
    pub frozen_xid_age: i64,
}

/// The sizes of a schema's relations. Sums exclude locked relations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SchemaTotals {
    /// The schema.
    pub name: String,
    /// Bytes of its tables, with their indexes and TOAST tables.
    pub total_bytes: i64,
    /// The same as text; null without tables.
    pub total_size: Option<String>,
    /// Its tables, with partitioned ones.
    pub n_tables: i64,
    /// Bytes of their data alone.
    pub tables_bytes: i64,
    /// The same as text; null without tables.
    pub tables_size: Option<String>,
    /// Its indexes, with those of materialized views.
    pub n_indexes: i64,
    /// Bytes of their data alone.
    pub indexes_bytes: i64,
    /// The same as text; null without indexes.
    pub indexes_size: Option<String>,
    /// The estimated bloat of its tables; null without tables.
    pub tables_bloat_bytes: Option<Numeric>,
    /// The same as text.
    pub tables_bloat_size: Option<String>,
    /// The estimated bloat of its btrees; null if none has statistics.
    pub indexes_bloat_bytes: Option<Numeric>,
    /// The same as text.
    pub indexes_bloat_size: Option<String>,
    /// Bytes of TOAST tables, with those of materialized views.
    pub toast_bytes: Numeric,
    /// The same as text; null without TOAST tables.
    pub toast_size: Option<String>,
    /// Relations whose sizes are unknown because they are locked `ACCESS EXCLUSIVE`.
    pub locked_relations: i64,
}

/// A row of `database.sql`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Row {
    Database { total_bytes: i64, frozen_xid_age: i64 },
    Schema(String),
    Table(TableFacts),
    Index(IndexFacts),
}

impl Server {
    /// Reports on a database. Returns `None` if there is none of this name.
    pub async fn database_report(&self, database: &str) -> Result<Option<DatabaseReport>, Error> {
        let rows = self.report(database, statements::DATABASE, &[]).await?;
        Ok(rows.and_then(report))
    }
}

fn report(rows: Vec<Row>) -> Option<DatabaseReport> {
    let (mut database, mut schemas) = (None, Vec::new());
    let (mut tables, mut indexes) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Row::Database { total_bytes, frozen_xid_age } => database = Some((total_bytes, frozen_xid_age)),
            Row::Schema(name) => schemas.push(name),
            Row::Table(table) => tables.push(table),
            Row::Index(index) => indexes.push(index),
        }
    }
    let (total_bytes, frozen_xid_age) = database?;
    Some(DatabaseReport {
        total_bytes,
        total_size: size::pretty(total_bytes),
        schemas: totals(schemas, &tables, &indexes),
        frozen_xid_age,
    })
}

/// The sums of one schema. `None` is a sum of nothing.
#[derive(Default)]
struct Sums {
    tables: i64,
    total: Option<i64>,
    main: Option<i64>,
    table_bloat: Option<i64>,
    toast: Option<i64>,
    indexes: i64,
    index_main: Option<i64>,
    index_bloat: Option<i64>,
    locked: i64,
}

impl Sums {
    fn add_table(&mut self, table: &TableFacts, indexes: IndexTotals) {
        self.toast = sum(self.toast, table.toast_bytes);
        self.locked += i64::from(table.is_locked());
        if table.is_table() {
            self.tables += 1;
            // A locked part hides the total, which counts as 0 so that the schema still has one.
            self.total = sum(self.total, Sizes::new(table, indexes).total.or(Some(0)));
            self.main = sum(self.main, table.main_bytes.or(Some(0)));
        }
        if table.kind == TableKind::Ordinary {
            self.table_bloat = sum(self.table_bloat, Some(table.heap.bloat_bytes()));
        }
    }

    fn add_index(&mut self, index: &IndexFacts) {
        self.indexes += 1;
        self.index_main = sum(self.index_main, index.main_bytes.or(Some(0)));
        self.index_bloat = sum(self.index_bloat, index.bloat_bytes());
        self.locked += i64::from(index.is_locked());
    }

    fn totals(self, name: String) -> SchemaTotals {
        let pretty = |bytes: Option<i64>| bytes.map(size::pretty);
        SchemaTotals {
            name,
            total_bytes: self.total.unwrap_or_default(),
            total_size: pretty(self.total),
            n_tables: self.tables,
            tables_bytes: self.main.unwrap_or_default(),
            tables_size: pretty(self.main),
            n_indexes: self.indexes,
            indexes_bytes: self.index_main.unwrap_or_default(),
            indexes_size: pretty(self.index_main),
            tables_bloat_bytes: self.table_bloat.map(Numeric),
            tables_bloat_size: pretty(self.table_bloat),
            indexes_bloat_bytes: self.index_bloat.map(Numeric),
            indexes_bloat_size: pretty(self.index_bloat),
            toast_bytes: Numeric(self.toast.unwrap_or_default()),
            toast_size: pretty(self.toast),
            locked_relations: self.locked,
        }
    }
}

fn totals(schemas: Vec<String>, tables: &[TableFacts], indexes: &[IndexFacts]) -> Vec<SchemaTotals> {
    let mut sums: BTreeMap<String, Sums> =
        schemas.into_iter().map(|schema| (schema, Sums::default())).collect();
    let of_tables = IndexTotals::by_table(indexes);
    for table in tables {
        if let Some(sums) = sums.get_mut(&table.schema) {
            sums.add_table(table, of_tables.get(&table.oid).copied().unwrap_or_default());
        }
    }
    for index in indexes {
        if let Some(sums) = sums.get_mut(&index.schema) {
            sums.add_index(index);
        }
    }
    sums.into_iter().map(|(name, sums)| sums.totals(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::facts::tests::{index, table};

    #[test]
    fn an_empty_schema_has_zeros_and_nulls() {
        let totals = totals(vec!["empty_schema".to_owned()], &[], &[]);
        let json = serde_json::to_value(&totals).expect("JSON");
        let empty = SchemaTotals { name: "empty_schema".to_owned(), ..SchemaTotals::default() };
        assert_eq!(totals, [empty]);
        for (field, value) in [("total_bytes", "0"), ("total_size", "null"), ("toast_bytes", "0.0")] {
            assert_eq!(json[0][field].to_string(), value, "{field}");
        }
    }

    #[test]
    fn what_is_locked_is_left_out_and_counted() {
        let city = table(1, "city");
        let locked =
            TableFacts { main_bytes: None, other_bytes: None, toast_bytes: None, ..table(2, "country") };
        let view = TableFacts { kind: TableKind::MaterializedView, ..table(3, "view") };
        let parent = TableFacts { kind: TableKind::Partitioned, ..table(4, "parent") };
        let parent = TableFacts {
            has_toast: false,
            toast_bytes: None,
            other_bytes: Some(0),
            main_bytes: Some(0),
            ..parent
        };
        let indexes = [index(1, "city_pkey"), index(2, "country_pkey"), index(3, "view_key")];
        let totals = &totals(vec!["public".to_owned()], &[city, locked, view, parent], &indexes)[0];
        assert_eq!(totals.n_tables, 3);
        assert_eq!(totals.total_bytes, 73_728);
        assert_eq!(totals.tables_bytes, 16_384);
        assert_eq!((totals.n_indexes, totals.indexes_bytes), (3, 3 * 24_576));
        assert_eq!(totals.toast_bytes, Numeric(2 * 8192));
        assert_eq!(totals.tables_bloat_bytes, Some(Numeric(0)));
        assert_eq!(totals.indexes_bloat_bytes, Some(Numeric(3 * 8192)));
        assert_eq!(totals.locked_relations, 1);
    }
}
