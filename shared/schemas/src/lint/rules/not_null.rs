//! Pure. NOT NULL on existing tables.

use crate::lint::definition::Change;
use crate::lint::model::{Column, DefaultValue};
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `ALTER TABLE users ADD age INT NOT NULL`: existing rows get a 0 or an empty text that no one chose, and
/// writers that do not know the column fail. Also flags a column that was nullable and becomes NOT NULL: the change
/// fails if a row has NULL.
pub(super) const RULE: Rule = Rule {
    id: RuleId(25),
    key: "not-null",
    name: "NOT NULL without default",
    description: "an existing table that gets a NOT NULL column without default, or whose column becomes NOT NULL",
    severity: Severity::Warning,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    if subject.before.is_some_and(|known| known.is_new) {
        return;
    }
    for change in subject.changes() {
        match change {
            Change::AddColumn(column) if lacks_default(column) => {
                let (name, altered) = (&column.name, subject.name());
                let message =
                    format!("NOT NULL column {name} without default: existing rows of {altered} get none");
                notes.add(name.line, message);
            }
            Change::ModifyColumn(old, column) => {
                let known = subject.before.and_then(|known| known.definition.column(&old.text));
                if column.is_not_null && known.is_some_and(|known| !known.is_not_null) {
                    let name = &column.name;
                    notes.add(
                        name.line,
                        format!("column {name} becomes NOT NULL: rows with NULL make it fail"),
                    );
                }
            }
            _ => {}
        }
    }
}

fn lacks_default(column: &Column) -> bool {
    let is_filled = column.is_auto_increment || column.is_generated;
    column.is_not_null && column.default == DefaultValue::Absent && !is_filled
}
