//! Pure. A column of a usage table under its documented name, and what may be asked of it.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::storage::key::{Collection, Range};
use crate::time::Micros;

/// What stands in a column. Ordered as the original's database ordered it: null is less than everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(&'a str),
    /// A time.
    Time(Micros),
}

/// A column of a table of `R`.
pub struct Column<R: 'static> {
    /// The documented name.
    pub name: &'static str,
    value: fn(&R) -> Value<'_>,
}

/// A row of one of the six tables.
pub trait Row: DeserializeOwned + Send + 'static {
    /// Where the rows are.
    const COLLECTION: Collection;
    /// All columns, `id` first.
    const COLUMNS: &'static [Column<Self>];
    /// The column that lists are ordered by unless asked otherwise.
    const ORDER: &'static str;
    /// The raw notification's time, on tables that may be filtered by it. It is no column: nothing is ordered by it.
    const RECEIVED: Option<Column<Self>> = None;
    /// The pointers to the rows of an instance, on tables of instances.
    const BY_INSTANCE: Option<fn(&str) -> Range> = None;

    /// The row's id.
    fn id(&self) -> u64;

    /// The column with this name.
    fn named(name: &str) -> Option<Column<Self>> {
        Self::COLUMNS.iter().copied().find(|column| column.name == name)
    }
}

impl<R> Column<R> {
    pub(super) const fn new(name: &'static str, value: fn(&R) -> Value<'_>) -> Self {
        Self { name, value }
    }

    /// What stands in this column of a row.
    pub fn of<'a>(&self, row: &'a R) -> Value<'a> {
        (self.value)(row)
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

impl Value<'_> {
    /// Whether it lies between two times, both included.
    ///
    /// Any column may be asked. A number counts as seconds since the epoch, as it did in the original, whose times were
    /// decimal columns; a null and a text are never between.
    pub fn is_between(self, min: Option<Micros>, max: Option<Micros>) -> bool {
        let micros = match self {
            Self::Null | Self::Text(_) => return false,
            Self::Integer(seconds) => i128::from(seconds) * 1_000_000,
            Self::Time(at) => i128::from(at.0),
        };
        min.is_none_or(|min| i128::from(min.0) <= micros) && max.is_none_or(|max| micros <= i128::from(max.0))
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<Micros> for Value<'_> {
    fn from(at: Micros) -> Self {
        Self::Time(at)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_includes_both_bounds_and_knows_no_texts_and_no_nulls() {
        let (low, high) = (Some(Micros(1_000_000)), Some(Micros(3_000_000)));
        for (value, inside) in [
            (Value::Time(Micros(999_999)), false),
            (Value::Time(Micros(1_000_000)), true),
            (Value::Time(Micros(3_000_000)), true),
            (Value::Time(Micros(3_000_001)), false),
            (Value::Integer(1), true),
            (Value::Integer(3), true),
            (Value::Integer(4), false),
            (Value::Text("2"), false),
            (Value::Null, false),
        ] {
            assert_eq!(value.is_between(low, high), inside, "{value:?}");
        }
        assert!(Value::Integer(i64::MAX).is_between(low, None));
        assert!(!Value::Null.is_between(None, high));
    }
}
