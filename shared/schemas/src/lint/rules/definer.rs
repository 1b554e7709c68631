//! Pure. DEFINER clauses.

use crate::lint::read::Statement;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags ``CREATE DEFINER=`root`@`localhost` VIEW …``: the account may not exist on every server, and the program runs
/// with its rights. Without the clause the definer is the account that applies the changeset.
pub(super) const RULE: Rule = Rule {
    id: RuleId(20),
    key: "definer",
    name: "definer",
    description: "a DEFINER clause with a fixed account",
    severity: Severity::Warning,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let Statement::Program(program) = subject.statement else { return };
    if let Some(definer) = &program.definer {
        let (kind, name) = (program.kind.name(), &program.name);
        notes.add(program.line, format!("{kind} {name} runs as {definer}: leave out DEFINER"));
    }
}
