//! Pure. When a table or an index needs maintenance.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::advice::request::{Request, Target};
use crate::report::facts::{IndexFacts, TableFacts, TableKind};
use crate::report::size;

/// Bloat below this many bytes is not worth a lock.
const LEAST_BLOAT_BYTES: i64 = 1024 * 1024;
/// Bloat below this share of the relation comes back as soon as it is removed.
const LEAST_BLOAT_PERCENT: i64 = 30;
/// Schemas of the server itself, whose bloat is left to autovacuum.
const CATALOGS: [&str; 2] = ["pg_catalog", "information_schema"];

/// The subject of a hint, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Rows must be frozen before the server runs out of transaction identifiers.
    Wraparound,
    /// Dead rows, or bloat that only a rewrite removes.
    Vacuum,
    /// An index is not valid, or bloated.
    Reindex,
    /// The planner's statistics are missing or old.
    Analyze,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hint {
    /// The subject.
    pub kind: Subject,
    /// The schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The index; null if the hint is about the table.
    pub index: Option<String>,
    /// The reason, in a sentence.
    pub reason: String,
    /// The numbers behind it.
    pub numbers: Numbers,
    /// The request that would do it.
    pub request: Request,
    /// The amount of work, which orders the hints of a kind.
    #[serde(skip)]
    need: i64,
}

impl Hint {
    /// Sorts hints: by kind, then the largest need first, then by name.
    pub fn order(&self) -> impl Ord + '_ {
        (self.kind, Reverse(self.need), &self.schema, &self.table, &self.index)
    }
}

/// The numbers that a rule compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Numbers {
    /// Ages of a table.
    Ages {
        /// Transactions since its oldest row that is not frozen.
        frozen_xid_age: i64,
        /// The age at which autovacuum should have frozen it.
        autovacuum_freeze_max_age: i64,
        /// Multixacts since the oldest one that it refers to.
        multixact_age: i64,
        /// The age at which autovacuum should have frozen it.
        autovacuum_multixact_freeze_max_age: i64,
    },
    /// Dead rows of a table.
    Dead {
        /// Dead rows, estimated.
        n_dead_tup: i64,
        /// Live rows, estimated.
        n_live_tup: i64,
        /// Dead rows at which autovacuum should start.
        threshold: i64,
    },
    /// Bloat of a table or an index.
    Bloat {
        /// The estimated bloat.
        bloat_bytes: i64,
        /// The same as text.
        bloat_size: String,
        /// Its share of the relation.
        bloat_percent: i64,
        /// Seconds since the table was analysed, on which the estimate rests; null if not known.
        statistics_age_seconds: Option<i64>,
    },
    /// An index that queries do not use.
    Invalid {
        /// Its bytes; null if it is locked, as it is while it is being built.
        total_bytes: Option<i64>,
    },
    /// Rows changed since a table was analysed.
    Changed {
        /// Rows changed, estimated.
        n_mod_since_analyze: i64,
        /// Changed rows at which autovacuum should start.
        threshold: i64,
        /// Seconds since it was analysed; null if it never was.
        statistics_age_seconds: Option<i64>,
    },
}

/// Ages of the database and the server's limits.
#[derive(Debug, Deserialize)]
pub struct FreezeLimits {
    /// Of the database.
    pub frozen_xid_age: i64,
    /// Of the database.
    pub multixact_age: i64,
    /// `autovacuum_freeze_max_age`.
    pub freeze_max_age: i64,
    /// `autovacuum_multixact_freeze_max_age`.
    pub multixact_freeze_max_age: i64,
}

/// A table with what its rules compare.
#[derive(Clone, Debug, Deserialize)]
pub struct TableState {
    /// The fields that all reports have.
    #[serde(flatten)]
    pub facts: TableFacts,
    multixact_age: Option<i64>,
    live_rows: i64,
    dead_rows: i64,
    changed_rows: i64,
    vacuum_threshold: f64,
    vacuum_scale_factor: f64,
    analyze_threshold: f64,
    analyze_scale_factor: f64,
}

/// An index with what its rules compare.
#[derive(Clone, Debug, Deserialize)]
pub struct IndexState {
    /// The fields that all reports have.
    #[serde(flatten)]
    pub facts: IndexFacts,
    is_valid: bool,
    statistics_age_seconds: Option<i64>,
}

