//! Pure. The two ways in which the same things are said.

use domain::recomputations::document::TimestampFormat;

/// Which of the two APIs is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `/recomputations`, as its document says.
    Document,
    /// `/api/v2/recomputations`, as the newer API and its compute engines have it.
    V2,
}

impl Dialect {
    /// The dialect that is spoken under this path.
    pub fn of(path: &str) -> Self {
        if path.starts_with("/api/v2/") { Self::V2 } else { Self::Document }
    }

    /// How times are written.
    pub fn zone(self) -> TimestampFormat {
        match self {
            Self::Document => TimestampFormat::WithoutZone,
            Self::V2 => TimestampFormat::Z,
        }
    }

    /// The path of all requests.
    pub fn path(self) -> &'static str {
        match self {
            Self::Document => "/recomputations",
            Self::V2 => "/api/v2/recomputations",
        }
    }

    /// What a reset says.
    pub fn reset_message(self) -> &'static str {
        match self {
            Self::Document => "Recomputation status reset to: pending",
            Self::V2 => "Recomputation status reset successfully to: pending",
        }
    }
}
