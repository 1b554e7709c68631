//! Work that is due at a time: one row in the partition of its minute, put with what is due and removed with its end.
//!
//! The ticker looks at each minute as it comes, and at the last five again, so that a row which was put late is found.

use serde::{Deserialize, Serialize};

use crate::key::{Collection, Key};
use crate::time::Micros;

const MINUTE: i64 = 60_000_000;

/// Minutes that every sweep looks at again.
pub const OVERLAP: i64 = 5;

/// One row of due work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// What kind of row is due.
    #[serde(rename = "k")]
    pub collection: Collection,
    /// Which one; of rows that are verified together, the first.
    pub id: u64,
}

/// The minute (since the epoch) in which something that is due at `at` is looked at: never one that has begun.
pub fn minute(at: Micros, now: Micros) -> i64 {
    let next = now.0.div_euclid(MINUTE) + 1;
    let due = at.0.saturating_add(MINUTE - 1).div_euclid(MINUTE);
    due.max(next)
}

/// The minute (since the epoch) that it is.
pub fn current_minute(now: Micros) -> i64 {
    now.0.div_euclid(MINUTE)
}

/// The row that says so.
pub fn key(minute: i64, collection: Collection, id: u64) -> Key {
    Key::due(minute, collection, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_work_is_looked_at_when_its_minute_begins_and_not_before_the_next() {
        let at = |seconds: i64| Micros(seconds * 1_000_000);
        assert_eq!(minute(at(120), at(0)), 2);
        assert_eq!(minute(at(121), at(0)), 3);
        assert_eq!(minute(at(0), at(600)), 11);
        assert_eq!(minute(at(600), at(599)), 10);
        assert_eq!(current_minute(at(659)), 10);
    }
}