/// Returns what a table needs.
pub fn of_table(table: &TableState, limits: &FreezeLimits, target: Target<'_>) -> Vec<Hint> {
    let mut hints = Vec::new();
    hints.extend(freeze(table, limits, target));
    if !CATALOGS.contains(&table.facts.schema.as_str()) {
        // A plain VACUUM first: how much space it makes reusable shows only after it.
        hints.extend(vacuum(table, target).or_else(|| rewrite(table, target)));
        hints.extend(analyze(table, target));
    }
    hints
}

/// Returns what an index needs.
pub fn of_index(index: &IndexState, target: Target<'_>) -> Option<Hint> {
    let facts = &index.facts;
    if CATALOGS.contains(&facts.schema.as_str()) {
        return None;
    }
    let (reason, numbers, need) = if index.is_valid {
        let bloat = facts.bloat_bytes().filter(|_| !facts.is_na())?;
        let numbers = worthwhile(
            bloat,
            facts.btree.pages * i64::from(facts.btree.block_size),
            index.statistics_age_seconds,
        )?;
        ("its pages are emptier than its entries need; REINDEX rebuilds it".to_owned(), numbers, bloat)
    } else {
        let numbers = Numbers::Invalid { total_bytes: facts.total_bytes() };
        (
            "it is not valid, so that queries do not use it while writes maintain it".to_owned(),
            numbers,
            i64::MAX,
        )
    };
    Some(Hint {
        kind: Subject::Reindex,
        schema: facts.schema.clone(),
        table: facts.table_name.clone(),
        index: Some(facts.name.clone()),
        reason,
        numbers,
        request: target.index(&facts.name, "reindex"),
        need,
    })
}

fn freeze(table: &TableState, limits: &FreezeLimits, target: Target<'_>) -> Option<Hint> {
    let (frozen_xid_age, multixact_age) = table.facts.frozen_xid_age.zip(table.multixact_age)?;
    if frozen_xid_age <= limits.freeze_max_age && multixact_age <= limits.multixact_freeze_max_age {
        return None;
    }
    let numbers = Numbers::Ages {
        frozen_xid_age,
        autovacuum_freeze_max_age: limits.freeze_max_age,
        multixact_age,
        autovacuum_multixact_freeze_max_age: limits.multixact_freeze_max_age,
    };
    let reason = "its oldest rows are beyond the age at which autovacuum freezes them";
    let request = target.table(&table.facts.name, "vacuum", Some("freeze"));
    Some(table.hint(Subject::Wraparound, reason, numbers, frozen_xid_age.max(multixact_age), request))
}

fn vacuum(table: &TableState, target: Target<'_>) -> Option<Hint> {
    let threshold = threshold(table.vacuum_threshold, table.vacuum_scale_factor, table.facts.heap.tuples);
    if table.facts.kind == TableKind::Partitioned || table.dead_rows <= threshold {
        return None;
    }
    let numbers = Numbers::Dead { n_dead_tup: table.dead_rows, n_live_tup: table.live_rows, threshold };
    let reason = "it has more dead rows than autovacuum should leave";
    let request = target.table(&table.facts.name, "vacuum", None);
    Some(table.hint(Subject::Vacuum, reason, numbers, table.dead_rows, request))
}

fn rewrite(table: &TableState, target: Target<'_>) -> Option<Hint> {
    let facts = &table.facts;
    if facts.kind == TableKind::Partitioned || facts.is_na() {
        return None;
    }
    let bloat = facts.heap.bloat_bytes();
    let bytes = (facts.heap.pages + facts.heap.toast_pages) * i64::from(facts.heap.block_size);
    let numbers = worthwhile(bloat, bytes, facts.statistics_age_seconds)?;
    let reason = "its pages are emptier than its rows need; VACUUM FULL rewrites it under an exclusive lock";
    Some(table.hint(
        Subject::Vacuum,
        reason,
        numbers,
        bloat,
        target.table(&facts.name, "vacuum", Some("full,analyze")),
    ))
}

