//! Pure. Indexes as the reports of schemas and tables list them.

use serde::{Deserialize, Serialize};

use crate::report::facts::IndexFacts;
use crate::report::size::{self, Numeric};

/// An index. Sizes and the definition are null if it is locked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the document says so, and each is a fact of its own")]
pub struct IndexEntry {
    /// The table's name.
    pub tablename: String,
    /// Its name.
    pub name: String,
    /// Its tablespace; null for the database's default.
    pub tablespace: Option<String>,
    /// Its columns and expressions, with those of `INCLUDE`.
    pub number_of_columns: i64,
    /// Counts its scans.
    pub scans: i64,
    /// Entries that scans returned.
    pub idx_tup_read: i64,
    /// Rows that simple scans fetched.
    pub idx_tup_fetch: i64,
    /// Its name.
    pub indexrelname: String,
    /// Whether it is unique.
    pub indisunique: bool,
    /// The statement that creates it; null if its table is locked, too.
    pub def: Option<String>,
    /// Bytes.
    pub total_bytes: Option<i64>,
    /// The same as text.
    pub total_size: Option<String>,
    /// Its access method.
    #[serde(rename = "type")]
    pub method: String,
    /// The estimated bloat; null if it is no btree, is empty, or has no statistics.
    pub bloat_bytes: Option<Numeric>,
    /// The same as text.
    pub bloat_size: Option<String>,
    /// Whether the estimate is unreliable.
    pub is_na: bool,
    /// Whether queries may use it. A failed `CREATE INDEX CONCURRENTLY` leaves one that is not valid.
    pub is_valid: bool,
    /// Whether it is locked `ACCESS EXCLUSIVE`.
    pub is_locked: bool,
}

/// A row of `listed_indexes.sql`.
#[derive(Debug, Deserialize)]
pub struct ListedIndex {
    /// The fields that all reports have.
    #[serde(flatten)]
    pub facts: IndexFacts,
    number_of_columns: i64,
    is_unique: bool,
    is_valid: bool,
    tablespace: Option<String>,
    scans: i64,
    idx_tup_read: i64,
    idx_tup_fetch: i64,
    definition: Option<String>,
}

/// The entries of a list, in byte order of tables and names.
pub fn entries(mut indexes: Vec<ListedIndex>) -> Vec<IndexEntry> {
    indexes.sort_by(|one, other| {
        (&one.facts.table_name, &one.facts.name).cmp(&(&other.facts.table_name, &other.facts.name))
    });
    indexes.into_iter().map(IndexEntry::from).collect()
}

impl From<ListedIndex> for IndexEntry {
    fn from(index: ListedIndex) -> Self {
        let facts = index.facts;
        let (bloat, total_bytes) = (facts.bloat_bytes(), facts.total_bytes());
        Self {
            is_na: facts.is_na(),
            is_locked: facts.is_locked(),
            tablename: facts.table_name,
            name: facts.name.clone(),
            tablespace: index.tablespace,
            number_of_columns: index.number_of_columns,
            scans: index.scans,
            idx_tup_read: index.idx_tup_read,
            idx_tup_fetch: index.idx_tup_fetch,
            indexrelname: facts.name,
            indisunique: index.is_unique,
            def: index.definition,
            total_bytes,
            total_size: total_bytes.map(size::pretty),
            method: facts.method,
            bloat_bytes: bloat.map(Numeric),
            bloat_size: bloat.map(size::pretty),
            is_valid: index.is_valid,
        }
    }
}
