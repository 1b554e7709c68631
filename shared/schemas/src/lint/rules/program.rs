//! Pure. Stored programs.

use crate::lint::read::{ProgramKind, Statement};
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `CREATE PROCEDURE`, `CREATE FUNCTION`, `CREATE TRIGGER` and `CREATE EVENT`: code in the database is deployed
/// and tested apart from the application. Of its body, only UPDATE and DELETE without WHERE are found.
pub(super) const RULE: Rule = Rule {
    id: RuleId(24),
    key: "routine",
    name: "stored program",
    description: "a stored procedure, function, trigger or event, whose body is hardly checked",
    severity: Severity::Notice,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let Statement::Program(program) = subject.statement else { return };
    if program.kind != ProgramKind::View {
        let (kind, name) = (program.kind.name(), &program.name);
        notes.add(program.line, format!("{kind} {name}: of its body, only UPDATE and DELETE are checked"));
    }
}
