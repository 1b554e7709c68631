//! Refusals of actions.

use domain::error::{Error, Kind};

use crate::record::Changeset;

/// Why an action changes nothing.
#[derive(Debug)]
pub enum Refusal {
    /// The request is invalid.
    Malformed(String),
    /// The person may not do this.
    NotAllowed {
        /// The documented text.
        text: String,
        /// The changeset as it is stored, where the answer shows it.
        changeset: Option<Box<Changeset>>,
    },
    /// A row that the request names does not exist.
    NotFound(String),
    /// The state of a row does not allow the action.
    WrongState {
        /// The documented text.
        text: String,
        /// The changeset as it is stored, where the answer shows it.
        changeset: Option<Box<Changeset>>,
    },
    /// The action could not be tried, or its outcome is unknown.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error.kind() {
            Kind::Invalid => Self::Malformed(error.to_string()),
            Kind::Missing => Self::NotFound(error.to_string()),
            Kind::Forbidden => Self::NotAllowed { text: error.to_string(), changeset: None },
            _ => Self::Failed(error),
        }
    }
}
