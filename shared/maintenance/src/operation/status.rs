//! Pure. The states of an operation.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> todo: requested
//!     todo --> queued: due, message sent
//!     todo --> canceled
//!     queued --> doing: claimed by a worker
//!     queued --> canceled
//!     queued --> failed: the server was unreachable for the whole retry window
//!     doing --> done
//!     doing --> failed
//!     doing --> abort: cancel requested
//!     abort --> aborted: the backend is gone
//!     abort --> done: it finished first
//!     abort --> failed
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for its due time.
    Todo,
    /// Its message is in the queue.
    Queued,
    /// A worker runs it, or its backend still runs after the worker left.
    Doing,
    /// A cancel was requested while it was running.
    Abort,
    /// Finished.
    Done,
    /// Ended with an error.
    Failed,
    /// Cancelled before it started.
    Canceled,
    /// Cancelled while it was running.
    Aborted,
}

/// A transition that the state machine does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an operation cannot go from {from} to {to}")]
pub struct BadTransition {
    /// The current state.
    pub from: Status,
    /// The requested state.
    pub to: Status,
}

impl Status {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::Todo,
        Self::Queued,
        Self::Doing,
        Self::Abort,
        Self::Done,
        Self::Failed,
        Self::Canceled,
        Self::Aborted,
    ];

    /// Returns the documented name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::Queued => "queued",
            Self::Doing => "doing",
            Self::Abort => "abort",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Aborted => "aborted",
        }
    }

    /// Whether the operation has ended.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Canceled | Self::Aborted)
    }

    /// The operation is due and its message is sent.
    pub fn queue(self) -> Result<Self, BadTransition> {
        match self {
            Self::Todo | Self::Queued => Ok(Self::Queued),
            Self::Doing | Self::Abort | Self::Done | Self::Failed | Self::Canceled | Self::Aborted => {
                Err(BadTransition { from: self, to: Self::Queued })
            }
        }
    }

    /// A worker claims the operation, for the first time or after another worker's lease.
    pub fn claim(self) -> Result<Self, BadTransition> {
        match self {
            Self::Todo | Self::Queued | Self::Doing => Ok(Self::Doing),
            Self::Abort => Ok(Self::Abort),
            Self::Done | Self::Failed | Self::Canceled | Self::Aborted => {
                Err(BadTransition { from: self, to: Self::Doing })
            }
        }
    }

    /// A cancel is requested. An operation that has not started is cancelled at once.
    pub fn cancel(self) -> Result<Self, BadTransition> {
        match self {
            Self::Todo | Self::Queued | Self::Canceled => Ok(Self::Canceled),
            Self::Doing | Self::Abort => Ok(Self::Abort),
            Self::Done | Self::Failed | Self::Aborted => {
                Err(BadTransition { from: self, to: Self::Canceled })
            }
        }
    }

    /// Every statement has finished.
    pub fn finish(self) -> Result<Self, BadTransition> {
        match self {
            Self::Doing | Self::Abort => Ok(Self::Done),
            Self::Todo | Self::Queued | Self::Done | Self::Failed | Self::Canceled | Self::Aborted => {
                Err(BadTransition { from: self, to: Self::Done })
            }
        }
    }

    /// The operation ended early: as requested, or with an error.
    pub fn end_early(self) -> Result<Self, BadTransition> {
        match self {
            Self::Abort => Ok(Self::Aborted),
            Self::Queued | Self::Doing => Ok(Self::Failed),
            Self::Todo | Self::Done | Self::Failed | Self::Canceled | Self::Aborted => {
                Err(BadTransition { from: self, to: Self::Failed })
            }
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ended_operations_never_change() {
        for status in Status::ALL.into_iter().filter(|status| status.is_final()) {
            assert!(status.queue().is_err() && status.claim().is_err(), "{status}");
            assert!(status.finish().is_err() && status.end_early().is_err(), "{status}");
            assert_eq!(status.cancel().is_ok(), status == Status::Canceled, "{status}");
        }
    }

    #[test]
    fn only_a_running_operation_is_aborted() {
        assert_eq!(Status::Todo.cancel(), Ok(Status::Canceled));
        assert_eq!(Status::Queued.cancel(), Ok(Status::Canceled));
        assert_eq!(Status::Doing.cancel(), Ok(Status::Abort));
        assert_eq!(Status::Abort.end_early(), Ok(Status::Aborted));
        assert_eq!(Status::Abort.finish(), Ok(Status::Done));
    }

    #[test]
    fn names_are_those_of_the_document() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).ok(), Some(status.name().into()));
        }
    }
}
