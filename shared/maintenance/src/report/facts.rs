//! Pure. Tables and indexes as the catalogs describe them: rows of `relations.sql`.

use std::collections::HashMap;

use serde::Deserialize;

use super::bloat::{Btree, Heap};

/// The kind of a table in `pg_class`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum TableKind {
    /// An ordinary table, or a partition.
    #[serde(rename = "r")]
    Ordinary,
    /// A partitioned table, which stores nothing itself.
    #[serde(rename = "p")]
    Partitioned,
    /// A materialized view.
    #[serde(rename = "m")]
    MaterializedView,
}

/// A table. Sizes are `None` if it is locked.
#[derive(Clone, Debug, Deserialize)]
pub struct TableFacts {
    /// Its OID, by which its indexes are joined.
    pub oid: i64,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: TableKind,
    /// The input of its bloat estimate.
    #[serde(flatten)]
    pub heap: Heap,
    /// Whether it has a TOAST table.
    pub has_toast: bool,
    /// Its columns. The report of a database does not need them, nor their types.
    #[serde(default)]
    pub columns: i64,
    /// Whether a column has the type `name`, which takes 64 bytes whatever its statistics say.
    #[serde(default)]
    pub has_names: bool,
    /// Bytes of its data.
    pub main_bytes: Option<i64>,
    /// Bytes of its free space and visibility maps.
    pub other_bytes: Option<i64>,
    /// Bytes of its TOAST table and the index of that. Also `None` without a TOAST table.
    pub toast_bytes: Option<i64>,
    /// Seconds since it was analysed. `None` if it never was, or its statistics were reset.
    pub statistics_age_seconds: Option<i64>,
    /// Transactions since the oldest row that is not frozen, with its TOAST table. `None` if it stores nothing.
    pub frozen_xid_age: Option<i64>,
}

impl TableFacts {
    /// Whether `pg_tables` lists it.
    pub fn is_table(&self) -> bool {
        self.kind != TableKind::MaterializedView
    }

    /// Bytes without indexes and TOAST table.
    pub fn table_bytes(&self) -> Option<i64> {
        Some(self.main_bytes? + self.other_bytes?)
    }

    /// Bytes of the TOAST table, 0 without one.
    pub fn toast_or_zero(&self) -> Option<i64> {
        if self.has_toast { self.toast_bytes } else { Some(0) }
    }

    /// Whether a size is missing because of a lock.
    pub fn is_locked(&self) -> bool {
        self.table_bytes().is_none() || self.toast_or_zero().is_none()
    }

    /// Whether the estimate of its bloat is unreliable.
    pub fn is_na(&self) -> bool {
        self.has_names || self.heap.columns_with_statistics < self.columns
    }
}

/// An index. Sizes are `None` if it is locked.
#[derive(Clone, Debug, Deserialize)]
pub struct IndexFacts {
    /// The table's OID.
    pub table_oid: i64,
    /// The schema of both.
    pub schema: String,
    /// The table's name.
    pub table_name: String,
    /// Its name.
    pub name: String,
    /// Its access method.
    pub method: String,
    /// The input of its bloat estimate, if it is a btree.
    #[serde(flatten)]
    pub btree: Btree,
    /// Its columns and expressions. The report of a database does not need them, nor their types.
    #[serde(default)]
    pub columns: i64,
    /// Whether a column has the type `name`.
    #[serde(default)]
    pub has_names: bool,
    /// Bytes of its data.
    pub main_bytes: Option<i64>,
    /// Bytes of its free space map.
    pub other_bytes: Option<i64>,
}

impl IndexFacts {
    /// The estimated bloat. `None` if it is no btree, is empty, or has no statistics.
    pub fn bloat_bytes(&self) -> Option<i64> {
        if self.method == "btree" { self.btree.bloat_bytes() } else { None }
    }

    /// Bytes with its free space map.
    pub fn total_bytes(&self) -> Option<i64> {
        Some(self.main_bytes? + self.other_bytes?)
    }

    /// Whether a size is missing because of a lock.
    pub fn is_locked(&self) -> bool {
        self.total_bytes().is_none()
    }

    /// Whether the estimate of its bloat is unreliable.
    pub fn is_na(&self) -> bool {
        self.has_names || self.btree.columns_with_statistics < self.columns
    }
}

/// The totals of all indexes of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexTotals {
    /// Their number.
    pub count: i64,
    /// Bytes of those that are not locked.
    pub bytes: i64,
    /// Whether one of them is locked.
    pub locked: bool,
    /// The sum of their estimates. `None` if none has one.
    pub bloat: Option<i64>,
}

impl IndexTotals {
    /// The totals of the indexes of each table, by the table's OID.
    pub fn by_table<'a>(indexes: impl IntoIterator<Item = &'a IndexFacts>) -> HashMap<i64, Self> {
        let mut totals: HashMap<i64, Self> = HashMap::new();
        for index in indexes {
            let total = totals.entry(index.table_oid).or_default();
            total.count += 1;
            total.bytes += index.total_bytes().unwrap_or_default();
            total.locked |= index.is_locked();
            total.bloat = sum(total.bloat, index.bloat_bytes());
        }
        totals
    }
}

