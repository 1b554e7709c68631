//! Pure. The states of an exists record, and who may move it where.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where an exists record stands between its arrival and its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Arrived; its audit period or settle time is not over, or nobody has looked yet.
    Pending,
    /// A worker compares it with the ledger.
    Verifying,
    /// It agrees with the ledger.
    Verified,
    /// It agrees with what an audit report says, though not with the ledger.
    Reconciled,
    /// It does not agree.
    Failed,
    /// Sent downstream by somebody else before it was verified.
    SentUnverified,
    /// As `Verifying`, and announces nothing.
    SentVerifying,
    /// As `Failed`, after it was sent downstream.
    SentFailed,
}

/// A state that does not lead where it was meant to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an exists record that is {from} does not become {to}")]
pub struct BadTransition {
    /// Where the record stands.
    pub from: Status,
    /// Where it was to go.
    pub to: &'static str,
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

    /// A worker takes the record up. One that is being verified already stays so: its lease decides whose it is.
    pub fn pick(self) -> Result<Self, BadTransition> {
        match self {
            Self::Pending | Self::Verifying => Ok(Self::Verifying),
            Self::SentUnverified | Self::SentVerifying => Ok(Self::SentVerifying),
            Self::Verified | Self::Reconciled | Self::Failed | Self::SentFailed => {
                Err(BadTransition { from: self, to: "verifying" })
            }
        }
    }

    /// Somebody else has sent the record downstream.
    pub fn repair(self) -> Result<Self, BadTransition> {
        match self {
            Self::Pending => Ok(Self::SentUnverified),
            Self::Verifying
            | Self::Verified
            | Self::Reconciled
            | Self::Failed
            | Self::SentUnverified
            | Self::SentVerifying
            | Self::SentFailed => Err(BadTransition { from: self, to: "sent_unverified" }),
        }
    }

    /// The ledger agrees.
    pub fn verify(self) -> Result<Self, BadTransition> {
        self.conclude(Self::Verified, Self::Verified, "verified")
    }

    /// An audit report agrees.
    pub fn reconcile(self) -> Result<Self, BadTransition> {
        self.conclude(Self::Reconciled, Self::Reconciled, "reconciled")
    }

    /// Nothing agrees.
    pub fn fail(self) -> Result<Self, BadTransition> {
        self.conclude(Self::Failed, Self::SentFailed, "failed")
    }

    fn conclude(self, verifying: Self, sent: Self, to: &'static str) -> Result<Self, BadTransition> {
        match self {
            Self::Verifying => Ok(verifying),
            Self::SentVerifying => Ok(sent),
            Self::Pending
            | Self::SentUnverified
            | Self::Verified
            | Self::Reconciled
            | Self::Failed
            | Self::SentFailed => Err(BadTransition { from: self, to }),
        }
    }

    /// Whether a passing verdict is announced downstream: not where somebody has sent the record already.
    pub fn announces(self) -> bool {
        self == Self::Verifying
    }

    /// Whether no arrow leads out of it.
    pub fn is_final(self) -> bool {
        self.pick().is_err()
    }

    /// The word that the API and the table use.
    pub fn word(self) -> &'static str {
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
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_original() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_string(&status).expect("a word"), format!("\"{}\"", status.word()));
        }
    }

    #[test]
    fn no_transition_leaves_a_final_state() {
        for status in Status::ALL.into_iter().filter(|status| status.is_final()) {
            assert!(status.repair().is_err(), "{status}");
            assert!(
                status.verify().is_err() && status.reconcile().is_err() && status.fail().is_err(),
                "{status}"
            );
        }
    }

    #[test]
    fn a_repaired_record_keeps_its_mark_only_when_it_fails() {
        let sent = Status::Pending.repair().and_then(Status::pick).expect("it may be picked");
        assert_eq!(sent, Status::SentVerifying);
        assert!(!sent.announces());
        assert_eq!(sent.fail(), Ok(Status::SentFailed));
        assert_eq!(sent.verify(), Ok(Status::Verified));
    }
}
