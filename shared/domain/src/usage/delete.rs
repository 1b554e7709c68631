//! Pure. Deletes of instances and images.

use serde::{Deserialize, Serialize};

use crate::notification::mark::Mark;
use crate::time::Micros;
use crate::usage::effect::{NewImageDelete, NewInstanceDelete};

/// A row of `InstanceDeletes`, one per instance and pair of times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceDelete {
    /// The row's id.
    pub id: u64,
    /// The instance's UUID.
    #[serde(rename = "in")]
    pub instance: String,
    /// When the instance was launched.
    #[serde(rename = "la")]
    pub launched_at: Micros,
    /// When it was deleted. `None` if the notification has no time.
    #[serde(rename = "da")]
    pub deleted_at: Option<Micros>,
    /// The raw row of the notification, the newest if there are several.
    pub raw: u64,
    /// The position of that event.
    #[serde(rename = "by")]
    pub newest: Mark,
    /// The version of the row, for optimistic locking.
    #[serde(rename = "v")]
    pub version: u64,
}

impl InstanceDelete {
    /// Creates the row for the first notification of the delete.
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

    /// Merges another notification of the same delete. Returns whether it is newer, in which case `raw` is its row now.
    /// Does not count `version`: the writer does.
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
    /// When it was deleted. `None` if the notification has no time.
    #[serde(rename = "da")]
    pub deleted_at: Option<Micros>,
    /// The raw row of the notification.
    pub raw: u64,
    /// The position of that event: of several deletes of an image, the earliest counts.
    #[serde(rename = "by")]
    pub mark: Mark,
}

impl ImageDelete {
    /// Creates the row of a notification.
    pub fn new(id: u64, effect: &NewImageDelete, raw: u64, mark: Mark) -> Self {
        Self { id, uuid: effect.uuid.clone(), deleted_at: effect.deleted_at, raw, mark }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: i64, message: &str) -> Mark {
        Mark { at: Micros(at), message: message.to_owned() }
    }

    #[test]
    fn repeated_delete_points_to_its_newest_notification_in_any_order() {
        let effect = NewInstanceDelete {
            instance: "i".to_owned(),
            launched_at: Micros(1),
            deleted_at: Some(Micros(2)),
        };
        let events = [(10, mark(5, "a")), (11, mark(7, "a")), (12, mark(7, "b")), (13, mark(6, "z"))];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            let [first, rest @ ..] = order.map(|index: usize| events[index].clone());
            let mut delete = InstanceDelete::new(1, &effect, first.0, first.1);
            for (raw, mark) in rest {
                delete.merge(raw, &mark);
            }
            assert_eq!((delete.raw, &delete.newest), (12, &events[2].1), "{order:?}");
            assert!(!delete.merge(12, &events[2].1), "merging it again changes nothing");
        }
    }
}
