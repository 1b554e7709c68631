//! The report of one schema: its tables and indexes.

use std::collections::HashMap;

use domain::error::Error;
use serde::{Deserialize, Serialize};

use crate::postgres::identifier::Identifier;
use crate::report::facts::{IndexTotals, Sizes, TableFacts, TableKind};
use crate::report::index::{self, IndexEntry, ListedIndex};
use crate::report::size::{self, Numeric};
use crate::report::statements;
use crate::server::Server;

/// `GET /maintenance/{database}/schema/{schema}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SchemaReport {
    /// Ordinary tables and partitions, in byte order of their names.
    pub tables: Vec<TableEntry>,
    /// All indexes, in byte order of tables and names.
    pub indexes: Vec<IndexEntry>,
    /// The size as text. Absent without tables, as in the original.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Bytes of all tables that are not locked. Absent without tables, as in the original.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<i64>,
    /// Materialized views.
    pub materialized_views: Vec<TableEntry>,
    /// Partitioned tables, with the sums of their partitions.
    pub partitioned_tables: Vec<PartitionedEntry>,
    /// Relations whose sizes are unknown because they are locked `ACCESS EXCLUSIVE`.
    pub locked_relations: i64,
}

/// A table or a materialized view. Sizes are null where a lock hides a part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableEntry {
    /// Its name.
    pub name: String,
    /// Bytes with indexes and TOAST table.
    pub total_bytes: Option<i64>,
    /// Bytes of its indexes.
    pub index_bytes: Option<i64>,
    /// Bytes of its TOAST table, 0 without one.
    pub toast_bytes: Option<i64>,
    /// Bytes of the rest.
    pub table_bytes: Option<i64>,
    /// Its indexes.
    pub n_indexes: i64,
    /// The total as text.
    pub total_size: Option<String>,
    /// The indexes as text.
    pub index_size: Option<String>,
    /// The TOAST table as text.
    pub toast_size: Option<String>,
    /// The rest as text.
    pub table_size: Option<String>,
    /// The estimated bloat of the table and its TOAST table.
    pub bloat_bytes: Numeric,
    /// The same as text.
    pub bloat_size: String,
    /// The estimated bloat of its btrees; null if none has statistics.
    pub index_bloat_bytes: Option<Numeric>,
    /// The same as text.
    pub index_bloat_size: Option<String>,
    /// Rows when it was last vacuumed or analysed; -1 if it never was.
    pub row_estimate: f64,
    /// Whether the estimate of its bloat is unreliable.
    pub is_na: bool,
    /// Seconds since it was analysed; null if it never was.
    pub statistics_age_seconds: Option<i64>,
    /// Transactions since the oldest row that is not frozen.
    pub frozen_xid_age: Option<i64>,
    /// Whether it is locked `ACCESS EXCLUSIVE`, or a part of it.
    pub is_locked: bool,
}

/// A partitioned table: the sums of its partitions, whichever schema they are in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartitionedEntry {
    /// Its name.
    pub name: String,
    /// Partitions that store rows.
    pub n_partitions: i64,
    /// Rows of the partitions that were vacuumed or analysed.
    pub row_estimate: f64,
    /// Bytes of the partitions that are not locked.
    pub total_bytes: i64,
    /// The same as text.
    pub total_size: String,
    /// Indexes that partitions inherit.
    pub n_indexes: i64,
    /// Partitions whose sizes are unknown because they are locked `ACCESS EXCLUSIVE`.
    pub locked_partitions: i64,
}

/// A row of `schema.sql`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Row {
    Schema(String),
    Table(TableFacts),
    Index(ListedIndex),
    Partitions(Partitions),
}

#[derive(Debug, Deserialize)]
struct Partitions {
    table_oid: i64,
    count: i64,
    tuples: f64,
    total_bytes: Option<i64>,
    locked: i64,
}