fn analyze(table: &TableState, target: Target<'_>) -> Option<Hint> {
    let facts = &table.facts;
    let threshold = threshold(table.analyze_threshold, table.analyze_scale_factor, facts.heap.tuples);
    let never = facts.statistics_age_seconds.is_none() && facts.heap.columns_with_statistics == 0;
    // Autovacuum never analyses a partitioned table, which counts no rows of its own.
    let has_rows = table.live_rows > 0 || facts.heap.pages > 0 || facts.kind == TableKind::Partitioned;
    let reason = if never && has_rows && facts.columns > 0 {
        "it has never been analysed"
    } else if table.changed_rows > threshold {
        "more of its rows have changed than autovacuum should leave"
    } else {
        return None;
    };
    let numbers = Numbers::Changed {
        n_mod_since_analyze: table.changed_rows,
        threshold,
        statistics_age_seconds: facts.statistics_age_seconds,
    };
    let request = target.table(&facts.name, "analyze", None);
    Some(table.hint(Subject::Analyze, reason, numbers, table.changed_rows, request))
}

/// The numbers of bloat that is worth removing.
fn worthwhile(bloat_bytes: i64, bytes: i64, statistics_age_seconds: Option<i64>) -> Option<Numbers> {
    let bloat_percent = bloat_bytes.saturating_mul(100).checked_div(bytes)?;
    let worth_it = bloat_bytes >= LEAST_BLOAT_BYTES && bloat_percent >= LEAST_BLOAT_PERCENT;
    worth_it.then(|| Numbers::Bloat {
        bloat_bytes,
        bloat_size: size::pretty(bloat_bytes),
        bloat_percent,
        statistics_age_seconds,
    })
}

/// Autovacuum's rule: a number of rows and a share of the table's.
#[expect(clippy::cast_possible_truncation, reason = "rows; a number out of range saturates")]
fn threshold(base: f64, scale_factor: f64, tuples: f64) -> i64 {
    (base + scale_factor * tuples.max(0.0)) as i64
}

