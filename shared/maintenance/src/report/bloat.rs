//! Pure. Estimates of wasted space, from catalogs and statistics alone: no page is read.
//!
//! An estimate compares the pages that a relation has with those that its rows would fill if they were as wide as the
//! statistics say. It is as good as the statistics, and never negative. The constants are those of 64-bit servers.

use serde::{Deserialize, Deserializer, de};

/// Bytes of a page's header.
const PAGE_HEADER: f64 = 24.0;
/// Bytes of a tuple's line pointer.
const LINE_POINTER: f64 = 4.0;
/// Bytes of a row's header, without its bitmap of nulls.
const ROW_HEADER: i64 = 23;
/// Bytes to which headers and data are padded.
const ALIGNMENT: i64 = 8;
/// Bytes of a btree page that its links take.
const BTREE_LINKS: f64 = 16.0;
/// Bytes of an index tuple's header, padded. With a bitmap of nulls it is padded to the same.
const INDEX_HEADER: f64 = 8.0;
/// Percent of a table's page that an insert fills, unless the table says otherwise.
pub const TABLE_FILLFACTOR: u32 = 100;
/// The same of a btree's page.
const BTREE_FILLFACTOR: u32 = 90;
/// Chunks of a TOAST table per page.
const CHUNKS_PER_PAGE: f64 = 4.0;

/// Numbers from the catalogs that the estimate of a table is made from. TOAST numbers are 0 without a TOAST table.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Heap {
    /// Bytes of a page.
    pub block_size: u32,
    /// Pages when it was last vacuumed or analysed.
    pub pages: i64,
    /// Rows when it was last vacuumed or analysed; -1 if it never was.
    pub tuples: f64,
    /// Pages of its TOAST table.
    pub toast_pages: i64,
    /// Chunks in its TOAST table.
    pub toast_tuples: f64,
    /// Its `fillfactor`, if it is set.
    pub fillfactor: Option<u32>,
    /// Columns that have statistics.
    pub columns_with_statistics: i64,
    /// Average bytes of a row's data, nulls left out.
    #[serde(deserialize_with = "exact")]
    pub data_width: f64,
    /// Whether a column has nulls.
    pub has_nulls: bool,
}

impl Heap {
    /// The estimated bytes of pages that the rows do not need.
    pub fn bloat_bytes(&self) -> i64 {
        let bitmap = if self.has_nulls { (7 + self.columns_with_statistics) / 8 } else { 0 };
        let header = ROW_HEADER + bitmap;
        let tuple = LINE_POINTER
            + float(header + padding(header))
            + self.data_width
            + float(padding(whole(self.data_width.ceil())));
        let fillfactor = f64::from(self.fillfactor.unwrap_or(TABLE_FILLFACTOR));
        let per_page = (f64::from(self.block_size) - PAGE_HEADER) * fillfactor / (100.0 * tuple);
        let expected = (self.tuples / per_page).ceil() + (self.toast_tuples / CHUNKS_PER_PAGE).ceil();
        wasted(self.pages + self.toast_pages, expected, self.block_size)
    }
}

/// Numbers from the catalogs that the estimate of a btree is made from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Btree {
    /// Bytes of a page.
    pub block_size: u32,
    /// Pages when it was last vacuumed or analysed.
    pub pages: i64,
    /// Entries when it was last vacuumed or analysed.
    pub tuples: f64,
    /// Its `fillfactor`, if it is set.
    pub fillfactor: Option<u32>,
    /// Columns and expressions that have statistics.
    pub columns_with_statistics: i64,
    /// Average bytes of an entry's data, nulls left out.
    #[serde(deserialize_with = "exact")]
    pub data_width: f64,
}

impl Btree {
    /// The estimated bytes of pages that the entries do not need. `None` if the index is empty or has no statistics.
    /// Deduplication is not modelled: a btree with many equal keys seems smaller than expected, and has no bloat.
    pub fn bloat_bytes(&self) -> Option<i64> {
        if self.pages == 0 || self.columns_with_statistics == 0 {
            return None;
        }
        let padding = if self.data_width == 0.0 {
            ALIGNMENT
        } else {
            padding(whole(self.data_width.round_ties_even()))
        };
        let tuple = LINE_POINTER + INDEX_HEADER + self.data_width + float(padding);
        let fillfactor = f64::from(self.fillfactor.unwrap_or(BTREE_FILLFACTOR));
        let space = f64::from(self.block_size) - BTREE_LINKS - PAGE_HEADER;
        let per_page = (space * fillfactor / (100.0 * tuple)).floor().max(1.0);
        let expected = 1.0 + (self.tuples / per_page).ceil();
        Some(wasted(self.pages, expected, self.block_size))
    }
}

/// Bytes from `length` to the next multiple of the alignment.
fn padding(length: i64) -> i64 {
    (ALIGNMENT - length % ALIGNMENT) % ALIGNMENT
}

