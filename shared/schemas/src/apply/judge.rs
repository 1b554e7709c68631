//! Pure. Decides whether a statement whose outcome is unknown had its effect.

use crate::apply::plan::Planned;
use crate::mysql::kind::Kind;

/// The outcome of a statement that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It had no effect. It can be executed.
    Absent,
    /// It had its effect.
    Done,
    /// Nothing on the server tells. A person decides.
    InDoubt,
}

/// Returns the outcome of a statement that was started when the schema had the checksum `before`, and whose connection is
/// gone. `live` is the checksum of the schema now.
///
/// Only a statement that changes the structure is judged, and only if the review saw it move the checksum from exactly
/// `before`: then the checksum shows its effect. Any other one may have had an effect that no checksum shows.
pub fn judge(statement: &Planned, before: &str, live: &str) -> Verdict {
    match &statement.reviewed {
        Some(reviewed)
            if statement.kind == Kind::Ddl && reviewed.before == before && reviewed.after != before =>
        {
            if live == before {
                Verdict::Absent
            } else if live == reviewed.after {
                Verdict::Done
            } else {
                Verdict::InDoubt
            }
        }
        _ => Verdict::InDoubt,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::apply::plan::Reviewed;

    fn statement(kind: Kind, reviewed: Option<(&str, &str)>) -> Planned {
        Planned {
            detail: 1,
            statement: 0,
            is_revert: false,
            is_last: true,
            sql: String::new(),
            kind,
            reviewed: reviewed
                .map(|(before, after)| Reviewed { before: before.to_owned(), after: after.to_owned() }),
        }
    }

    #[test]
    fn only_a_checksum_that_the_statement_moves_shows_its_effect() {
        let moved = Some(("a", "b"));
        for (kind, reviewed, before, live, verdict) in [
            (Kind::Ddl, moved, "a", "a", Verdict::Absent),
            (Kind::Ddl, moved, "a", "b", Verdict::Done),
            (Kind::Ddl, moved, "a", "c", Verdict::InDoubt),
            // The review started from another structure.
            (Kind::Ddl, moved, "x", "x", Verdict::InDoubt),
            (Kind::Ddl, moved, "x", "b", Verdict::InDoubt),
            // CREATE TABLE IF NOT EXISTS of a table that exists.
            (Kind::Ddl, Some(("a", "a")), "a", "a", Verdict::InDoubt),
            (Kind::Ddl, None, "a", "a", Verdict::InDoubt),
            (Kind::Dml, Some(("a", "a")), "a", "a", Verdict::InDoubt),
            (Kind::Dml, moved, "a", "a", Verdict::InDoubt),
            (Kind::Other, moved, "a", "b", Verdict::InDoubt),
        ] {
            let statement = statement(kind, reviewed);
            assert_eq!(judge(&statement, before, live), verdict, "{kind:?} {reviewed:?} {before} {live}");
        }
    }

    proptest! {
        /// A statement that takes the schema from `from` to `to` is executed if it had not been, and only then, or a person
        /// decides.
        #[test]
        fn verdicts_are_never_wrong(
            from in "[ab]", to in "[ab]", reviewed in proptest::option::of(("[ab]", "[ab]")),
            kind in prop_oneof![Just(Kind::Ddl), Just(Kind::Dml), Just(Kind::Other)], happened: bool,
        ) {
            // The same statement has the same effect on the same structure, on the scratch server and here.
            prop_assume!(reviewed.as_ref().is_none_or(|(before, after)| before != &from || after == &to));
            let pair = reviewed.as_ref().map(|(before, after)| (before.as_str(), after.as_str()));
            let live = if happened { &to } else { &from };
            match judge(&statement(kind, pair), &from, live) {
                Verdict::Absent => prop_assert!(!happened),
                Verdict::Done => prop_assert!(happened),
                Verdict::InDoubt => {}
            }
        }
    }
}
