//! Pure. Tables that are created from a SELECT.

use crate::lint::read::Statement;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `CREATE TABLE copy AS SELECT * FROM users`: the copy has no indexes, locks the rows it reads for its whole
/// run, and cannot be repeated by the review on an empty scratch schema.
pub(super) const RULE: Rule = Rule {
    id: RuleId(26),
    key: "create-select",
    name: "CREATE TABLE … SELECT",
    description: "a table that is created from a SELECT",
    severity: Severity::Warning,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let Statement::CreateTable(create) = subject.statement else { return };
    if create.selects && !create.is_temporary {
        let line = create.name.ident.line;
        notes.add(
            line,
            format!("{} is created from a SELECT: create it, then insert in batches", subject.name()),
        );
    }
}
