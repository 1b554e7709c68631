//! Pure. Activated images.

use serde::{Deserialize, Serialize};

use crate::notification::mark::Mark;
use crate::time::Micros;
use crate::usage::effect::NewImage;

/// A row of `ImageUsage`, one per activation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The row's id.
    pub id: u64,
    /// The image's UUID.
    #[serde(rename = "uu")]
    pub uuid: String,
    /// When the image was created.
    #[serde(rename = "ca")]
    pub created_at: Micros,
    /// The tenant that owns it.
    #[serde(rename = "ow")]
    pub owner: Option<String>,
    /// The image's size in bytes.
    #[serde(rename = "sz")]
    pub size: i64,
    /// The raw row of the notification that activated it.
    #[serde(rename = "raw")]
    pub last_raw: u64,
    /// The position of that event: of several activations of an image, the earliest counts.
    #[serde(rename = "by")]
    pub mark: Mark,
}

impl Image {
    /// Creates the row of an activation.
    pub fn new(id: u64, effect: &NewImage, raw: u64, mark: Mark) -> Self {
        Self {
            id,
            uuid: effect.uuid.clone(),
            created_at: effect.created_at,
            owner: effect.owner.clone(),
            size: effect.size,
            last_raw: raw,
            mark,
        }
    }
}
