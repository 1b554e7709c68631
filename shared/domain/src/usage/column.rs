//! Pure. The columns of the usage tables under their documented names.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::storage::key::{Collection, Range};
use crate::time::Micros;

/// The value of a column. Ordered like in the original's database: null is less than everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColumnValue<'a> {
    /// No value.
    Null,
    /// An integer.
    Integer(i64),
    /// A text.
    Text(&'a str),
    /// A time.
    Time(Micros),
}

/// A column of the table with rows `R`.
pub struct Column<R: 'static> {
    /// The documented name.
    pub name: &'static str,
    read: fn(&R) -> ColumnValue<'_>,
}

/// A row of one of the six usage tables.
pub trait Row: DeserializeOwned + Send + 'static {
    /// The collection that stores the rows.
    const COLLECTION: Collection;
    /// All columns, `id` first.
    const COLUMNS: &'static [Column<Self>];
    /// The column that lists are ordered by if the client does not choose one.
    const DEFAULT_ORDER: &'static str;
    /// The raw notification's time, in tables that can be filtered by it. Not part of `COLUMNS`: lists cannot be ordered
    /// by it.
    const RECEIVED: Option<Column<Self>> = None;
    /// The pointers to the rows of an instance, in tables of instances.
    const BY_INSTANCE: Option<fn(&str) -> Range> = None;

    /// Returns the row's id.
    fn id(&self) -> u64;

    /// Returns the column with this name.
    fn column(name: &str) -> Option<Column<Self>> {
        Self::COLUMNS.iter().copied().find(|column| column.name == name)
    }
}

impl<R> Column<R> {
    pub(super) const fn new(name: &'static str, read: fn(&R) -> ColumnValue<'_>) -> Self {
        Self { name, read }
    }

    /// Returns the value of this column in a row.
    pub fn value<'a>(&self, row: &'a R) -> ColumnValue<'a> {
        (self.read)(row)
    }
}

impl<R> Clone for Column<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Column<R> {}

impl<R> fmt::Debug for Column<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl ColumnValue<'_> {
    /// Whether the value is this time or a later one. False for nulls and texts.
    pub fn is_at_least(self, min: Micros) -> bool {
        self.micros().is_some_and(|micros| i128::from(min.0) <= micros)
    }

    /// Whether the value is this time or an earlier one. False for nulls and texts.
    pub fn is_at_most(self, max: Micros) -> bool {
        self.micros().is_some_and(|micros| micros <= i128::from(max.0))
    }

    /// Returns the value as microseconds since the epoch. An integer is read as seconds, as in the original, whose times
    /// were decimal columns.
    fn micros(self) -> Option<i128> {
        match self {
            Self::Null | Self::Text(_) => None,
            Self::Integer(seconds) => Some(i128::from(seconds) * 1_000_000),
            Self::Time(at) => Some(i128::from(at.0)),
        }
    }
}

impl From<u64> for ColumnValue<'_> {
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<i64> for ColumnValue<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<Micros> for ColumnValue<'_> {
    fn from(at: Micros) -> Self {
        Self::Time(at)
    }
}

impl<'a> From<&'a String> for ColumnValue<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a, T: Into<ColumnValue<'a>>> From<Option<T>> for ColumnValue<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_inclusive_and_exclude_texts_and_nulls() {
        let (min, max) = (Micros(1_000_000), Micros(3_000_000));
        for (value, inside) in [
            (ColumnValue::Time(Micros(999_999)), false),
            (ColumnValue::Time(Micros(1_000_000)), true),
            (ColumnValue::Time(Micros(3_000_000)), true),
            (ColumnValue::Time(Micros(3_000_001)), false),
            (ColumnValue::Integer(1), true),
            (ColumnValue::Integer(3), true),
            (ColumnValue::Integer(4), false),
            (ColumnValue::Text("2"), false),
            (ColumnValue::Null, false),
        ] {
            assert_eq!(value.is_at_least(min) && value.is_at_most(max), inside, "{value:?}");
        }
        assert!(ColumnValue::Integer(i64::MAX).is_at_least(min));
        assert!(!ColumnValue::Null.is_at_most(max));
    }
}
