//! The report of one table.

use std::collections::BTreeMap;

use domain::error::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::postgres::identifier::Identifier;
use crate::report::bloat::TABLE_FILLFACTOR;
use crate::report::facts::{IndexTotals, Sizes, TableFacts, TableKind};
use crate::report::index::{self, IndexEntry, ListedIndex};
use crate::report::size::{self, Numeric};
use crate::report::statements;
use crate::server::Server;

/// `GET /maintenance/{database}/schema/{schema}/table/{table}`. Sizes are null where a lock hides a part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableReport {
    /// Its name.
    pub name: String,
    /// Bytes with indexes and TOAST table.
    pub total_bytes: Option<i64>,
    /// Bytes of its indexes.
    pub index_bytes: Option<i64>,
    /// Bytes of its TOAST table; null without one, where the report of the schema has 0.
    pub toast_bytes: Option<i64>,
    /// Bytes of the rest.
    pub table_bytes: Option<i64>,
    /// The total as text.
    pub total_size: Option<String>,
    /// The indexes as text.
    pub index_size: Option<String>,
    /// The TOAST table as text.
    pub toast_size: Option<String>,
    /// The rest as text.
    pub table_size: Option<String>,
    /// The columns of `pg_stat_all_tables`.
    #[serde(flatten)]
    pub activity: Activity,
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
    /// Percent of a page that an insert fills.
    pub fillfactor: u32,
    /// All indexes, in byte order of their names.
    pub indexes: Vec<IndexEntry>,
    /// Whether the estimate of its bloat is unreliable.
    pub is_na: bool,
    /// Seconds since it was analysed; null if it never was.
    pub statistics_age_seconds: Option<i64>,
    /// Transactions since the oldest row that is not frozen.
    pub frozen_xid_age: Option<i64>,
    /// Whether it is locked `ACCESS EXCLUSIVE`, or a part of it.
    pub is_locked: bool,
    /// Maintenance that is running on it, started here or elsewhere.
    pub progress: Vec<Progress>,
}

/// A row of `pg_stat_all_tables`. Times are text as PostgreSQL writes it, UTC: `2019-03-22 10:37:19.577101+00`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// Its OID, as text.
    pub relid: String,
    /// Its schema.
    pub schemaname: String,
    /// Its name.
    pub relname: String,
    /// Sequential scans.
    pub seq_scan: Option<i64>,
    /// Rows that they read.
    pub seq_tup_read: Option<i64>,
    /// Index scans; null without an index.
    pub idx_scan: Option<i64>,
    /// Rows that they fetched; null without an index.
    pub idx_tup_fetch: Option<i64>,
    /// Rows inserted.
    pub n_tup_ins: Option<i64>,
    /// Rows updated.
    pub n_tup_upd: Option<i64>,
    /// Rows deleted.
    pub n_tup_del: Option<i64>,
    /// Rows updated within their page, without new index entries.
    pub n_tup_hot_upd: Option<i64>,
    /// Live rows, estimated.
    pub n_live_tup: Option<i64>,
    /// Dead rows, estimated.
    pub n_dead_tup: Option<i64>,
    /// Rows changed since it was analysed, estimated.
    pub n_mod_since_analyze: Option<i64>,
    /// When it was last vacuumed by hand, `VACUUM FULL` not counted.
    pub last_vacuum: Option<String>,
    /// When it was last vacuumed by autovacuum.
    pub last_autovacuum: Option<String>,
    /// When it was last analysed by hand.
    pub last_analyze: Option<String>,
    /// When it was last analysed by autovacuum.
    pub last_autoanalyze: Option<String>,
    /// Counts VACUUM commands, without `VACUUM (FULL)`.
    pub vacuum_count: Option<i64>,
    /// Counts runs of autovacuum.
    pub autovacuum_count: Option<i64>,
    /// Counts ANALYZE commands.
    pub analyze_count: Option<i64>,
    /// Counts analyses by autovacuum.
    pub autoanalyze_count: Option<i64>,
    /// Columns that newer servers have.
    #[serde(flatten)]
    pub newer: BTreeMap<String, Value>,
}

/// A command that is running on a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Progress {
    /// `VACUUM`, `VACUUM FULL`, `CLUSTER`, `ANALYZE`, `CREATE INDEX`, `REINDEX`, …
    pub command: String,
    /// The process of the server.
    pub pid: i64,
    /// The phase, as PostgreSQL names it.
    pub phase: String,
    /// Percent of the phase that is done, by blocks; null if the phase does not count blocks.
    pub percent: Option<i64>,
}

/// A row of `table.sql`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Row {
    Table(Box<TableFacts>),
    Index(Box<ListedIndex>),
    Activity(Box<Activity>),
    Progress(Running),
}

#[derive(Debug, Deserialize)]
struct Running {
    command: String,
    pid: i64,
    phase: String,
    done: Option<i64>,
    total: Option<i64>,
}

impl Server {
    /// Reports on an ordinary table or a partition. Returns `None` if there is no such database, schema or table.
    pub async fn table_report(
        &self,
        database: &str,
        schema: &str,
        table: &str,
    ) -> Result<Option<TableReport>, Error> {
        let Some((schema, table)) = Identifier::new(schema).zip(Identifier::new(table)) else {
            return Ok(None);
        };
        let rows = self.report(database, statements::TABLE, &[&schema, &table]).await?;
        Ok(rows.and_then(report))
    }
}

fn report(rows: Vec<Row>) -> Option<TableReport> {
    let (mut table, mut activity) = (None, None);
    let (mut indexes, mut progress) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Row::Table(found) => table = Some(found),
            Row::Index(index) => indexes.push(*index),
            Row::Activity(of) => activity = Some(of),
            Row::Progress(running) => progress.push(Progress::from(running)),
        }
    }
    let table = table.filter(|table| table.kind == TableKind::Ordinary)?;
    let totals = IndexTotals::by_table(indexes.iter().map(|index| &index.facts));
    let totals = totals.get(&table.oid).copied().unwrap_or_default();
    let sizes = Sizes::new(&table, totals);
    let bloat = table.heap.bloat_bytes();
    Some(TableReport {
        total_bytes: sizes.total,
        index_bytes: sizes.index,
        toast_bytes: table.toast_bytes,
        table_bytes: sizes.table,
        total_size: sizes.total.map(size::pretty),
        index_size: sizes.index.map(size::pretty),
        toast_size: table.toast_bytes.map(size::pretty),
        table_size: sizes.table.map(size::pretty),
        activity: *activity?,
        bloat_bytes: Numeric(bloat),
        bloat_size: size::pretty(bloat),
        index_bloat_bytes: totals.bloat.map(Numeric),
        index_bloat_size: totals.bloat.map(size::pretty),
        row_estimate: table.heap.tuples,
        fillfactor: table.heap.fillfactor.unwrap_or(TABLE_FILLFACTOR),
        indexes: index::entries(indexes),
        is_na: table.is_na(),
        statistics_age_seconds: table.statistics_age_seconds,
        frozen_xid_age: table.frozen_xid_age,
        is_locked: table.is_locked() || totals.locked,
        progress,
        name: table.name,
    })
}

impl From<Running> for Progress {
    fn from(running: Running) -> Self {
        let Running { command, pid, phase, done, total } = running;
        let percent = total.zip(done).and_then(|(total, done)| done.saturating_mul(100).checked_div(total));
        Self { command, pid, phase, percent }
    }
}
