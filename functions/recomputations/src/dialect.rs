//! Pure. The two dialects of the API.

use domain::recomputations::document::TimestampFormat;

/// A dialect of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `/recomputations`, as documented.
    Documented,
    /// `/api/v2/recomputations`, as in the newer API, which compute engines read.
    V2,
}

impl Dialect {
    /// Returns the dialect of a path.
    pub fn from_path(path: &str) -> Self {
        if path.starts_with("/api/v2/") { Self::V2 } else { Self::Documented }
    }

    /// Returns the form of times.
    pub fn zone(self) -> TimestampFormat {
        match self {
            Self::Documented => TimestampFormat::WithoutZone,
            Self::V2 => TimestampFormat::Z,
        }
    }

    /// Returns the path of the list of requests.
    pub fn path(self) -> &'static str {
        match self {
            Self::Documented => "/recomputations",
            Self::V2 => "/api/v2/recomputations",
        }
    }

    /// Returns the message of a reset.
    pub fn reset_message(self) -> &'static str {
        match self {
            Self::Documented => "Recomputation status reset to: pending",
            Self::V2 => "Recomputation status reset successfully to: pending",
        }
    }
}
