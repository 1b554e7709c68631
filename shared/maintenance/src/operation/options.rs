//! Pure. Options of an operation beyond the documented ones, and the server versions that support them.

use serde::{Deserialize, Serialize};

use crate::operation::kind::Kind;
use crate::operation::mode::{Mode, Word};

/// The options of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// The documented mode of a VACUUM.
    #[serde(rename = "mo", default)]
    pub mode: Mode,
    /// Skips relations that cannot be locked at once.
    #[serde(rename = "sl", default, skip_serializing_if = "Option::is_none")]
    pub skip_locked: Option<bool>,
    /// Parallel workers for the indexes of a VACUUM, at most 1,024.
    #[serde(rename = "pa", default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u16>,
    /// Whether a VACUUM removes index entries of dead rows.
    #[serde(rename = "ic", default, skip_serializing_if = "Option::is_none")]
    pub index_cleanup: Option<IndexCleanup>,
    /// Whether a VACUUM returns empty pages at the end of a table to the file system.
    #[serde(rename = "tr", default, skip_serializing_if = "Option::is_none")]
    pub truncate: Option<bool>,
    /// The size of the buffer ring, such as `256 MB`.
    #[serde(rename = "bu", default, skip_serializing_if = "Option::is_none")]
    pub buffer_usage_limit: Option<BufferSize>,
    /// Whether a REINDEX lets writers continue.
    #[serde(rename = "co", default, skip_serializing_if = "Option::is_none")]
    pub concurrently: Option<bool>,
}

/// Whether a VACUUM removes index entries of dead rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexCleanup {
    /// The server decides.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// A size in PostgreSQL's notation: digits and `kB`, `MB`, `GB` or `TB`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BufferSize(String);

/// An option that an operation cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// The option does not apply to this kind of operation.
    #[error("Parameter '{option}' does not apply to {kind}.")]
    Kind {
        /// The name of the option.
        option: &'static str,
        /// The kind of the operation.
        kind: Kind,
    },
    /// The server is too old for the option.
    #[error("Parameter '{option}' requires PostgreSQL {required}: the server runs {running}.")]
    Version {
        /// The name of the option.
        option: &'static str,
        /// The first major version that supports it.
        required: u32,
        /// The major version of the server.
        running: u32,
    },
    /// Two options exclude each other.
    #[error("Parameters '{0}' and '{1}' exclude each other.")]
    Exclusive(&'static str, &'static str),
}

impl BufferSize {
    /// Returns the size in PostgreSQL's notation.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BufferSize {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let unit = text[digits..].strip_prefix(' ').unwrap_or(&text[digits..]);
        let is_size = (1..=9).contains(&digits) && ["kB", "MB", "GB", "TB"].contains(&unit);
        if is_size { Ok(Self(text)) } else { Err("expected a size such as 256 MB") }
    }
}

impl From<BufferSize> for String {
    fn from(size: BufferSize) -> Self {
        size.0
    }
}

impl Options {
    /// Checks that every option applies to the kind of operation and that no two exclude each other.
    pub fn check_kind(&self, kind: Kind) -> Result<(), Unsupported> {
        let is_vacuum = kind == Kind::Vacuum;
        let applies = [
            ("skip_locked", self.skip_locked.is_some(), kind != Kind::Reindex),
            ("parallel", self.parallel.is_some(), is_vacuum),
            ("index_cleanup", self.index_cleanup.is_some(), is_vacuum),
            ("truncate", self.truncate.is_some(), is_vacuum),
            ("buffer_usage_limit", self.buffer_usage_limit.is_some(), kind != Kind::Reindex),
            ("concurrently", self.concurrently.is_some(), kind == Kind::Reindex),
        ];
        if let Some((option, ..)) = applies.into_iter().find(|(_, given, applies)| *given && !applies) {
            return Err(Unsupported::Kind { option, kind });
        }
        let is_full = self.mode.has(Word::Full);
        for (option, given) in
            [("parallel", self.parallel.is_some()), ("index_cleanup", self.index_cleanup.is_some())]
        {
            if is_full && given {
                return Err(Unsupported::Exclusive("mode=full", option));
            }
        }
        if is_full && self.buffer_usage_limit.is_some() && !self.mode.has(Word::Analyze) {
            return Err(Unsupported::Exclusive("mode=full", "buffer_usage_limit"));
        }
        Ok(())
    }

