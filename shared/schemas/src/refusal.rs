//! Why a request that changes something is refused.

use domain::error::{Error, Kind};

use crate::record::Changeset;

/// A refused request. Nothing was stored.
#[derive(Debug)]
pub enum Refusal {
    /// The request itself is wrong.
    Malformed(String),
    /// The role of the person does not allow it.
    NotAllowed {
        /// The documented text.
        text: String,
        /// The changeset as it is stored, if the request is about one.
        changeset: Option<Box<Changeset>>,
    },
    /// A row that the request names does not exist.
    NotFound(String),
    /// The state of a row does not allow it.
    WrongState {
        /// The documented text.
        text: String,
        /// The changeset as it is stored, if the request is about one.
        changeset: Option<Box<Changeset>>,
    },
    /// The table, the queue or a server failed.
    Failed(Error),
}

impl Refusal {
    /// Returns the refusal of a request that the role of the person does not allow.
    pub fn not_allowed(text: impl Into<String>) -> Self {
        Self::NotAllowed { text: text.into(), changeset: None }
    }

    /// Returns the refusal of a request that the state of a row does not allow.
    pub fn wrong_state(text: impl Into<String>) -> Self {
        Self::WrongState { text: text.into(), changeset: None }
    }

    /// Returns the refusal with the changeset that it is about, as it is stored.
    #[must_use]
    pub fn of(self, stored: &Changeset) -> Self {
        let changeset = Some(Box::new(stored.clone()));
        match self {
            Self::NotAllowed { text, .. } => Self::NotAllowed { text, changeset },
            Self::WrongState { text, .. } => Self::WrongState { text, changeset },
            other => other,
        }
    }

    /// Returns the text that clients read.
    pub fn text(&self) -> String {
        match self {
            Self::Malformed(text)
            | Self::NotFound(text)
            | Self::NotAllowed { text, .. }
            | Self::WrongState { text, .. } => text.clone(),
            Self::Failed(error) => error.to_string(),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error.kind() {
            Kind::Invalid | Kind::TooLarge => Self::Malformed(error.to_string()),
            Kind::Forbidden => Self::not_allowed(error.to_string()),
            Kind::Missing => Self::NotFound(error.to_string()),
            Kind::Conflict => Self::wrong_state(error.to_string()),
            _ => Self::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_become_the_refusal_of_their_kind() {
        assert!(matches!(Refusal::from(Error::invalid("a")), Refusal::Malformed(text) if text == "a"));
        assert!(
            matches!(Refusal::from(Error::new(Kind::Missing, "b")), Refusal::NotFound(text) if text == "b")
        );
        assert!(matches!(Refusal::from(Error::new(Kind::Forbidden, "c")), Refusal::NotAllowed { .. }));
        assert!(matches!(Refusal::from(Error::new(Kind::Conflict, "d")), Refusal::WrongState { .. }));
        assert!(matches!(Refusal::from(Error::unavailable("e")), Refusal::Failed(_)));
    }
}
