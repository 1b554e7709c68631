//! Pure. Values of time expressions.

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// The value of a time expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// A point in time.
    Stamp(Micros),
    /// A range of time.
    Range(TimeRange),
}

/// The time from `begin`, inclusive, to `end`, exclusive. Empty if it ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimeRange {
    /// The first time in the range.
    #[serde(rename = "b")]
    pub begin: Micros,
    /// The first time after the range.
    #[serde(rename = "e")]
    pub end: Micros,
}

impl Time {
    /// Whether the range contains a time, or the point in time equals it.
    pub fn contains(self, at: Micros) -> bool {
        match self {
            Self::Stamp(stamp) => stamp == at,
            Self::Range(range) => range.contains(at),
        }
    }

    /// Returns the point in time, or the begin of the range.
    pub fn timestamp(self) -> Micros {
        match self {
            Self::Stamp(stamp) => stamp,
            Self::Range(range) => range.begin,
        }
    }
}

impl TimeRange {
    /// Whether the range contains a time.
    pub fn contains(self, at: Micros) -> bool {
        self.begin <= at && at < self.end
    }
}
