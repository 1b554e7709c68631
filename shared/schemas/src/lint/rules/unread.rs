//! Pure. Statements that the parser rejects.

use crate::lint::report::{Finding, RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Marks statements that the parser of `sqlparser` rejects, such as `ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4`.
/// Many of them are valid: the server decides. Other rules still check the clauses that they recognize.
pub(super) const RULE: Rule = Rule {
    id: RuleId(28),
    key: "unread",
    name: "statement not read",
    description: "a statement that the parser rejects; other rules check only the clauses they recognize",
    severity: Severity::Notice,
    check,
};

/// Finds nothing: the parser needs the text of the statement, which rules do not see.
fn check(_: &Subject<'_>, _: &mut Notes) {}

/// Returns the notice for a statement that the parser rejects.
pub(in crate::lint) fn finding(statement: usize) -> Finding {
    Finding {
        rule: RULE.id,
        severity: RULE.severity,
        message: "the parser does not know this statement: only the clauses that rules recognize are checked"
            .to_owned(),
        statement,
        line: None,
    }
}