impl TableState {
    fn hint(&self, kind: Subject, reason: &str, numbers: Numbers, need: i64, request: Request) -> Hint {
        Hint {
            kind,
            schema: self.facts.schema.clone(),
            table: self.facts.name.clone(),
            index: None,
            reason: reason.to_owned(),
            numbers,
            request,
            need,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::bloat::{Btree, Heap};
    use crate::report::facts::tests::{index, table};

    const TARGET: Target<'_> = Target { instance: None, database: "world", schema: "public" };
    const LIMITS: FreezeLimits = FreezeLimits {
        frozen_xid_age: 0,
        multixact_age: 0,
        freeze_max_age: 200_000_000,
        multixact_freeze_max_age: 400_000_000,
    };

    /// A table that needs nothing: 1,000 rows, thresholds 250 and 150.
    fn healthy() -> TableState {
        let mut facts = table(1, "city");
        facts.heap = Heap { pages: 10, tuples: 1000.0, ..facts.heap };
        TableState {
            facts,
            multixact_age: Some(0),
            live_rows: 1000,
            dead_rows: 250,
            changed_rows: 150,
            vacuum_threshold: 50.0,
            vacuum_scale_factor: 0.2,
            analyze_threshold: 50.0,
            analyze_scale_factor: 0.1,
        }
    }

    fn healthy_index() -> IndexState {
        IndexState { facts: index(1, "city_pkey"), is_valid: true, statistics_age_seconds: Some(60) }
    }

    /// The kind, mode and numbers of each hint.
    fn hints(table: &TableState) -> Vec<(Subject, Option<&'static str>, Value)> {
        let hints = of_table(table, &LIMITS, TARGET).into_iter();
        hints
            .map(|hint| {
                (hint.kind, hint.request.body.mode, serde_json::to_value(&hint.numbers).expect("JSON"))
            })
            .collect()
    }

    #[test]
    fn a_healthy_table_needs_nothing() {
        assert_eq!(hints(&healthy()), []);
        assert_eq!(of_index(&healthy_index(), TARGET), None);
    }

    #[test]
    fn dead_rows_beyond_the_threshold_are_vacuumed() {
        let dead = TableState { dead_rows: 251, ..healthy() };
        let numbers = json!({"n_dead_tup": 251, "n_live_tup": 1000, "threshold": 250});
        assert_eq!(hints(&dead), [(Subject::Vacuum, None, numbers)]);
        let tolerant = TableState { vacuum_scale_factor: 0.5, ..dead.clone() };
        assert_eq!(hints(&tolerant), []);
        let mut catalog = dead;
        catalog.facts.schema = "pg_catalog".to_owned();
        assert_eq!(hints(&catalog), []);
    }

    #[test]
    fn bloat_is_removed_by_a_rewrite_once_there_are_no_dead_rows() {
        let mut bloated = healthy();
        bloated.facts.heap.pages = 500;
        // 28 + 40 bytes a row: 1,000 rows in 9 pages.
        let bytes = 491 * 8192;
        let numbers = json!({
            "bloat_bytes": bytes, "bloat_size": "3928 kB", "bloat_percent": 98, "statistics_age_seconds": 60,
        });
        assert_eq!(hints(&bloated), [(Subject::Vacuum, Some("full,analyze"), numbers)]);
        let dead = TableState { dead_rows: 251, ..bloated.clone() };
        assert!(matches!(hints(&dead)[..], [(Subject::Vacuum, None, _)]));
        let mut unreliable = bloated.clone();
        unreliable.facts.has_names = true;
        assert_eq!(hints(&unreliable), []);
        let mut small = bloated.clone();
        small.facts.heap.pages = 9 + 127;
        assert_eq!(hints(&small), []);
        let mut dense = bloated;
        dense.facts.heap = Heap { pages: 1000, tuples: 85_000.0, ..dense.facts.heap };
        assert_eq!(hints(&dense), []);
    }

    #[test]
    fn old_or_missing_statistics_are_renewed() {
        let changed = TableState { changed_rows: 151, ..healthy() };
        let numbers = json!({"n_mod_since_analyze": 151, "threshold": 150, "statistics_age_seconds": 60});
        assert_eq!(hints(&changed), [(Subject::Analyze, None, numbers)]);
        let mut never = TableState { dead_rows: 0, ..healthy() };
        never.facts.statistics_age_seconds = None;
        assert_eq!(hints(&never), [], "statistics without a time are still statistics");
        never.facts.heap.columns_with_statistics = 0;
        never.facts.heap.tuples = -1.0;
        let numbers = json!({"n_mod_since_analyze": 150, "threshold": 50, "statistics_age_seconds": null});
        assert_eq!(hints(&never), [(Subject::Analyze, None, numbers)]);
        never.facts.heap.pages = 0;
        let empty = TableState { live_rows: 0, changed_rows: 0, ..never };
        assert_eq!(hints(&empty), []);
    }

    #[test]
    fn old_transactions_are_frozen_in_catalogs_too() {
        let mut old = healthy();
        old.facts.schema = "pg_catalog".to_owned();
        old.facts.frozen_xid_age = Some(200_000_001);
        let numbers = json!({
            "frozen_xid_age": 200_000_001, "autovacuum_freeze_max_age": 200_000_000,
            "multixact_age": 0, "autovacuum_multixact_freeze_max_age": 400_000_000,
        });
        assert_eq!(hints(&old), [(Subject::Wraparound, Some("freeze"), numbers)]);
        let multixacts = TableState { multixact_age: Some(400_000_001), ..healthy() };
        assert!(matches!(hints(&multixacts)[..], [(Subject::Wraparound, Some("freeze"), _)]));
        let mut parent = healthy();
        parent.facts.frozen_xid_age = None;
        assert_eq!(hints(&parent), []);
    }

    #[test]
    fn bloated_and_invalid_indexes_are_rebuilt() {
        let mut bloated = healthy_index();
        bloated.facts.btree = Btree { pages: 200, ..bloated.facts.btree };
        let hint = of_index(&bloated, TARGET).expect("a hint");
        assert_eq!(hint.request.path, "/maintenance/world/schema/public/index/city_pkey/reindex");
        assert!(matches!(hint.numbers, Numbers::Bloat { bloat_percent: 99, .. }), "{hint:?}");
        let mut hash = bloated.clone();
        hash.facts.method = "hash".to_owned();
        assert_eq!(of_index(&hash, TARGET), None);
        let invalid = IndexState { is_valid: false, ..healthy_index() };
        let hint = of_index(&invalid, TARGET).expect("a hint");
        assert_eq!(hint.numbers, Numbers::Invalid { total_bytes: Some(24_576) });
    }
}
