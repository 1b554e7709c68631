//! Pure. Unique keys on columns that may be NULL.

use crate::lint::model::{Index, IndexKind};
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `email VARCHAR(100) NULL, UNIQUE KEY (email)`: a unique key allows any number of rows with NULL.
pub(super) const RULE: Rule = Rule {
    id: RuleId(18),
    key: "nullable-unique",
    name: "nullable unique key",
    description: "a unique key on a column that may be NULL",
    severity: Severity::Notice,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let old: &[Index] = subject.before.map_or(&[], |known| &known.definition.indexes);
    let added =
        subject.after.indexes.iter().filter(|index| index.kind == IndexKind::Unique && !old.contains(index));
    for index in added {
        let columns = index.parts.iter().filter_map(|part| subject.after.column(&part.key));
        if let Some(column) = columns.into_iter().find(|column| !column.is_not_null && !column.is_generated) {
            let (name, column) = (&index.name, &column.name);
            notes.add(
                name.line,
                format!("unique key {name}: column {column} may be NULL in any number of rows"),
            );
        }
    }
}
