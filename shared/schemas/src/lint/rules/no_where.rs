//! Pure. UPDATE and DELETE without WHERE.

use crate::lint::read::{Filter, Statement};
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags statements that change every row of a table: `UPDATE users SET active = 0`, `DELETE FROM log WHERE 1`.
/// A LIMIT does not help, because it does not say which rows. Inner joins with conditions count as a WHERE.
/// Bodies of stored programs are checked too.
pub(super) const RULE: Rule = Rule {
    id: RuleId(1),
    key: "no-where",
    name: "no update with where clause",
    description: "UPDATE or DELETE without WHERE, or with a WHERE that is always true",
    severity: Severity::Error,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let writes = match subject.statement {
        Statement::Write(write) => std::slice::from_ref(write),
        Statement::Program(program) => &program.writes,
        _ => return,
    };
    for write in writes {
        let problem = match write.filter {
            Filter::Present => continue,
            Filter::Absent => "has no WHERE",
            Filter::AlwaysTrue => "has a WHERE that is true for every row",
        };
        notes.add(write.line, format!("{} {problem}: it changes all rows", write.verb));
    }
}
