//! Pure. Upper-case letters in names.

use crate::lint::model::Ident;
use crate::lint::read::{ProgramKind, Statement};
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `CREATE TABLE UserAccounts (…)`. Whether such names differ from their lower-case forms depends on the file
/// system and on `lower_case_table_names`, so a schema can fail on another server.
pub(super) const RULE: Rule = Rule {
    id: RuleId(19),
    key: "name-case",
    name: "name case",
    description: "a table or view name with upper-case letters",
    severity: Severity::Warning,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let view = match subject.statement {
        Statement::Program(program) if program.kind == ProgramKind::View => Some(&program.name.ident),
        _ => None,
    };
    let has_upper = |name: &&Ident| name.text.chars().any(char::is_uppercase);
    for name in subject.new_names().into_iter().chain(view).filter(has_upper) {
        notes
            .add(name.line, format!("name {name} has upper-case letters, which not all servers distinguish"));
    }
}
