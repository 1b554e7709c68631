//! Pure. Verdicts: compares exists records with the ledger.

pub mod fields;
pub mod glance;
pub mod nova;
pub mod reason;

use std::str::FromStr;

use crate::time::Micros;
use crate::usage::link::Links;
use crate::usage::status::{InvalidTransition, Status};

/// The result of the verification of one exists record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the record agrees with the ledger.
    pub outcome: Outcome,
    /// The rows that the record is linked to. They are stored whatever the outcome.
    pub links: Links,
}

/// Whether an exists record agrees with the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The record agrees with the ledger.
    Verified,
    /// The record disagrees with the ledger, but agrees with an audit report.
    Reconciled,
    /// The record disagrees, for this `fail_reason`.
    Failed(String),
}

impl Verdict {
    /// Whether the record agrees with the ledger or an audit report, as its announcement requires.
    pub fn passes(&self) -> bool {
        match self.outcome {
            Outcome::Verified | Outcome::Reconciled => true,
            Outcome::Failed(_) => false,
        }
    }

    /// Returns the state after the verdict.
    pub fn status(&self, from: Status) -> Result<Status, InvalidTransition> {
        match self.outcome {
            Outcome::Verified => from.verify(),
            Outcome::Reconciled => from.reconcile(),
            Outcome::Failed(_) => from.fail(),
        }
    }

    /// Returns the `fail_reason` to store. `None` leaves the stored reason unchanged.
    pub fn fail_reason(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Failed(reason) => Some(reason),
            Outcome::Verified | Outcome::Reconciled => None,
        }
    }
}

/// Returns when a record becomes due for verification: at the end of its audit period, plus the time allowed for late
/// notifications.
pub fn due_at(audit_period_ending: Micros, settle_seconds: i64) -> Micros {
    audit_period_ending.plus_seconds(settle_seconds)
}

/// Whether a record is due for verification.
pub fn is_due(audit_period_ending: Micros, settle_seconds: i64, now: Micros) -> bool {
    due_at(audit_period_ending, settle_seconds) <= now
}

/// The fields of an exists record that are validated before it is compared with the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// No fields.
    None,
    /// Tenant, launch time and flavor.
    Basic,
    /// Like `Basic`, and options, architecture, distribution and version.
    All,
}

/// The flavor field that an exists record is compared by.
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
            _ => Err("expected none, basic or all"),
        }
    }
}

impl FromStr for FlavorField {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "instance_type_id" => Ok(Self::InstanceTypeId),
            "instance_flavor_id" => Ok(Self::InstanceFlavorId),
            _ => Err("expected instance_type_id or instance_flavor_id"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(outcome: Outcome) -> Verdict {
        Verdict { outcome, links: Links::default() }
    }

    #[test]
    fn record_is_due_after_its_audit_period_and_the_settle_time() {
        let ending = Micros(1_390_000_000_000_001);
        assert_eq!(due_at(ending, 300), Micros(1_390_000_300_000_001));
        assert!(!is_due(ending, 300, Micros(1_390_000_300_000_000)));
        assert!(is_due(ending, 300, Micros(1_390_000_300_000_001)));
        assert!(
            !is_due(Micros(ending.0 + 86_400_000_000), 0, ending),
            "a period that ends in the future is not due"
        );
    }

    #[test]
    fn verdict_follows_the_transitions_of_the_status() {
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
    fn only_failures_have_a_reason() {
        let failed = verdict(Outcome::Failed("why".to_owned()));
        assert_eq!((failed.passes(), failed.fail_reason()), (false, Some("why")));
        for outcome in [Outcome::Verified, Outcome::Reconciled] {
            let verdict = verdict(outcome);
            assert_eq!((verdict.passes(), verdict.fail_reason()), (true, None));
        }
    }
}
