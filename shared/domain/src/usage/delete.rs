//! Pure. Deletes of instances and of images.

use serde::{Deserialize, Serialize};

use crate::notification::Mark;
use crate::time::Micros;

/// A row of `InstanceDeletes`, one per instance and pair of times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceDelete {
    /// The row's id.
    pub id: u64,
    /// The instance's UUID.
    #[serde(rename = "in")]
    pub instance: String,
    /// When the deleted instance had been launched.
    #[serde(rename = "la")]
    pub launched_at: Micros,
    /// When it was deleted; none where no time was given.
    #[serde(rename = "da")]
    pub deleted_at: Option<Micros>,
    /// The notification that said so, the newest where it was said again.
    pub raw: u64,
    /// Which event `raw` is.
    #[serde(rename = "by")]
    pub newest: Mark,
    /// Counts the writes of the row: each expects the one before.
    #[serde(rename = "v")]
    pub version: u64,
}

impl InstanceDelete {
    /// The row that the first event makes which says so.
    pub fn new(id: u64, effect: &NewInstanceDelete, raw: u64, mark: Mark) -> Self {
        Self {
            id,
            instance: effect.instance.clone(),
            launched_at: effect.launched_at,
            deleted_at: effect.deleted_at,
            raw,
            newest: mark,
            version: 1,
        }
    }

    /// Takes in that another event says so too, and says whether it is newer: then `raw` is its row.
    /// `version` is the writer's to count.
    pub fn merge(&mut self, raw: u64, mark: &Mark) -> bool {
        let newer = (mark, raw) > (&self.newest, self.raw);
        if newer {
            self.raw = raw;
            self.newest.clone_from(mark);
        }
        newer
    }
}

/// A row of `ImageDeletes`, one per notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDelete {
    /// The row's id.
    pub id: u64,
    /// The image's UUID.
    #[serde(rename = "uu")]
    pub uuid: String,
    /// When it was deleted; none where no time was given.
    #[serde(rename = "da")]
    pub deleted_at: Option<Micros>,
    /// The notification that said so.
    pub raw: u64,
}
