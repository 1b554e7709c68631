//! Pure. Deletes of instances and of images.

use serde::{Deserialize, Serialize};

use crate::notification::mark::Mark;
use crate::time::Micros;
use crate::usage::record::{NewImageDelete, NewInstanceDelete};

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
    /// Which event `raw` is: of several deletes of an image the earliest event's counts.
    #[serde(rename = "by")]
    pub event: Mark,
}

impl ImageDelete {
    /// The row of an event.
    pub fn new(id: u64, effect: &NewImageDelete, raw: u64, event: Mark) -> Self {
        Self { id, uuid: effect.uuid.clone(), deleted_at: effect.deleted_at, raw, event }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(at: i64, message: &str) -> Mark {
        Mark { at: Micros(at), message: message.to_owned() }
    }

    #[test]
    fn a_repeated_delete_is_one_row_whose_raw_is_the_newest_event_in_any_order() {
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
            assert!(!delete.merge(12, &events[2].1), "saying it again changes nothing");
        }
    }
}