    /// Returns the options of the same VACUUM without its ANALYZE.
    #[must_use]
    pub fn without_analyze(&self) -> Self {
        let mode = self.mode.without(Word::Analyze);
        // Only the ANALYZE of a VACUUM (FULL) reads through a buffer ring.
        let buffer_usage_limit = self.buffer_usage_limit.clone().filter(|_| !mode.has(Word::Full));
        Self { mode, buffer_usage_limit, ..self.clone() }
    }

    /// Checks that a server of this major version supports every option.
    pub fn check_version(&self, running: u32) -> Result<(), Unsupported> {
        let auto = self.index_cleanup == Some(IndexCleanup::Auto);
        let needed = [
            ("skip_locked", self.skip_locked.is_some(), 12),
            ("parallel", self.parallel.is_some(), 13),
            ("index_cleanup", self.index_cleanup.is_some(), if auto { 14 } else { 12 }),
            ("truncate", self.truncate.is_some(), 12),
            ("buffer_usage_limit", self.buffer_usage_limit.is_some(), 16),
            ("concurrently", self.concurrently.is_some(), 12),
        ];
        match needed.into_iter().find(|(_, given, required)| *given && running < *required) {
            Some((option, _, required)) => Err(Unsupported::Version { option, required, running }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(change: impl FnOnce(&mut Options)) -> Options {
        let mut options = Options::default();
        change(&mut options);
        options
    }

    #[test]
    fn options_apply_to_their_kinds_only() {
        let parallel = options(|o| o.parallel = Some(2));
        assert_eq!(parallel.check_kind(Kind::Vacuum), Ok(()));
        let refused = parallel.check_kind(Kind::Analyze).expect_err("ANALYZE is not parallel");
        assert_eq!(refused.to_string(), "Parameter 'parallel' does not apply to analyze.");
        let concurrently = options(|o| o.concurrently = Some(true));
        assert_eq!(concurrently.check_kind(Kind::Reindex), Ok(()));
        assert!(concurrently.check_kind(Kind::Vacuum).is_err());
        let full = options(|o| {
            o.mode = Mode::parse("full").expect("a mode");
            o.parallel = Some(2);
        });
        let refused = full.check_kind(Kind::Vacuum).expect_err("FULL is not parallel");
        assert_eq!(refused.to_string(), "Parameters 'mode=full' and 'parallel' exclude each other.");
    }

    #[test]
    fn older_servers_refuse_newer_options() {
        for (given, required) in [
            (options(|o| o.skip_locked = Some(true)), 12),
            (options(|o| o.parallel = Some(0)), 13),
            (options(|o| o.index_cleanup = Some(IndexCleanup::Off)), 12),
            (options(|o| o.index_cleanup = Some(IndexCleanup::Auto)), 14),
            (options(|o| o.truncate = Some(false)), 12),
            (options(|o| o.buffer_usage_limit = "1 GB".to_owned().try_into().ok()), 16),
            (options(|o| o.concurrently = Some(true)), 12),
        ] {
            assert_eq!(given.check_version(required), Ok(()), "{given:?}");
            let refused = given.check_version(required - 1).expect_err("the server is too old");
            assert!(refused.to_string().contains(&format!("requires PostgreSQL {required}")), "{refused}");
        }
        assert_eq!(Options::default().check_version(9), Ok(()));
    }

    #[test]
    fn buffer_sizes_are_digits_and_a_unit() {
        for text in ["128kB", "256 MB", "1GB", "0 kB"] {
            assert!(BufferSize::try_from(text.to_owned()).is_ok(), "{text}");
        }
        for text in ["", "MB", "1", "1 mb", "1  MB", "-1 MB", "1MB; DROP TABLE x", "1 MB '", "1234567890 MB"]
        {
            assert!(BufferSize::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
