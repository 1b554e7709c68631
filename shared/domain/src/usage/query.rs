//! Pure. List queries: filter, order and page.

use std::cmp::Ordering;
use std::fmt;

use crate::time::Micros;
use crate::usage::column::{Column, ColumnValue, Row};

/// The limit of a list if the client sets none.
pub const DEFAULT_LIMIT: usize = 50;

/// The highest limit of a list; higher limits are lowered to it.
pub const MAX_LIMIT: usize = 1_000;

/// The direction of a list's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Lowest first.
    Ascending,
    /// Highest first.
    Descending,
}

/// An inclusive bound of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The earliest time.
    Min(Micros),
    /// The latest time.
    Max(Micros),
}

/// A condition on rows.
pub struct Filter<R: Row> {
    /// Bounds that a row must satisfy, all of them.
    pub bounds: Vec<(Column<R>, Bound)>,
    /// The instance that a row must belong to. `None` accepts any.
    pub instance: Option<String>,
}

/// A query for one page of a list.
pub struct ListQuery<R: Row> {
    /// The condition on rows.
    pub filter: Filter<R>,
    /// The column that orders the list; ties are ordered by id.
    pub order_by: Column<R>,
    /// The direction of both orders.
    pub direction: Direction,
    /// The maximum number of rows in the page.
    pub limit: usize,
    /// The number of matching rows to skip before the page.
    pub offset: usize,
}

/// The best rows of a list so far. Bounded: it holds little more than the page and the skipped rows.
pub struct Selection<'q, R: Row> {
    query: &'q ListQuery<R>,
    rows: Vec<R>,
}

/// Whether `text` is a UUID in canonical lower-case form, with or without dashes.
pub fn is_uuid_like(text: &str) -> bool {
    uuid::Uuid::parse_str(text)
        .is_ok_and(|uuid| uuid.hyphenated().to_string() == text || uuid.simple().to_string() == text)
}

impl<R: Row> Filter<R> {
    /// Whether every row matches.
    pub fn is_empty(&self) -> bool {
        self.bounds.is_empty() && self.instance.is_none()
    }

    /// Whether a row matches.
    pub fn matches(&self, row: &R) -> bool {
        self.matches_instance(row)
            && self.bounds.iter().all(|(column, bound)| match *bound {
                Bound::Min(at) => column.value(row).is_at_least(at),
                Bound::Max(at) => column.value(row).is_at_most(at),
            })
    }

    fn matches_instance(&self, row: &R) -> bool {
        match (&self.instance, R::column("instance")) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(instance), Some(column)) => column.value(row) == ColumnValue::Text(instance),
        }
    }
}

impl<R: Row> Default for Filter<R> {
    fn default() -> Self {
        Self { bounds: Vec::new(), instance: None }
    }
}

impl<R: Row> Default for ListQuery<R> {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            order_by: R::column(R::DEFAULT_ORDER).unwrap_or(R::COLUMNS[0]),
            direction: Direction::Descending,
            limit: DEFAULT_LIMIT,
            offset: 0,
        }
    }
}

impl<R: Row> ListQuery<R> {
    /// Whether the list is ordered by id, which is the storage order or its reverse.
    pub fn is_ordered_by_id(&self) -> bool {
        self.order_by.name == "id"
    }

    fn compare(&self, a: &R, b: &R) -> Ordering {
        let order = self.order_by.value(a).cmp(&self.order_by.value(b)).then(a.id().cmp(&b.id()));
        match self.direction {
            Direction::Ascending => order,
            Direction::Descending => order.reverse(),
        }
    }
}

/// The minimum number of rows a selection holds before it sorts and truncates: sorting rarely is cheaper.
const MIN_CAPACITY: usize = 1_024;

impl<'q, R: Row> Selection<'q, R> {
    /// Creates an empty selection.
    pub fn new(query: &'q ListQuery<R>) -> Self {
        Self { query, rows: Vec::new() }
    }

