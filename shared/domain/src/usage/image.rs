//! Pure. Activated images.

use serde::{Deserialize, Serialize};

use crate::notification::mark::Mark;
use crate::time::Micros;
use crate::usage::record::NewImage;

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
    /// Which event `last_raw` is: of several activations of an image the earliest event's counts.
    #[serde(rename = "by")]
    pub event: Mark,
}

impl Image {
    /// The row of an activation.
    pub fn new(id: u64, effect: &NewImage, raw: u64, event: Mark) -> Self {
        Self {
            id,
            uuid: effect.uuid.clone(),
            created_at: effect.created_at,
            owner: effect.owner.clone(),
            size: effect.size,
            last_raw: raw,
            event,
        }
    }
}
