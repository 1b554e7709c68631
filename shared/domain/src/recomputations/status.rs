//! Pure. The status of a request, and its allowed transitions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The status of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Submitted and not decided on.
    Pending,
    /// Approved for computation.
    Approved,
    /// Rejected.
    Rejected,
    /// Being computed.
    Running,
    /// Computed.
    Done,
}

/// The allowed status changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transitions {
    /// A status may be followed by any status, including itself.
    Open,
    /// Only the transitions in the state diagram of [`crate::recomputations`] are allowed.
    Guarded,
}

/// The error of parsing a text that is not the name of a status. Names are case-sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownStatus;

impl Status {
    /// All statuses.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Approved, Self::Rejected, Self::Running, Self::Done];

    /// Returns the name used in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Running => "running",
            Self::Done => "done",
        }
    }

    /// Returns the statuses that may follow this one, apart from a reset.
    pub fn allowed_next(self, transitions: Transitions) -> &'static [Self] {
        match (transitions, self) {
            (Transitions::Open, _) => &Self::ALL,
            (Transitions::Guarded, Self::Pending) => &[Self::Approved, Self::Rejected],
            (Transitions::Guarded, Self::Approved) => &[Self::Running, Self::Rejected],
            (Transitions::Guarded, Self::Running) => &[Self::Done, Self::Approved],
            (Transitions::Guarded, Self::Rejected | Self::Done) => &[],
        }
    }

    /// Whether a request with this status may be reset to pending.
    pub fn may_be_reset(self, transitions: Transitions) -> bool {
        transitions == Transitions::Open || self != Self::Running
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.name() == text).ok_or(UnknownStatus)
    }
}

impl FromStr for Transitions {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "open" => Ok(Self::Open),
            "guarded" => Ok(Self::Guarded),
            _ => Err("expected open or guarded"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn open_transitions_allow_any_status_after_any() {
        for status in Status::ALL {
            assert_eq!(status.allowed_next(Transitions::Open), Status::ALL);
            assert!(status.may_be_reset(Transitions::Open));
        }
    }

    #[test]
    fn guarded_transitions_allow_only_the_listed_pairs() {
        use Status::{Approved, Done, Pending, Rejected, Running};
        let listed = [
            (Pending, Approved),
            (Pending, Rejected),
            (Approved, Running),
            (Approved, Rejected),
            (Running, Done),
            (Running, Approved),
        ];
        for from in Status::ALL {
            for to in Status::ALL {
                let is_allowed = from.allowed_next(Transitions::Guarded).contains(&to);
                assert_eq!(is_allowed, listed.contains(&(from, to)), "{from} -> {to}");
            }
            assert_eq!(from.may_be_reset(Transitions::Guarded), from != Running, "{from}");
        }
    }

    #[test]
    fn the_state_diagram_shows_the_guarded_transitions() {
        let diagram = include_str!("mod.rs");
        let arrows = diagram.lines().filter_map(|line| line.strip_prefix("//!     ")?.split_once(" --> "));
        let drawn: BTreeSet<_> = arrows.map(|(from, to)| (from.to_owned(), to.to_owned())).collect();
        let mut expected = BTreeSet::from([("[*]".to_owned(), "pending: submit".to_owned())]);
        for from in Status::ALL {
            let next = from.allowed_next(Transitions::Guarded).iter();
            expected.extend(next.map(|to| (from.to_string(), to.to_string())));
            // A pending request may be reset, too, which leaves it pending.
            if from != Status::Pending && from.may_be_reset(Transitions::Guarded) {
                expected.insert((from.to_string(), "pending: reset".to_owned()));
            }
        }
        assert_eq!(drawn, expected);
    }

    #[test]
    fn a_status_parses_from_its_exact_name_only() {
        for status in Status::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        for unknown in ["", "Approved", "whatever", " done"] {
            assert_eq!(unknown.parse::<Status>(), Err(UnknownStatus), "{unknown}");
        }
    }
}
