//! Pure. Zero dates as defaults.

use crate::lint::definition::Change;
use crate::lint::model::{DefaultValue, Ident};
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `created DATETIME DEFAULT '0000-00-00 00:00:00'` and dates whose month or day is zero. Servers in the
/// default SQL mode refuse them, and most drivers cannot read them.
pub(super) const RULE: Rule = Rule {
    id: RuleId(16),
    key: "zero-date",
    name: "zero date",
    description: "a default that is not a date, such as 0000-00-00",
    severity: Severity::Warning,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    for column in subject.columns().into_iter().filter(|column| column.is_date()) {
        if let DefaultValue::Literal(value) = &column.default {
            check_default(&column.name, value, notes);
        }
    }
    for change in subject.changes() {
        let Change::SetDefault(name, value) = change else { continue };
        let known = subject.after.column(&name.text);
        if known.map_or(value.starts_with("0000"), crate::lint::model::Column::is_date) {
            check_default(name, value, notes);
        }
    }
}

fn check_default(name: &Ident, value: &str, notes: &mut Notes) {
    let date = value.split([' ', 'T']).next().unwrap_or_default();
    let is_zero = |part: &str| part.chars().all(|character| character == '0');
    if is_zero(date) || date.split('-').any(is_zero) {
        notes.add(name.line, format!("default '{value}' of column {name} is not a date: use NULL"));
    }
}
