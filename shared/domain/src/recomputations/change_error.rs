//! Pure. The errors of submitting and changing a request.

use crate::error::Error;
use crate::recomputations::status::Status;

/// The reason why a request was neither submitted nor changed.
#[derive(Debug)]
pub enum ChangeError {
    /// The tenant has no such request.
    NotFound,
    /// The request's version is not one that the client expected.
    VersionMismatch,
    /// The new status may not follow the current one.
    InvalidTransition {
        /// The current status.
        from: Status,
        /// The statuses that may follow it.
        allowed: &'static [Status],
    },
    /// The request has reached its maximum number of status changes.
    HistoryFull,
    /// The idempotency key was used for a request with other fields.
    KeyReused,
    /// The change failed for another reason.
    Failed(Error),
}

impl From<Error> for ChangeError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
