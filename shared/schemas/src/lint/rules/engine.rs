//! Pure. Storage engines.

use crate::lint::read::Statement;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `ENGINE=MyISAM` and every other engine but `InnoDB`. They lack transactions, row locks or crash safety.
pub(super) const RULE: Rule = Rule {
    id: RuleId(10),
    key: "engine",
    name: "storage engine",
    description: "a storage engine other than InnoDB",
    severity: Severity::Warning,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    if matches!(subject.statement, Statement::CreateTable(create) if create.is_temporary) {
        return;
    }
    for options in subject.options() {
        if let Some(engine) = options.engine.as_ref().filter(|engine| !engine.eq_ignore_ascii_case("innodb"))
        {
            notes.add(options.line, format!("storage engine {engine} of {}: use InnoDB", subject.name()));
        }
    }
}
