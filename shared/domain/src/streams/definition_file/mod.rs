//! Pure. Definition files in YAML.

pub mod component;
pub mod string_or_list;

#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use serde_saphyr::{Error, MessageFormatter as _, Spanned, UserMessageFormatter};

/// An error in a definition file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct LoadError {
    /// The name of the file.
    pub file: String,
    /// The line with the error, from 1; 0 if the error is in no particular line.
    pub line: u64,
    /// The reason.
    pub reason: String,
}

/// A definition file.
#[derive(Clone, Debug)]
pub struct DefinitionFile {
    /// The name of the file, for errors.
    pub name: String,
    /// Its content.
    pub text: String,
}

impl DefinitionFile {
    /// A file with this name and content.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Parses the file. Follows merge keys (`<<: *name`) and rejects duplicate keys.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, LoadError> {
        // To YAML this is an empty list, but then a truncated file would drop every notification.
        if self
            .text
            .lines()
            .map(str::trim)
            .all(|line| line.is_empty() || line.starts_with('#') || line == "---")
        {
            return Err(self.error(0, "the file is empty"));
        }
        serde_saphyr::from_str(&self.text).map_err(|error| {
            let line = error.location().map_or(0, |location| location.line());
            self.error(line, UserMessageFormatter.format_message(innermost(&error)))
        })
    }

    /// An error in a line of this file.
    pub fn error(&self, line: u64, reason: impl Into<String>) -> LoadError {
        LoadError { file: self.name.clone(), line, reason: reason.into() }
    }
}

/// Returns the error itself, without the excerpt of the file and the alias that led to it.
fn innermost(error: &Error) -> &Error {
    match error.without_snippet() {
        Error::AliasError { error, .. } => innermost(error),
        error => error,
    }
}

/// Returns the line in which a value is written, even if an alias or a merge key repeats it elsewhere.
pub fn line<T>(spanned: &Spanned<T>) -> u64 {
    spanned.defined.line()
}
