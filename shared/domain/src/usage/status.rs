//! Pure. The states of an exists record and the transitions between them.
//!
//! ```mermaid
//! stateDiagram-v2
//!     [*] --> pending: recorded
//!     pending --> verifying: claim
//!     verifying --> verifying: claim after the lease expired
//!     verifying --> verified: verify
//!     verifying --> reconciled: reconcile
//!     verifying --> failed: fail
//!     pending --> sent_unverified: repair
//!     sent_unverified --> sent_verifying: claim
//!     sent_verifying --> sent_verifying: claim after the lease expired
//!     sent_verifying --> verified: verify
//!     sent_verifying --> reconciled: reconcile
//!     sent_verifying --> sent_failed: fail
//!     verified --> [*]
//!     reconciled --> [*]
//!     failed --> [*]
//!     sent_failed --> [*]
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of an exists record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Recorded, and not claimed by a worker yet.
    Pending,
    /// Claimed by a worker that compares it with the ledger.
    Verifying,
    /// Agrees with the ledger.
    Verified,
    /// Disagrees with the ledger, but agrees with an audit report.
    Reconciled,
    /// Agrees with neither the ledger nor an audit report.
    Failed,
    /// Sent downstream by another system before it was verified.
    SentUnverified,
    /// Like `Verifying`, but its verdict is not announced.
    SentVerifying,
    /// Like `Failed`, but sent downstream by another system before.
    SentFailed,
}

/// A transition that the state machine does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid transition of an exists record: {from} to {to}")]
pub struct InvalidTransition {
    /// The current state.
    pub from: Status,
    /// The requested state.
    pub to: Status,
}

impl Status {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Verifying,
        Self::Verified,
        Self::Reconciled,
        Self::Failed,
        Self::SentUnverified,
        Self::SentVerifying,
        Self::SentFailed,
    ];

    /// Returns the state after a worker claims the record. A claimed record can be claimed again: its lease decides
    /// which worker owns it.
    pub fn claim(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Pending | Self::Verifying => Ok(Self::Verifying),
            Self::SentUnverified | Self::SentVerifying => Ok(Self::SentVerifying),
            Self::Verified | Self::Reconciled | Self::Failed | Self::SentFailed => {
                Err(InvalidTransition { from: self, to: Self::Verifying })
            }
        }
    }

    /// Returns the state after a client reports that another system sent the record downstream.
    pub fn repair(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Pending => Ok(Self::SentUnverified),
            Self::Verifying
            | Self::Verified
            | Self::Reconciled
            | Self::Failed
            | Self::SentUnverified
            | Self::SentVerifying
            | Self::SentFailed => Err(InvalidTransition { from: self, to: Self::SentUnverified }),
        }
    }

    /// Returns the state of a record that agrees with the ledger.
    pub fn verify(self) -> Result<Self, InvalidTransition> {
        self.conclude(Self::Verified, Self::Verified)
    }

    /// Returns the state of a record that agrees with an audit report.
    pub fn reconcile(self) -> Result<Self, InvalidTransition> {
        self.conclude(Self::Reconciled, Self::Reconciled)
    }

    /// Returns the state of a record that agrees with neither.
    pub fn fail(self) -> Result<Self, InvalidTransition> {
        self.conclude(Self::Failed, Self::SentFailed)
    }

    /// Returns `unsent` from `Verifying` and `sent` from `SentVerifying`.
    fn conclude(self, unsent: Self, sent: Self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Verifying => Ok(unsent),
            Self::SentVerifying => Ok(sent),
            Self::Pending
            | Self::SentUnverified
            | Self::Verified
            | Self::Reconciled
            | Self::Failed
            | Self::SentFailed => Err(InvalidTransition { from: self, to: unsent }),
        }
    }

    /// Whether a passing verdict is announced downstream. Records that were sent already are not announced again.
    pub fn announces(self) -> bool {
        self == Self::Verifying
    }

    /// Whether the state has no outgoing transitions.
    pub fn is_final(self) -> bool {
        self.claim().is_err()
    }

    /// Returns the name that the API and the table use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Verifying => "verifying",
            Self::Verified => "verified",
            Self::Reconciled => "reconciled",
            Self::Failed => "failed",
            Self::SentUnverified => "sent_unverified",
            Self::SentVerifying => "sent_verifying",
            Self::SentFailed => "sent_failed",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_name_equals_displayed_name() {
        for status in Status::ALL {
            let stored = serde_json::to_string(&status).expect("valid JSON");
            assert_eq!(stored, format!("\"{}\"", status.as_str()));
        }
    }

    #[test]
    fn final_states_have_no_transitions() {
        for status in Status::ALL.into_iter().filter(|status| status.is_final()) {
            assert!(status.repair().is_err(), "{status}");
            assert!(
                status.verify().is_err() && status.reconcile().is_err() && status.fail().is_err(),
                "{status}"
            );
        }
    }

    #[test]
    fn repaired_record_is_not_announced_and_stays_marked_only_if_it_fails() {
        let sent =
            Status::Pending.repair().and_then(Status::claim).expect("a repaired record can be claimed");
        assert_eq!(sent, Status::SentVerifying);
        assert!(!sent.announces());
        assert_eq!(sent.fail(), Ok(Status::SentFailed));
        assert_eq!(sent.verify(), Ok(Status::Verified));
    }
}
