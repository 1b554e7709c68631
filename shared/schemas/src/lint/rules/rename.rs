//! Pure. Renamed tables and columns.

use crate::lint::definition::Change;
use crate::lint::model::Name;
use crate::lint::read::Statement;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `RENAME TABLE a TO b`, `ALTER TABLE a RENAME TO b` and `ALTER TABLE t CHANGE a b INT`: programs that run
/// during the change use the old name. A table that the changeset itself creates may be renamed.
pub(super) const RULE: Rule = Rule {
    id: RuleId(27),
    key: "rename",
    name: "renamed table or column",
    description: "a renamed table or column, which breaks running programs",
    severity: Severity::Warning,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let is_new = |name: &Name| subject.catalog.get(name).is_some_and(|known| known.is_new);
    match subject.statement {
        Statement::RenameTables(pairs) => {
            for (old, new) in pairs.iter().filter(|(old, _)| !is_new(old)) {
                notes.add(
                    old.ident.line,
                    format!("table {old} becomes {new}: running programs use the old name"),
                );
            }
        }
        Statement::AlterTable { name, changes } if !is_new(name) => {
            for change in changes {
                check_change(&name.to_string(), change, notes);
            }
        }
        _ => {}
    }
}

fn check_change(name: &str, change: &Change, notes: &mut Notes) {
    let columns = match change {
        Change::RenameTo(new) => {
            let line = new.ident.line;
            notes.add(line, format!("table {name} becomes {new}: running programs use the old name"));
            return;
        }
        Change::ModifyColumn(old, column) => (old, &column.name),
        Change::RenameColumn(old, new) => (old, new),
        _ => return,
    };
    let (old, new) = columns;
    if !old.is(&new.text) {
        notes.add(
            old.line,
            format!("column {old} of {name} becomes {new}: running programs use the old name"),
        );
    }
}
