//! Pure. TIMESTAMP columns.

use crate::lint::model::Column;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `expires TIMESTAMP`. Its values end in January 2038 (MySQL, and MariaDB before 11.5) and are converted
/// between the time zones of sessions. DATETIME has neither limit. The columns of system versioning must be
/// TIMESTAMP.
pub(super) const RULE: Rule = Rule {
    id: RuleId(17),
    key: "time-type",
    name: "time type",
    description: "a TIMESTAMP column, whose range ends in 2038",
    severity: Severity::Notice,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let is_timestamp = |column: &&Column| column.data_type.base == "timestamp" && !column.is_generated;
    for column in subject.columns().into_iter().filter(is_timestamp) {
        let name = &column.name;
        notes.add(
            name.line,
            format!("column {name} is TIMESTAMP, whose range ends in 2038: consider DATETIME"),
        );
    }
}
