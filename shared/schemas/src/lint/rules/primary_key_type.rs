//! Pure. Types of primary keys.

use crate::lint::model::DataType;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `email VARCHAR(255) PRIMARY KEY` and `id CHAR(36) PRIMARY KEY`. Every secondary index of `InnoDB` contains
/// the primary key, so long keys make all of them larger, and values without order split pages. Integers, dates,
/// short CHAR and BINARY columns and ENUM are fine.
pub(super) const RULE: Rule = Rule {
    id: RuleId(6),
    key: "primary-key-type",
    name: "primary key type",
    description: "a primary key on a long or inexact type such as VARCHAR, TEXT or DECIMAL",
    severity: Severity::Warning,
    check,
};

/// The longest CHAR or BINARY that is fine, in characters or bytes.
const SHORT: u64 = 16;

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let Some(key) = subject.after.primary_key() else { return };
    let is_old_key = subject.before.is_some_and(|known| known.definition.primary_key() == Some(key));
    let written = subject.columns();
    for column in key.parts.iter().filter_map(|part| subject.after.column(&part.key)) {
        // An old key counts when its column changes.
        let is_written = written.iter().any(|other| other.name.is(&column.name.text));
        if is_unsuitable(&column.data_type) && (!is_old_key || is_written) {
            let (name, data_type) = (&column.name, &column.data_type);
            let message =
                format!("column {name} of the primary key is {data_type}; use an integer or BINARY({SHORT})");
            notes.add(name.line, message);
        }
    }
}

fn is_unsuitable(data_type: &DataType) -> bool {
    let base = data_type.base.as_str();
    match base {
        "varchar" | "varbinary" | "float" | "double" | "decimal" | "json" => true,
        "char" | "binary" => data_type.length().is_some_and(|length| length > SHORT),
        _ => base.ends_with("text") || base.ends_with("blob"),
    }
}
