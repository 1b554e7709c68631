//! Pure. Why an exists record does not agree: what is stored as its `fail_reason`.

use std::fmt::Display;

use crate::time::Micros;

/// The most characters of a `fail_reason`.
pub const CHARACTERS: usize = 300;

/// The most characters of one value in it, so that what stands after the value is not lost.
const VALUE_CHARACTERS: usize = 64;

/// What an exists is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The launch of the instance, the activation of the image.
    Launches,
    /// The delete.
    Deletes,
    /// The audit report.
    Reconciles,
}

/// The kind of record that is looked for; the names are those of the original's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
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

/// Why an exists record does not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A field has another value than it should have.
    Mismatch {
        /// UUID of the instance or the image.
        uuid: String,
        /// The field.
        field: &'static str,
        /// The exists' value; none for null.
        exists: Option<String>,
        /// What it is compared with.
        side: Side,
        /// The value there; none for null.
        found: Option<String>,
    },
    /// A field has no value.
    Empty {
        /// The field.
        field: &'static str,
        /// The id of the exists.
        exists: u64,
    },
    /// A field is not what its name says.
    Invalid {
        /// The field.
        field: &'static str,
        /// The id of the exists.
        exists: u64,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        value: String,
    },
    /// There is not one record, but none or several.
    Count {
        /// What was looked for.
        record: Record,
        /// By what.
        keys: String,
        /// How many there are.
        found: usize,
    },
    /// There is a delete, and the exists says that there should be none.
    Deleted {
        /// What was found.
        record: Record,
        /// By what.
        keys: String,
    },
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Launches => "launches",
            Self::Deletes => "deletes",
            Self::Reconciles => "reconciles",
        }
    }
}

impl Record {
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
    /// The text to be stored. `now` is the time of the verdict.
    pub fn text(&self, now: Micros) -> String {
        let text = match self {
            Self::Mismatch { uuid, field, exists, side, found } => {
                let (uuid, exists, found) = (short(uuid), value(exists.as_deref()), value(found.as_deref()));
                format!(
                    "{now} UTC, {uuid}: '{field}' differs: exists has {exists}, {} has {found}",
                    side.name()
                )
            }
            Self::Empty { field, exists } => format!("{now} UTC: '{field}' of exists {exists} is empty"),
            Self::Invalid { field, exists, expected, value } => {
                format!(
                    "{now} UTC: '{field}' of exists {exists} is '{}', which is not {expected}",
                    short(value)
                )
            }
            Self::Count { record, keys, found: 0 } => {
                format!("{now} UTC: there is no {} with {keys}", record.name())
            }
            Self::Count { record, keys, found } => {
                format!("{now} UTC: there are {found} {} with {keys}, where one is expected", record.name())
            }
            Self::Deleted { record, keys } => {
                format!("{now} UTC: exists is not deleted, yet there is {} with {keys}", record.name())
            }
        };
        text.chars().take(CHARACTERS).collect()
    }
}

/// Search keys as a reason prints them.
pub fn keys<const N: usize>(pairs: [(&str, &dyn Display); N]) -> String {
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{name} {}", short(&value.to_string()))).collect();
    pairs.join(", ")
}

fn value(value: Option<&str>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| format!("'{}'", short(value)))
}

fn short(value: &str) -> String {
    match value.char_indices().nth(VALUE_CHARACTERS) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}...", &value[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(1_390_000_000_000_000);

    #[test]
    fn each_kind_of_reason_says_what_is_needed_to_look_into_it() {
        let keys = keys([("instance", &"i-1"), ("launched_at", &NOW)]);
        let mismatch = |exists: Option<&str>, side, found: Option<&str>| Reason::Mismatch {
            uuid: "i-1".to_owned(),
            field: "tenant",
            exists: exists.map(str::to_owned),
            side,
            found: found.map(str::to_owned),
        };
        for (reason, text) in [
            (
                mismatch(Some("1"), Side::Launches, Some("2")),
                ", i-1: 'tenant' differs: exists has '1', launches has '2'",
            ),
            (
                mismatch(None, Side::Deletes, Some("")),
                ", i-1: 'tenant' differs: exists has null, deletes has ''",
            ),
            (
                mismatch(Some("1"), Side::Reconciles, None),
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
                Reason::Count { record: Record::InstanceUsage, keys: keys.clone(), found: 0 },
                ": there is no InstanceUsage with instance i-1, launched_at 2014-01-17 23:06:40",
            ),
            (
                Reason::Count { record: Record::InstanceReconcile, keys: keys.clone(), found: 2 },
                ": there are 2 InstanceReconcile with instance i-1, launched_at 2014-01-17 23:06:40, where one is expected",
            ),
            (
                Reason::Deleted { record: Record::ImageDelete, keys: "uuid a".to_owned() },
                ": exists is not deleted, yet there is ImageDelete with uuid a",
            ),
        ] {
            assert_eq!(reason.text(NOW), format!("2014-01-17 23:06:40 UTC{text}"));
        }
    }

    #[test]
    fn long_values_are_cut_so_that_the_other_side_still_shows() {
        let long = "ä".repeat(255);
        let reason = Reason::Mismatch {
            uuid: long.clone(),
            field: "instance_flavor_id",
            exists: Some(long.clone()),
            side: Side::Reconciles,
            found: Some(long.clone()),
        };
        let text = reason.text(NOW);
        assert!(text.chars().count() <= CHARACTERS, "{text}");
        assert!(text.contains("'instance_flavor_id'") && text.contains("reconciles has 'ää"), "{text}");

        let reason = Reason::Deleted { record: Record::ImageDelete, keys: long.repeat(2) };
        assert_eq!(reason.text(NOW).chars().count(), CHARACTERS);
    }
}
