//! Pure. `AUTO_INCREMENT` columns.

use crate::lint::model::Column;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `id INT AUTO_INCREMENT` and smaller types: ids are never negative, and INT UNSIGNED or BIGINT have room for
/// more than 2^31 of them. Also flags a start value beyond 80 % of the type.
pub(super) const RULE: Rule = Rule {
    id: RuleId(22),
    key: "auto-increment",
    name: "auto-increment",
    description: "an AUTO_INCREMENT column that is too small or nearly used up",
    severity: Severity::Warning,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    for column in subject.columns().into_iter().filter(|column| column.is_auto_increment) {
        let (name, data_type) = (&column.name, &column.data_type);
        let is_large = data_type.base == "bigint" || (data_type.base == "int" && data_type.is_unsigned);
        if !is_large {
            let message = format!("AUTO_INCREMENT column {name} is {data_type}: use INT UNSIGNED or BIGINT");
            notes.add(name.line, message);
        }
    }
    let Some(column) = subject.after.columns.iter().find(|column| column.is_auto_increment) else { return };
    for options in subject.options() {
        if options.auto_increment.is_some_and(|start| is_nearly_used_up(column, start)) {
            let (name, data_type) = (&column.name, &column.data_type);
            let message =
                format!("AUTO_INCREMENT of {name} starts beyond 80 % of what {data_type} can store");
            notes.add(options.line, message);
        }
    }
}

fn is_nearly_used_up(column: &Column, start: u64) -> bool {
    column.data_type.integer_maximum().is_some_and(|maximum| u128::from(start) * 10 > maximum * 8)
}
