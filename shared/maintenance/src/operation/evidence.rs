//! Pure. The evidence that a statement had its effect, for a statement whose reply was lost.
//!
//! A backend whose client is gone finishes its statement. The relation is then compared with its state before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The state of a relation before or after a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The file node of the relation. Every rewrite changes it.
    #[serde(rename = "fn")]
    pub filenode: Option<i64>,
    /// The file nodes of the table's indexes by name. `REINDEX CONCURRENTLY` gives the name to another index.
    #[serde(rename = "fi")]
    pub indexes: BTreeMap<String, i64>,
    /// Counts VACUUM commands on the table.
    #[serde(rename = "vc")]
    pub vacuum_count: i64,
    /// When it was last vacuumed by a command, in microseconds since the epoch.
    #[serde(rename = "va")]
    pub last_vacuum: Option<i64>,
    /// Counts ANALYZE commands on the table.
    #[serde(rename = "ac")]
    pub analyze_count: i64,
    /// When it was last analyzed by a command, in microseconds since the epoch.
    #[serde(rename = "an")]
    pub last_analyze: Option<i64>,
}

/// The change that a command makes to the storage of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// None: the command is an ANALYZE.
    None,
    /// A VACUUM in place.
    Vacuumed,
    /// A VACUUM (FULL), which advances no counter but writes a new file.
    Rewritten,
    /// New files of the indexes.
    Reindexed,
}

/// Everything that a command does to a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The change to its storage.
    #[serde(rename = "ch")]
    pub change: Change,
    /// Whether its statistics are updated.
    #[serde(rename = "an")]
    pub is_analyzed: bool,
}

impl Evidence {
    /// Leaves out all indexes but one.
    #[must_use]
    pub fn of_index(mut self, name: &str) -> Self {
        self.indexes.retain(|index, _| index == name);
        self
    }

    /// Whether `after` proves that a statement with this effect finished since `self` was recorded.
    ///
    /// Counters are compared together with their times, because an administrator can reset the counters.
    pub fn is_followed_by(&self, after: &Self, effect: Effect) -> bool {
        let is_changed = match effect.change {
            Change::None => true,
            Change::Vacuumed => {
                after.vacuum_count > self.vacuum_count || after.last_vacuum > self.last_vacuum
            }
            Change::Rewritten => self.filenode != after.filenode && after.filenode.is_some(),
            Change::Reindexed => self.are_reindexed(after),
        };
        let is_analyzed = after.analyze_count > self.analyze_count || after.last_analyze > self.last_analyze;
        is_changed && (is_analyzed || !effect.is_analyzed)
    }

    /// Whether every index that was not dropped has a new file. `REINDEX CONCURRENTLY` replaces one index after the
    /// other.
    fn are_reindexed(&self, after: &Self) -> bool {
        let mut kept =
            self.indexes.iter().filter_map(|(name, old)| Some((old, after.indexes.get(name)?))).peekable();
        kept.peek().is_some() && kept.all(|(old, new)| old != new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indexes(all: &[(&str, i64)]) -> BTreeMap<String, i64> {
        all.iter().map(|(name, node)| ((*name).to_owned(), *node)).collect()
    }

    fn before() -> Evidence {
        Evidence {
            filenode: Some(16_385),
            indexes: indexes(&[("key", 16_390), ("name", 16_391)]),
            vacuum_count: 2,
            last_vacuum: Some(1_000),
            analyze_count: 3,
            last_analyze: Some(1_000),
        }
    }

    const ALL: [Effect; 6] = [
        Effect { change: Change::None, is_analyzed: true },
        Effect { change: Change::Vacuumed, is_analyzed: false },
        Effect { change: Change::Vacuumed, is_analyzed: true },
        Effect { change: Change::Rewritten, is_analyzed: false },
        Effect { change: Change::Rewritten, is_analyzed: true },
        Effect { change: Change::Reindexed, is_analyzed: false },
    ];

    #[test]
    fn each_effect_is_proved_by_its_own_traces() {
        let rewritten = Evidence { filenode: Some(16_392), ..before() };
        let vacuumed = Evidence { vacuum_count: 3, ..before() };
        let analyzed = Evidence { analyze_count: 4, ..before() };
        let vacuumed_and_analyzed = Evidence { analyze_count: 4, ..vacuumed.clone() };
        let rewritten_and_analyzed = Evidence { analyze_count: 4, ..rewritten.clone() };
        let reindexed = Evidence { indexes: indexes(&[("key", 16_400), ("name", 16_401)]), ..before() };
        for (after, proved) in [
            (before(), [false, false, false, false, false, false]),
            (analyzed, [true, false, false, false, false, false]),
            (vacuumed, [false, true, false, false, false, false]),
            (vacuumed_and_analyzed, [true, true, true, false, false, false]),
            (rewritten, [false, false, false, true, false, false]),
            (rewritten_and_analyzed, [true, false, false, true, true, false]),
            (reindexed, [false, false, false, false, false, true]),
            (Evidence::default(), [false; 6]),
        ] {
            assert_eq!(ALL.map(|effect| before().is_followed_by(&after, effect)), proved, "{after:?}");
        }
    }

    #[test]
    fn every_index_that_is_left_must_have_a_new_file() {
        for (after, expected) in [
            // REINDEX CONCURRENTLY: built, replaced one by one, and old ones left behind.
            (indexes(&[("key", 16_390), ("name", 16_391), ("key_ccnew", 16_400)]), false),
            (indexes(&[("key", 16_400), ("name", 16_391), ("key_ccold", 16_390)]), false),
            (indexes(&[("key", 16_400), ("name", 16_401), ("key_ccold", 16_390)]), true),
            // Dropped meanwhile.
            (indexes(&[("name", 16_401)]), true),
            (indexes(&[]), false),
        ] {
            let after = Evidence { indexes: after, ..before() };
            let reindexed = Effect { change: Change::Reindexed, is_analyzed: false };
            assert_eq!(before().is_followed_by(&after, reindexed), expected, "{after:?}");
        }
        let of_one = before().of_index("name");
        let after = Evidence { indexes: indexes(&[("key", 16_390), ("name", 16_401)]), ..before() };
        assert!(of_one.is_followed_by(&after, Effect { change: Change::Reindexed, is_analyzed: false }));
    }

    #[test]
    fn reset_counters_do_not_hide_a_later_vacuum() {
        let after = Evidence { vacuum_count: 1, last_vacuum: Some(2_000), ..before() };
        assert!(before().is_followed_by(&after, Effect { change: Change::Vacuumed, is_analyzed: false }));
    }
}
