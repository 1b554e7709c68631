//! Pure. Why a request was not changed.

use crate::error::Error;
use crate::recomputations::status::Status;

/// Why nothing was changed.
#[derive(Debug)]
pub enum Refusal {
    /// The tenant has no such request.
    Missing,
    /// It is not the version any more that the change was made for.
    Changed,
    /// That status does not follow.
    Transition {
        /// The status it has.
        from: Status,
        /// What may follow.
        allowed: &'static [Status],
    },
    /// Its history takes no more.
    Full,
    /// This idempotency key was used for something else.
    KeyTaken,
    /// Something failed.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
