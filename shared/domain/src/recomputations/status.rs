//! Pure. How far a request is, and which status may follow which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Submitted, and nobody decided yet.
    Pending,
    /// To be computed.
    Approved,
    /// Not to be computed.
    Rejected,
    /// Being computed.
    Running,
    /// Computed.
    Done,
}

/// Which status may follow which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transitions {
    /// Any follows any, itself included.
    Open,
    /// As drawn for the group.
    Guarded,
}

/// No status has this name; they are case-sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ineligible;

impl Status {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Approved, Self::Rejected, Self::Running, Self::Done];

    /// The name that the API uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Running => "running",
            Self::Done => "done",
        }
    }

    /// What may follow it.
    pub fn followers(self, transitions: Transitions) -> &'static [Self] {
        match (transitions, self) {
            (Transitions::Open, _) => &Self::ALL,
            (Transitions::Guarded, Self::Pending) => &[Self::Approved, Self::Rejected],
            (Transitions::Guarded, Self::Approved) => &[Self::Running, Self::Rejected],
            (Transitions::Guarded, Self::Running) => &[Self::Done, Self::Approved],
            (Transitions::Guarded, Self::Rejected | Self::Done) => &[],
        }
    }

    /// Whether a request in it may be reset to pending.
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
    type Err = Ineligible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.name() == text).ok_or(Ineligible)
    }
}

impl FromStr for Transitions {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "open" => Ok(Self::Open),
            "guarded" => Ok(Self::Guarded),
            _ => Err("open or guarded is expected"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_status_follows_any_where_transitions_are_open() {
        for status in Status::ALL {
            assert_eq!(status.followers(Transitions::Open), Status::ALL);
            assert!(status.may_be_reset(Transitions::Open));
        }
    }

    #[test]
    fn only_what_is_drawn_follows_where_they_are_guarded() {
        use Status::{Approved, Done, Pending, Rejected, Running};
        let drawn = [
            (Pending, Approved),
            (Pending, Rejected),
            (Approved, Running),
            (Approved, Rejected),
            (Running, Done),
            (Running, Approved),
        ];
        for from in Status::ALL {
            for to in Status::ALL {
                let follows = from.followers(Transitions::Guarded).contains(&to);
                assert_eq!(follows, drawn.contains(&(from, to)), "{from} -> {to}");
            }
            assert_eq!(from.may_be_reset(Transitions::Guarded), from != Running, "{from}");
        }
    }

    #[test]
    fn a_status_is_read_as_it_is_written_and_nothing_else_is_one() {
        for status in Status::ALL {
            assert_eq!(status.name().parse(), Ok(status));
        }
        for wrong in ["", "Approved", "whatever", " done"] {
            assert_eq!(wrong.parse::<Status>(), Err(Ineligible), "{wrong}");
        }
    }
}