/// The sum of those numbers that there are.
pub fn sum(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, None) => one,
        (None, other) => other,
    }
}

/// The sizes of a table with its indexes. `None` where a lock hides a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Everything.
    pub total: Option<i64>,
    /// Its indexes.
    pub index: Option<i64>,
    /// Its TOAST table, 0 without one.
    pub toast: Option<i64>,
    /// The rest.
    pub table: Option<i64>,
}

impl Sizes {
    /// The sizes of a table whose indexes take so much.
    pub fn new(table: &TableFacts, indexes: IndexTotals) -> Self {
        let index = (!indexes.locked).then_some(indexes.bytes);
        let (toast, table) = (table.toast_or_zero(), table.table_bytes());
        let total = table.zip(index).zip(toast).map(|((table, index), toast)| table + index + toast);
        Self { total, index, toast, table }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A table of two pages with a TOAST table and a map.
    pub fn table(oid: i64, name: &str) -> TableFacts {
        TableFacts {
            oid,
            schema: "public".to_owned(),
            name: name.to_owned(),
            kind: TableKind::Ordinary,
            heap: Heap {
                block_size: 8192,
                pages: 2,
                tuples: 200.0,
                toast_pages: 0,
                toast_tuples: 0.0,
                fillfactor: None,
                columns_with_statistics: 2,
                data_width: 36.0,
                has_nulls: false,
            },
            has_toast: true,
            columns: 2,
            has_names: false,
            main_bytes: Some(16_384),
            other_bytes: Some(24_576),
            toast_bytes: Some(8192),
            statistics_age_seconds: Some(60),
            frozen_xid_age: Some(10),
        }
    }

    /// Its primary key.
    pub fn index(table_oid: i64, name: &str) -> IndexFacts {
        IndexFacts {
            table_oid,
            schema: "public".to_owned(),
            table_name: "city".to_owned(),
            name: name.to_owned(),
            method: "btree".to_owned(),
            btree: Btree {
                block_size: 8192,
                pages: 3,
                tuples: 200.0,
                fillfactor: None,
                columns_with_statistics: 1,
                data_width: 4.0,
            },
            columns: 1,
            has_names: false,
            main_bytes: Some(24_576),
            other_bytes: Some(0),
        }
    }

    #[test]
    fn a_total_is_the_sum_of_its_parts_and_unknown_with_one_of_them() {
        let (city, key) = (table(1, "city"), index(1, "city_pkey"));
        let all = |table: &TableFacts, index: &IndexFacts| {
            let sizes = Sizes::new(table, IndexTotals::by_table([index])[&1]);
            (sizes.total, sizes.index, sizes.toast, sizes.table)
        };
        assert_eq!(all(&city, &key), (Some(73_728), Some(24_576), Some(8192), Some(40_960)));
        let locked = TableFacts { main_bytes: None, other_bytes: None, ..city.clone() };
        assert_eq!(all(&locked, &key), (None, Some(24_576), Some(8192), None));
        let locked_index = IndexFacts { main_bytes: None, other_bytes: None, ..key.clone() };
        assert_eq!(all(&city, &locked_index), (None, None, Some(8192), Some(40_960)));
        let locked_toast = TableFacts { toast_bytes: None, ..city.clone() };
        assert_eq!(all(&locked_toast, &key), (None, Some(24_576), None, Some(40_960)));
        let plain = TableFacts { toast_bytes: None, has_toast: false, ..city };
        assert_eq!(all(&plain, &key), (Some(65_536), Some(24_576), Some(0), Some(40_960)));
    }

    #[test]
    fn only_a_btree_has_an_estimate() {
        let key = index(1, "city_pkey");
        let others = ["hash", "gin", "gist", "brin"]
            .map(|method| IndexFacts { method: method.to_owned(), ..key.clone() });
        assert_eq!(key.bloat_bytes(), Some(8192));
        assert!(others.iter().all(|index| index.bloat_bytes().is_none()));
        let totals = IndexTotals::by_table(others.iter().chain([&key]))[&1];
        assert_eq!(totals, IndexTotals { count: 5, bytes: 5 * 24_576, locked: false, bloat: Some(8192) });
        assert_eq!(IndexTotals::by_table(&others[..1])[&1].bloat, None);
    }

    #[test]
    fn an_estimate_without_all_statistics_is_unreliable() {
        let city = table(1, "city");
        assert!(!city.is_na());
        assert!(TableFacts { columns: 3, ..city.clone() }.is_na());
        assert!(TableFacts { has_names: true, ..city }.is_na());
        assert!(IndexFacts { columns: 2, ..index(1, "city_pkey") }.is_na());
    }
}
