//! Pure. Activated images.

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// A row of `ImageUsage`, one per activation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The row's id.
    pub id: u64,
    /// The image's UUID.
    #[serde(rename = "uu")]
    pub uuid: String,
    /// When the image was made.
    #[serde(rename = "ca")]
    pub created_at: Micros,
    /// The tenant that owns it.
    #[serde(rename = "ow")]
    pub owner: Option<String>,
    /// Bytes.
    #[serde(rename = "sz")]
    pub size: i64,
    /// The notification that activated it.
    #[serde(rename = "raw")]
    pub last_raw: u64,
}