fn wasted(pages: i64, expected: f64, block_size: u32) -> i64 {
    (pages - whole(expected)).max(0) * i64::from(block_size)
}

#[expect(clippy::cast_possible_truncation, reason = "already whole; a number out of range saturates")]
fn whole(number: f64) -> i64 {
    number as i64
}

#[expect(clippy::cast_precision_loss, reason = "bytes of one row")]
fn float(number: i64) -> f64 {
    number as f64
}

/// A number that is sent as text, because a JSON parser may be off by the last bit, and a bit can be a page.
fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAP: Heap = Heap {
        block_size: 8192,
        pages: 0,
        tuples: -1.0,
        toast_pages: 0,
        toast_tuples: 0.0,
        fillfactor: None,
        columns_with_statistics: 0,
        data_width: 0.0,
        has_nulls: false,
    };
    const BTREE: Btree = Btree {
        block_size: 8192,
        pages: 14,
        tuples: 4079.0,
        fillfactor: None,
        columns_with_statistics: 1,
        data_width: 4.0,
    };

    #[test]
    fn a_btree_wastes_the_pages_that_its_entries_do_not_fill() {
        for (btree, bloat) in [
            // city_pkey of the documented sample: 366 entries per page, 1 + 12 pages expected, 14 there are.
            (BTREE, Some(8192)),
            // 407 entries per page: 1 + 11 pages expected.
            (Btree { fillfactor: Some(100), ..BTREE }, Some(2 * 8192)),
            (Btree { fillfactor: Some(50), ..BTREE }, Some(0)),
            (Btree { pages: 13, ..BTREE }, Some(0)),
            (Btree { pages: 2, ..BTREE }, Some(0)),
            (Btree { pages: 0, ..BTREE }, None),
            (Btree { columns_with_statistics: 0, ..BTREE }, None),
            (Btree { tuples: 0.0, pages: 14, ..BTREE }, Some(13 * 8192)),
            // Only nulls: 8152 * 90 / (100 * 20) = 366 as well, since no data is padded to 8.
            (Btree { data_width: 0.0, ..BTREE }, Some(8192)),
            // 4.5 rounds to 4, which pads to 8.5: 357 entries per page.
            (Btree { data_width: 4.5, ..BTREE }, Some(8192)),
            (Btree { data_width: 100_000.0, ..BTREE }, Some(0)),
        ] {
            assert_eq!(btree.bloat_bytes(), bloat, "{btree:?}");
        }
    }

    #[test]
    fn a_table_wastes_the_pages_that_its_rows_do_not_fill() {
        // 4 + 24 + 32 = 60 bytes a row: 136.13 rows per page, 4079 rows in 30 pages.
        let table = Heap { pages: 32, tuples: 4079.0, columns_with_statistics: 5, data_width: 31.0, ..HEAP };
        for (heap, bloat) in [
            (HEAP, 0),
            (table.clone(), 2 * 8192),
            (Heap { pages: 30, ..table.clone() }, 0),
            (Heap { pages: 3, ..table.clone() }, 0),
            // The header stays within 24 bytes with up to 8 columns' bitmap, and is 32 with more.
            (Heap { has_nulls: true, ..table.clone() }, 2 * 8192),
            (Heap { has_nulls: true, columns_with_statistics: 9, ..table.clone() }, 0),
            (Heap { fillfactor: Some(50), pages: 60, ..table.clone() }, 0),
            (Heap { fillfactor: Some(50), pages: 61, ..table.clone() }, 8192),
            (Heap { toast_pages: 10, toast_tuples: 33.0, ..table.clone() }, 3 * 8192),
            (Heap { tuples: 0.0, ..table }, 32 * 8192),
        ] {
            assert_eq!(heap.bloat_bytes(), bloat, "{heap:?}");
        }
    }

    proptest! {
        #[test]
        fn an_estimate_is_never_negative_nor_more_than_there_is(
            pages in 0_i64..10_000,
            tuples in -1.0..1e9,
            toast_pages in 0_i64..10_000,
            toast_tuples in -1.0..1e9,
            fillfactor in proptest::option::of(10_u32..=100),
            columns_with_statistics in 0_i64..1_600,
            data_width in 0.0..3_000.0,
            has_nulls: bool,
        ) {
            let heap = Heap {
                block_size: 8192, pages, tuples, toast_pages, toast_tuples, fillfactor, columns_with_statistics,
                data_width, has_nulls,
            };
            prop_assert!((0..=(pages + toast_pages) * 8192).contains(&heap.bloat_bytes()));
            let btree = Btree { block_size: 8192, pages, tuples, fillfactor, columns_with_statistics, data_width };
            let bloat = btree.bloat_bytes();
            prop_assert_eq!(bloat.is_none(), pages == 0 || columns_with_statistics == 0);
            prop_assert!((0..=pages * 8192).contains(&bloat.unwrap_or_default()));
        }
    }
}
