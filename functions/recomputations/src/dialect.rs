//! Pure. The two ways in which the same things are said.

use domain::recomputations::document::Zone;
use http::StatusCode;

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
    pub fn zone(self) -> Zone {
        match self {
            Self::Document => Zone::Unnamed,
            Self::V2 => Zone::Z,
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

    /// The status of the answer to a status that is none; `configured` is the operator's choice for the document's.
    pub fn ineligible(self, configured: u16) -> StatusCode {
        match (self, configured) {
            (Self::Document, 404) => StatusCode::NOT_FOUND,
            _ => StatusCode::CONFLICT,
        }
    }
}
