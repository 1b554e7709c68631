//! Pure. The order of notifications that change the same row.

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// When an event happened and which it was: of two events the newer one has the greater mark.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    /// The notification's own time.
    #[serde(rename = "t")]
    pub at: Micros,
    /// Its `message_id`, or its place in its chunk where it has none.
    #[serde(rename = "m")]
    pub message: String,
}
