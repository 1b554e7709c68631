//! Pure. The order of notifications that change the same row.

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// A sortable identifier of an event: the mark of a newer event is greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    /// The notification's timestamp.
    #[serde(rename = "t")]
    pub at: Micros,
    /// The notification's `message_id`, or its position in its chunk if it has none.
    #[serde(rename = "m")]
    pub message: String,
}
