//! Pure. The reasons of failed verdicts, as stored in `fail_reason`.

use std::fmt::Display;

use crate::time::Micros;

/// The maximum length of a `fail_reason`, in characters.
pub const MAX_CHARACTERS: usize = 300;

/// The maximum length of one value, in characters. Leaves room for the text after the value.
const MAX_VALUE_CHARACTERS: usize = 64;

/// A row that an exists record is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counterpart {
    /// The launch of the instance or the activation of the image.
    Launches,
    /// The delete of the instance or image.
    Deletes,
    /// An audit report.
    Reconciles,
}

/// A kind of row, named like the original's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// A launch.
    InstanceUsage,
    /// The delete of an instance.
    InstanceDeletes,
    /// A row of an audit report.
    InstanceReconcile,
    /// An image.
    ImageUsage,
    /// The delete of an image.
    ImageDelete,
}

/// Why an exists record disagrees with the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A field has different values in the exists record and in the ledger.
    Mismatch {
        /// The UUID of the instance or image.
        uuid: String,
        /// The field.
        field: &'static str,
        /// The value in the exists record.
        exists: Option<String>,
        /// The row that the record is compared with.
        counterpart: Counterpart,
        /// The value in the counterpart.
        found: Option<String>,
    },
    /// A field is empty.
    Empty {
        /// The field.
        field: &'static str,
        /// The id of the exists record.
        exists: u64,
    },
    /// A field has an invalid value.
    Invalid {
        /// The field.
        field: &'static str,
        /// The id of the exists record.
        exists: u64,
        /// The rule that the value breaks.
        expected: &'static str,
        /// The value.
        value: String,
    },
    /// No row or several rows are found where one is expected.
    Count {
        /// The kind of row.
        kind: RecordKind,
        /// The search keys.
        keys: String,
        /// The number of rows.
        found: usize,
    },
    /// A delete is found, although the exists record has no `deleted_at`.
    Deleted {
        /// The kind of the delete.
        kind: RecordKind,
        /// The search keys.
        keys: String,
    },
}

impl Counterpart {
    fn name(self) -> &'static str {
        match self {
            Self::Launches => "launches",
            Self::Deletes => "deletes",
            Self::Reconciles => "reconciles",
        }
    }
}

impl RecordKind {
    fn name(self) -> &'static str {
        match self {
            Self::InstanceUsage => "InstanceUsage",
            Self::InstanceDeletes => "InstanceDeletes",
            Self::InstanceReconcile => "InstanceReconcile",
            Self::ImageUsage => "ImageUsage",
            Self::ImageDelete => "ImageDelete",
        }
    }
}

impl Reason {
    /// Returns the text to store. `now` is the time of the verdict.
    pub fn text(&self, now: Micros) -> String {
        let text = match self {
            Self::Mismatch { uuid, field, exists, counterpart, found } => {
                let (uuid, exists, found) = (short(uuid), value(exists.as_deref()), value(found.as_deref()));
                format!(
                    "{now} UTC, {uuid}: '{field}' differs: exists has {exists}, {} has {found}",
                    counterpart.name()
                )
            }
            Self::Empty { field, exists } => format!("{now} UTC: '{field}' of exists {exists} is empty"),
            Self::Invalid { field, exists, expected, value } => {
                format!(
                    "{now} UTC: '{field}' of exists {exists} is '{}', which is not {expected}",
                    short(value)
                )
            }
            Self::Count { kind, keys, found: 0 } => {
                format!("{now} UTC: there is no {} with {keys}", kind.name())
            }
            Self::Count { kind, keys, found } => {
                format!("{now} UTC: there are {found} {} with {keys}, where one is expected", kind.name())
            }
            Self::Deleted { kind, keys } => {
                format!("{now} UTC: exists is not deleted, yet there is {} with {keys}", kind.name())
            }
        };
        text.chars().take(MAX_CHARACTERS).collect()
    }
}

/// Formats search keys.
pub fn keys<const N: usize>(pairs: [(&str, &dyn Display); N]) -> String {
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{name} {}", short(&value.to_string()))).collect();
    pairs.join(", ")
}

fn value(value: Option<&str>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| format!("'{}'", short(value)))
}

fn short(value: &str) -> String {
    match value.char_indices().nth(MAX_VALUE_CHARACTERS) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}...", &value[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(1_390_000_000_000_000);

    #[test]
    fn each_reason_has_its_documented_text() {
        let keys = keys([("instance", &"i-1"), ("launched_at", &NOW)]);
        let mismatch = |exists: Option<&str>, counterpart, found: Option<&str>| Reason::Mismatch {
            uuid: "i-1".to_owned(),
            field: "tenant",
            exists: exists.map(str::to_owned),
            counterpart,
            found: found.map(str::to_owned),
        };
        for (reason, text) in [
            (
                mismatch(Some("1"), Counterpart::Launches, Some("2")),
                ", i-1: 'tenant' differs: exists has '1', launches has '2'",
            ),
            (
                mismatch(None, Counterpart::Deletes, Some("")),
                ", i-1: 'tenant' differs: exists has null, deletes has ''",
            ),
            (
                mismatch(Some("1"), Counterpart::Reconciles, None),
                ", i-1: 'tenant' differs: exists has '1', reconciles has null",
            ),
            (Reason::Empty { field: "tenant", exists: 7 }, ": 'tenant' of exists 7 is empty"),
            (
                Reason::Invalid {
                    field: "tenant",
                    exists: 7,
                    expected: "hexadecimal",
                    value: "x-1".to_owned(),
                },
                ": 'tenant' of exists 7 is 'x-1', which is not hexadecimal",
            ),
            (
                Reason::Count { kind: RecordKind::InstanceUsage, keys: keys.clone(), found: 0 },
                ": there is no InstanceUsage with instance i-1, launched_at 2014-01-17 23:06:40",
            ),
            (
                Reason::Count { kind: RecordKind::InstanceReconcile, keys: keys.clone(), found: 2 },
                ": there are 2 InstanceReconcile with instance i-1, launched_at 2014-01-17 23:06:40, where one is expected",
            ),
            (
                Reason::Deleted { kind: RecordKind::ImageDelete, keys: "uuid a".to_owned() },
                ": exists is not deleted, yet there is ImageDelete with uuid a",
            ),
        ] {
            assert_eq!(reason.text(NOW), format!("2014-01-17 23:06:40 UTC{text}"));
        }
    }

    #[test]
    fn long_values_are_truncated_so_that_both_values_are_shown() {
        let long = "ä".repeat(255);
        let reason = Reason::Mismatch {
            uuid: long.clone(),
            field: "instance_flavor_id",
            exists: Some(long.clone()),
            counterpart: Counterpart::Reconciles,
            found: Some(long.clone()),
        };
        let text = reason.text(NOW);
        assert!(text.chars().count() <= MAX_CHARACTERS, "{text}");
        assert!(text.contains("'instance_flavor_id'") && text.contains("reconciles has 'ää"), "{text}");

        let reason = Reason::Deleted { kind: RecordKind::ImageDelete, keys: long.repeat(2) };
        assert_eq!(reason.text(NOW).chars().count(), MAX_CHARACTERS);
    }
}
