//! Pure. Tables without primary key.

use crate::lint::definition::Change;
use crate::lint::read::Statement;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `CREATE TABLE log (message TEXT)` and `ALTER TABLE log DROP PRIMARY KEY`. `InnoDB` then clusters the rows by
/// a hidden id, and row-based replication scans the table for each changed row.
pub(super) const RULE: Rule = Rule {
    id: RuleId(5),
    key: "no-primary-key",
    name: "no primary key",
    description: "a table without primary key",
    severity: Severity::Warning,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let is_keyed = subject.after.primary_key().is_some();
    let name = subject.name();
    match subject.statement {
        Statement::CreateTable(create) if !create.is_temporary && !is_keyed => {
            let is_unknown_copy =
                create.like.as_ref().is_some_and(|like| subject.catalog.get(like).is_none());
            if !is_unknown_copy {
                notes.add(create.name.ident.line, format!("table {name} has no primary key"));
            }
        }
        Statement::AlterTable { name: altered, changes } if !is_keyed => {
            let had_key = subject.before.is_some_and(|known| known.definition.primary_key().is_some());
            let dropped = changes.iter().find_map(|change| match change {
                Change::DropPrimaryKey(line) => Some(*line),
                _ => None,
            });
            if let Some(line) = dropped.or(had_key.then_some(altered.ident.line)) {
                notes.add(line, format!("table {name} is left without a primary key"));
            }
        }
        _ => {}
    }
}
