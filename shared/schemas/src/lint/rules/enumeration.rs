//! Pure. ENUM and SET columns.

use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `status ENUM('new','paid')`. A new value needs an ALTER, values sort by position instead of text, and
/// removing one rebuilds the table. A table of values, or a short VARCHAR, is easier to change.
pub(super) const RULE: Rule = Rule {
    id: RuleId(14),
    key: "enum",
    name: "enumeration type",
    description: "an ENUM or SET column",
    severity: Severity::Notice,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    for column in subject.columns() {
        let (name, base) = (&column.name, column.data_type.base.to_uppercase());
        if matches!(base.as_str(), "ENUM" | "SET") {
            notes.add(name.line, format!("column {name} is {base}: every new value needs an ALTER TABLE"));
        }
    }
}
