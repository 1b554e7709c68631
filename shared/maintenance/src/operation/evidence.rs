//! Pure. The evidence that a statement had its effect, for when nobody saw its answer.
//!
//! A backend whose client is gone finishes its statement. What it left behind is compared with what was there before.

use serde::{Deserialize, Serialize};

use crate::operation::kind::Kind;
use crate::operation::mode::Word;
use crate::operation::options::Options;

/// What a relation looks like before or after a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The file node of the relation. Every rewrite changes it.
    #[serde(rename = "fn")]
    pub filenode: Option<i64>,
    /// The indexes with their file nodes, as text.
    #[serde(rename = "fi")]
    pub indexes: String,
    /// How often the table was vacuumed by a command.
    #[serde(rename = "vc")]
    pub vacuum_count: i64,
    /// When it was last vacuumed by a command, in microseconds since the epoch.
    #[serde(rename = "va")]
    pub last_vacuum: Option<i64>,
    /// How often it was analyzed by a command.
    #[serde(rename = "ac")]
    pub analyze_count: i64,
    /// When it was last analyzed by a command, in microseconds since the epoch.
    #[serde(rename = "an")]
    pub last_analyze: Option<i64>,
}

impl Evidence {
    /// Whether `after` proves that a statement of this kind finished since `self` was recorded.
    ///
    /// `VACUUM (FULL)` advances no counter, but writes a new file. The counters of an effect are compared together with
    /// its time, because an administrator can reset the counters.
    pub fn is_followed_by(&self, after: &Self, kind: Kind, options: &Options) -> bool {
        let has_new_file = self.filenode != after.filenode && after.filenode.is_some();
        let is_vacuumed = after.vacuum_count > self.vacuum_count || after.last_vacuum > self.last_vacuum;
        let is_analyzed = after.analyze_count > self.analyze_count || after.last_analyze > self.last_analyze;
        match kind {
            Kind::Vacuum if options.mode.has(Word::Full) => has_new_file,
            Kind::Vacuum => is_vacuumed && (is_analyzed || !options.mode.has(Word::Analyze)),
            Kind::Analyze => is_analyzed,
            Kind::Reindex => self.indexes != after.indexes && !after.indexes.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::mode::Mode;

    fn before() -> Evidence {
        Evidence {
            filenode: Some(16_385),
            indexes: "16390:16390".to_owned(),
            vacuum_count: 2,
            last_vacuum: Some(1_000),
            analyze_count: 3,
            last_analyze: Some(1_000),
        }
    }

    fn mode(text: &str) -> Options {
        Options { mode: Mode::parse(text).expect("a mode"), ..Options::default() }
    }

    #[test]
    fn each_statement_is_proved_by_its_own_effect() {
        let rewritten = Evidence { filenode: Some(16_392), ..before() };
        let vacuumed = Evidence { vacuum_count: 3, ..before() };
        let analyzed = Evidence { analyze_count: 4, ..before() };
        let both = Evidence { vacuum_count: 3, analyze_count: 4, ..before() };
        let reindexed = Evidence { indexes: "16390:16400".to_owned(), ..before() };
        for (kind, options, after, expected) in [
            (Kind::Vacuum, mode("full"), &rewritten, true),
            (Kind::Vacuum, mode("full"), &vacuumed, false),
            (Kind::Vacuum, Options::default(), &vacuumed, true),
            (Kind::Vacuum, Options::default(), &rewritten, false),
            (Kind::Vacuum, mode("analyze"), &vacuumed, false),
            (Kind::Vacuum, mode("analyze"), &both, true),
            (Kind::Analyze, Options::default(), &analyzed, true),
            (Kind::Analyze, Options::default(), &vacuumed, false),
            (Kind::Reindex, Options::default(), &reindexed, true),
            (Kind::Reindex, Options::default(), &rewritten, false),
        ] {
            assert_eq!(before().is_followed_by(after, kind, &options), expected, "{kind} {after:?}");
        }
    }

    #[test]
    fn nothing_is_proved_by_an_unchanged_or_dropped_relation() {
        for kind in Kind::ALL {
            assert!(!before().is_followed_by(&before(), kind, &Options::default()), "{kind}");
            assert!(!before().is_followed_by(&Evidence::default(), kind, &mode("full")), "{kind}");
        }
    }

    #[test]
    fn reset_counters_do_not_hide_a_later_vacuum() {
        let after = Evidence { vacuum_count: 1, last_vacuum: Some(2_000), ..before() };
        assert!(before().is_followed_by(&after, Kind::Vacuum, &Options::default()));
    }
}