    /// Adds a row if it matches the filter.
    pub fn offer(&mut self, row: R) {
        if !self.query.filter.matches(&row) {
            return;
        }
        self.rows.push(row);
        let needed = self.query.offset.saturating_add(self.query.limit);
        if self.rows.len() >= needed.saturating_mul(2).max(MIN_CAPACITY) {
            self.sort();
            self.rows.truncate(needed);
        }
    }

    /// Returns the rows of the page, in order.
    pub fn page(mut self) -> Vec<R> {
        self.sort();
        self.rows.into_iter().skip(self.query.offset).take(self.query.limit).collect()
    }

    fn sort(&mut self) {
        let query = self.query;
        self.rows.sort_unstable_by(|a, b| query.compare(a, b));
    }
}

impl<R: Row> fmt::Debug for Filter<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").field("bounds", &self.bounds).field("instance", &self.instance).finish()
    }
}

impl<R: Row> fmt::Debug for ListQuery<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("ListQuery");
        text.field("filter", &self.filter)
            .field("order_by", &self.order_by)
            .field("direction", &self.direction);
        text.field("limit", &self.limit).field("offset", &self.offset).finish()
    }
}

impl<R: Row> fmt::Debug for Selection<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Selection").field("query", self.query).field("rows", &self.rows.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::notification::mark::Mark;
    use crate::usage::delete::ImageDelete;

    fn delete(id: u64, deleted_at: Option<i64>) -> ImageDelete {
        ImageDelete {
            id,
            uuid: format!("u{id}"),
            deleted_at: deleted_at.map(Micros),
            raw: id,
            mark: Mark { at: Micros(0), message: String::new() },
        }
    }

    fn ids(query: &ListQuery<ImageDelete>, rows: &[ImageDelete]) -> Vec<u64> {
        let mut selection = Selection::new(query);
        for row in rows {
            selection.offer(row.clone());
        }
        selection.page().iter().map(Row::id).collect()
    }

    #[test]
    fn ties_are_ordered_by_id_and_nulls_are_last_when_descending() {
        let rows = [delete(1, Some(5)), delete(2, None), delete(3, Some(5)), delete(4, Some(9))];
        let query = ListQuery::default();
        assert_eq!(ids(&query, &rows), [4, 3, 1, 2]);
        let query = ListQuery { direction: Direction::Ascending, ..ListQuery::default() };
        assert_eq!(ids(&query, &rows), [2, 1, 3, 4]);
        let filter = Filter { bounds: vec![(query.order_by, Bound::Max(Micros(5)))], instance: None };
        assert_eq!(ids(&ListQuery { filter, ..ListQuery::default() }, &rows), [3, 1]);
    }

    #[test]
    fn only_canonical_lower_case_uuids_are_accepted() {
        for (text, like) in [
            ("72e4d8e8-9f63-47cb-a904-0193e5edac6e", true),
            ("72e4d8e89f6347cba9040193e5edac6e", true),
            ("72E4D8E8-9F63-47CB-A904-0193E5EDAC6E", false),
            ("{72e4d8e8-9f63-47cb-a904-0193e5edac6e}", false),
            ("urn:uuid:72e4d8e8-9f63-47cb-a904-0193e5edac6e", false),
            ("", false),
        ] {
            assert_eq!(is_uuid_like(text), like, "{text}");
        }
    }

    proptest! {
        #[test]
        fn page_equals_the_page_of_all_rows_sorted(
            times in prop::collection::vec(prop::option::of(0_i64..40), 0..3_000),
            (offset, limit) in (0_usize..80, 0_usize..40),
        ) {
            let rows: Vec<_> = times.into_iter().zip(1_u64..).map(|(at, id)| delete(id, at)).collect();
            let mut expected: Vec<_> = rows.iter().map(|row| (row.deleted_at, row.id)).collect();
            expected.sort_unstable_by(|a, b| b.cmp(a));
            let expected: Vec<_> = expected.into_iter().map(|(_, id)| id).skip(offset).take(limit).collect();
            let query = ListQuery { limit, offset, ..ListQuery::default() };
            prop_assert_eq!(ids(&query, &rows), expected);
        }
    }
}
