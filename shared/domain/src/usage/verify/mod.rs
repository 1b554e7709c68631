//! Pure. Whether an exists record agrees with the ledger.

pub mod fields;
pub mod glance;
pub mod nova;
pub mod reason;

use std::str::FromStr;

use crate::time::Micros;
use crate::usage::status::{BadTransition, Status};

/// What is found of one exists record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it agrees.
    pub outcome: Outcome,
    /// The launch or image that it belongs to, to be stored whatever the outcome.
    pub usage: Option<u64>,
    /// The delete that it belongs to, to be stored whatever the outcome.
    pub delete: Option<u64>,
}

/// Whether an exists record agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It agrees with the ledger.
    Verified,
    /// It agrees with an audit report, though not with the ledger.
    Reconciled,
    /// It does not agree, and why: the `fail_reason`.
    Failed(String),
}

impl Verdict {
    /// Whether the record may be announced, as far as it is concerned.
    pub fn passes(&self) -> bool {
        match self.outcome {
            Outcome::Verified | Outcome::Reconciled => true,
            Outcome::Failed(_) => false,
        }
    }

    /// Where the verdict takes a record that stands here.
    pub fn status(&self, from: Status) -> Result<Status, BadTransition> {
        match self.outcome {
            Outcome::Verified => from.verify(),
            Outcome::Reconciled => from.reconcile(),
            Outcome::Failed(_) => from.fail(),
        }
    }

    /// The `fail_reason` to be stored: none where the record passes, which leaves an older reason as it is.
    pub fn fail_reason(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Failed(reason) => Some(reason),
            Outcome::Verified | Outcome::Reconciled => None,
        }
    }
}

/// From when on a record may be verified: the end of its audit period, not its receipt, and the time that late
/// notifications are given to arrive.
pub fn due_at(audit_period_ending: Micros, settle_seconds: i64) -> Micros {
    audit_period_ending.plus_seconds(settle_seconds)
}

/// Whether a record may be verified now.
pub fn is_due(audit_period_ending: Micros, settle_seconds: i64, now: Micros) -> bool {
    due_at(audit_period_ending, settle_seconds) <= now
}

/// Which fields of an exists are validated before it is compared with the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// No field.
    None,
    /// Tenant, launch time and flavor.
    Basic,
    /// As `Basic`, and options, architecture, distribution and version.
    All,
}

/// The flavor field that an exists and its launch must agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlavorField {
    /// `instance_type_id`.
    InstanceTypeId,
    /// `instance_flavor_id`.
    InstanceFlavorId,
}

impl FromStr for Level {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "basic" => Ok(Self::Basic),
            "all" => Ok(Self::All),
            _ => Err("one of none, basic, all is expected"),
        }
    }
}

impl FromStr for FlavorField {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "instance_type_id" => Ok(Self::InstanceTypeId),
            "instance_flavor_id" => Ok(Self::InstanceFlavorId),
            _ => Err("instance_type_id or instance_flavor_id is expected"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(outcome: Outcome) -> Verdict {
        Verdict { outcome, usage: None, delete: None }
    }

    #[test]
    fn a_record_is_due_when_its_period_and_the_settle_time_are_over() {
        let ending = Micros(1_390_000_000_000_001);
        assert_eq!(due_at(ending, 300), Micros(1_390_000_300_000_001));
        assert!(!is_due(ending, 300, Micros(1_390_000_300_000_000)));
        assert!(is_due(ending, 300, Micros(1_390_000_300_000_001)));
        assert!(
            !is_due(Micros(ending.0 + 86_400_000_000), 0, ending),
            "a period that ends in the future waits"
        );
    }

    #[test]
    fn a_verdict_takes_a_record_along_the_arrows_of_its_state() {
        let failed = || verdict(Outcome::Failed("why".to_owned()));
        for (verdict, from, to) in [
            (verdict(Outcome::Verified), Status::Verifying, Status::Verified),
            (verdict(Outcome::Reconciled), Status::Verifying, Status::Reconciled),
            (failed(), Status::Verifying, Status::Failed),
            (verdict(Outcome::Verified), Status::SentVerifying, Status::Verified),
            (verdict(Outcome::Reconciled), Status::SentVerifying, Status::Reconciled),
            (failed(), Status::SentVerifying, Status::SentFailed),
        ] {
            assert_eq!(verdict.status(from), Ok(to), "{verdict:?}");
            assert!(verdict.status(Status::Pending).is_err());
        }
    }

    #[test]
    fn only_a_failure_has_a_reason() {
        let failed = verdict(Outcome::Failed("why".to_owned()));
        assert_eq!((failed.passes(), failed.fail_reason()), (false, Some("why")));
        for outcome in [Outcome::Verified, Outcome::Reconciled] {
            let verdict = verdict(outcome);
            assert_eq!((verdict.passes(), verdict.fail_reason()), (true, None));
        }
    }
}