impl Server {
    /// Reports on a schema. Returns `None` if there is no such database or no such schema.
    pub async fn schema_report(&self, database: &str, schema: &str) -> Result<Option<SchemaReport>, Error> {
        let Some(schema) = Identifier::new(schema) else { return Ok(None) };
        let rows = self.report(database, statements::SCHEMA, &[&schema]).await?;
        Ok(rows.and_then(report))
    }
}

fn report(rows: Vec<Row>) -> Option<SchemaReport> {
    let mut schema = None;
    let (mut tables, mut indexes, mut partitions) = (Vec::new(), Vec::new(), HashMap::new());
    for row in rows {
        match row {
            Row::Schema(name) => schema = Some(name),
            Row::Table(table) => tables.push(table),
            Row::Index(index) => indexes.push(index),
            Row::Partitions(of) => drop(partitions.insert(of.table_oid, of)),
        }
    }
    schema?;
    tables.sort_by(|one, other| one.name.cmp(&other.name));
    let totals = IndexTotals::by_table(indexes.iter().map(|index| &index.facts));
    let totals = |table: &TableFacts| totals.get(&table.oid).copied().unwrap_or_default();

    let listed = |kind: TableKind| tables.iter().filter(move |table| table.kind == kind);
    let entries = |kind: TableKind| listed(kind).map(|table| TableEntry::new(table, totals(table))).collect();
    let bytes =
        tables.iter().filter(|table| table.is_table()).map(|table| Sizes::new(table, totals(table)).total);
    let total_bytes = bytes.map(Option::unwrap_or_default).reduce(|sum, bytes| sum + bytes);
    let locked_tables = tables.iter().filter(|table| table.is_locked()).count();
    let locked_indexes = indexes.iter().filter(|index| index.facts.is_locked()).count();
    Some(SchemaReport {
        tables: entries(TableKind::Ordinary),
        materialized_views: entries(TableKind::MaterializedView),
        partitioned_tables: listed(TableKind::Partitioned)
            .map(|table| PartitionedEntry::new(table, totals(table), partitions.get(&table.oid)))
            .collect(),
        size: total_bytes.map(size::pretty),
        total_bytes,
        locked_relations: i64::try_from(locked_tables + locked_indexes).unwrap_or(i64::MAX),
        indexes: index::entries(indexes),
    })
}

impl TableEntry {
    fn new(table: &TableFacts, indexes: IndexTotals) -> Self {
        let sizes = Sizes::new(table, indexes);
        let bloat = table.heap.bloat_bytes();
        Self {
            name: table.name.clone(),
            total_bytes: sizes.total,
            index_bytes: sizes.index,
            toast_bytes: sizes.toast,
            table_bytes: sizes.table,
            n_indexes: indexes.count,
            total_size: sizes.total.map(size::pretty),
            index_size: sizes.index.map(size::pretty),
            toast_size: sizes.toast.map(size::pretty),
            table_size: sizes.table.map(size::pretty),
            bloat_bytes: Numeric(bloat),
            bloat_size: size::pretty(bloat),
            index_bloat_bytes: indexes.bloat.map(Numeric),
            index_bloat_size: indexes.bloat.map(size::pretty),
            row_estimate: table.heap.tuples,
            is_na: table.is_na(),
            statistics_age_seconds: table.statistics_age_seconds,
            frozen_xid_age: table.frozen_xid_age,
            is_locked: table.is_locked() || indexes.locked,
        }
    }
}

impl PartitionedEntry {
    fn new(table: &TableFacts, indexes: IndexTotals, partitions: Option<&Partitions>) -> Self {
        let total_bytes = partitions.and_then(|of| of.total_bytes).unwrap_or_default();
        Self {
            name: table.name.clone(),
            n_partitions: partitions.map_or(0, |of| of.count),
            row_estimate: partitions.map_or(0.0, |of| of.tuples),
            total_bytes,
            total_size: size::pretty(total_bytes),
            n_indexes: indexes.count,
            locked_partitions: partitions.map_or(0, |of| of.locked),
        }
    }
}
