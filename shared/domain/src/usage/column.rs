//! Pure. The columns of the six usage tables under their documented names, and what may be asked of them.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::key::{Collection, Range};
use crate::time::Micros;
use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::exists::{ImageExists, InstanceExists, Progress};
use crate::usage::image::Image;
use crate::usage::launch::Launch;

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
    const fn new(name: &'static str, value: fn(&R) -> Value<'_>) -> Self {
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

macro_rules! columns {
    ($($name:literal: |$row:ident| $value:expr),* $(,)?) => {
        &[$(Column::new($name, |$row| Value::from($value))),*]
    };
}

impl Row for Launch {
    const COLLECTION: Collection = Collection::Launch;
    const COLUMNS: &'static [Column<Self>] = columns! {
        "id": |row| row.id,
        "instance": |row| &row.instance,
        "launched_at": |row| row.launched_at,
        "request_id": |row| &row.request_id,
        "instance_type_id": |row| row.instance_type_id.as_ref(),
        "instance_flavor_id": |row| row.instance_flavor_id.as_ref(),
        "tenant": |row| row.tenant.as_ref(),
        "os_architecture": |row| &row.image.os_architecture,
        "os_distro": |row| &row.image.os_distro,
        "os_version": |row| &row.image.os_version,
        "rax_options": |row| &row.image.rax_options,
    };
    const ORDER: &'static str = "launched_at";
    const BY_INSTANCE: Option<fn(&str) -> Range> = Some(Range::launches_of);

    fn id(&self) -> u64 {
        self.id
    }
}

impl Row for Image {
    const COLLECTION: Collection = Collection::Image;
    const COLUMNS: &'static [Column<Self>] = columns! {
        "id": |row| row.id,
        "uuid": |row| &row.uuid,
        "created_at": |row| row.created_at,
        "owner": |row| row.owner.as_ref(),
        "size": |row| row.size,
        "last_raw": |row| row.last_raw,
    };
    const ORDER: &'static str = "created_at";

    fn id(&self) -> u64 {
        self.id
    }
}

impl Row for InstanceDelete {
    const COLLECTION: Collection = Collection::InstanceDelete;
    const COLUMNS: &'static [Column<Self>] = columns! {
        "id": |row| row.id,
        "instance": |row| &row.instance,
        "launched_at": |row| row.launched_at,
        "deleted_at": |row| row.deleted_at,
        "raw": |row| row.raw,
    };
    // not `deleted_at`: the original ordered deletes of instances by their launch
    const ORDER: &'static str = "launched_at";
    const BY_INSTANCE: Option<fn(&str) -> Range> = Some(Range::deletes_of);

    fn id(&self) -> u64 {
        self.id
    }
}

impl Row for ImageDelete {
    const COLLECTION: Collection = Collection::ImageDelete;
    const COLUMNS: &'static [Column<Self>] = columns! {
        "id": |row| row.id,
        "uuid": |row| &row.uuid,
        "deleted_at": |row| row.deleted_at,
        "raw": |row| row.raw,
    };
    const ORDER: &'static str = "deleted_at";

    fn id(&self) -> u64 {
        self.id
    }
}

impl Row for InstanceExists {
    const COLLECTION: Collection = Collection::InstanceExists;
    const COLUMNS: &'static [Column<Self>] = columns! {
        "id": |row| row.id,
        "instance": |row| &row.instance,
        "launched_at": |row| row.launched_at,
        "deleted_at": |row| row.deleted_at,
        "audit_period_beginning": |row| row.audit_period_beginning,
        "audit_period_ending": |row| row.audit_period_ending,
        "instance_type_id": |row| row.instance_type_id.as_ref(),
        "instance_flavor_id": |row| row.instance_flavor_id.as_ref(),
        "tenant": |row| row.tenant.as_ref(),
        "os_architecture": |row| &row.image.os_architecture,
        "os_distro": |row| &row.image.os_distro,
        "os_version": |row| &row.image.os_version,
        "rax_options": |row| &row.image.rax_options,
        "bandwidth_public_out": |row| row.bandwidth_public_out,
        "message_id": |row| row.progress.message_id.as_ref(),
        "status": |row| status(&row.progress),
        "fail_reason": |row| row.progress.fail_reason.as_ref(),
        "raw": |row| row.progress.raw,
        "usage": |row| row.progress.usage,
        "delete": |row| row.progress.delete,
        "send_status": |row| row.progress.send_status,
        "event_id": |row| row.progress.event_id.as_ref(),
    };
    const ORDER: &'static str = "id";
    const RECEIVED: Option<Column<Self>> =
        Some(Column::new("received", |row| Value::Time(row.progress.received)));
    const BY_INSTANCE: Option<fn(&str) -> Range> = Some(Range::exists_of);

    fn id(&self) -> u64 {
        self.id
    }
}

impl Row for ImageExists {
    const COLLECTION: Collection = Collection::ImageExists;
    const COLUMNS: &'static [Column<Self>] = columns! {
        "id": |row| row.id,
        "uuid": |row| &row.uuid,
        "created_at": |row| row.created_at,
        "deleted_at": |row| row.deleted_at,
        "audit_period_beginning": |row| row.audit_period_beginning,
        "audit_period_ending": |row| row.audit_period_ending,
        "owner": |row| row.owner.as_ref(),
        "size": |row| row.size,
        "message_id": |row| row.progress.message_id.as_ref(),
        "status": |row| status(&row.progress),
        "fail_reason": |row| row.progress.fail_reason.as_ref(),
        "raw": |row| row.progress.raw,
        "usage": |row| row.progress.usage,
        "delete": |row| row.progress.delete,
        "send_status": |row| row.progress.send_status,
        "event_id": |row| row.progress.event_id.as_ref(),
    };
    const ORDER: &'static str = "id";
    const RECEIVED: Option<Column<Self>> =
        Some(Column::new("received", |row| Value::Time(row.progress.received)));

    fn id(&self) -> u64 {
        self.id
    }
}

fn status(progress: &Progress) -> Value<'_> {
    Value::Text(progress.status.word())
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

    #[test]
    fn every_table_has_an_id_and_the_column_it_is_ordered_by() {
        fn check<R: Row>() {
            assert_eq!(R::COLUMNS[0].name, "id");
            assert!(R::named(R::ORDER).is_some(), "{}", R::ORDER);
            assert!(R::named("received").is_none() && R::named("raw_id").is_none());
        }
        check::<Launch>();
        check::<Image>();
        check::<InstanceDelete>();
        check::<ImageDelete>();
        check::<InstanceExists>();
        check::<ImageExists>();
    }
}
