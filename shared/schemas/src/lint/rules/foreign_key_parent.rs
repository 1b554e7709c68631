//! Pure. Parents of foreign keys.

use crate::lint::definition::Definition;
use crate::lint::model::{ForeignKey, IndexKind};
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `FOREIGN KEY (user_id) REFERENCES users (id)` if `users.id` does not exist, has another type or character
/// set, or is not the primary key or a unique key. Says nothing about a parent that is not known.
pub(super) const RULE: Rule = Rule {
    id: RuleId(12),
    key: "foreign-key-parent",
    name: "foreign key parent",
    description: "a foreign key whose parent columns are missing, not unique, or of another type",
    severity: Severity::Warning,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    for key in subject.foreign_keys() {
        let is_own = key.parent.to_string().eq_ignore_ascii_case(&subject.name());
        let parent = if is_own {
            Some(&subject.after)
        } else {
            subject.catalog.get(&key.parent).map(|known| &known.definition)
        };
        if let Some(parent) = parent
            && let Some(problem) = problem(&key, &subject.after, parent)
        {
            notes.add(key.line, format!("foreign key of {} to {}: {problem}", subject.name(), key.parent));
        }
    }
}

fn problem(key: &ForeignKey, child: &Definition, parent: &Definition) -> Option<String> {
    for (own, other) in key.columns.iter().zip(&key.parent_columns) {
        let Some(referenced) = parent.column(other) else {
            return (!parent.columns.is_empty()).then(|| format!("the parent has no column `{other}`"));
        };
        let Some(column) = child.column(own) else { continue };
        let (one, two) = (&column.data_type, &referenced.data_type);
        let is_integer = one.integer_bytes().is_some();
        if one.base != two.base || (is_integer && one.is_unsigned != two.is_unsigned) {
            return Some(format!("`{own}` is {one}, but `{other}` is {two}"));
        }
        let (one, two) = (child.charset(column), parent.charset(referenced));
        if column.is_text()
            && let (Some(one), Some(two)) = (one, two)
            && one != two
        {
            return Some(format!("`{own}` has the character set {one}, but `{other}` has {two}"));
        }
    }
    let is_unique = parent.indexes.iter().any(|index| {
        matches!(index.kind, IndexKind::Primary | IndexKind::Unique)
            && index.parts.len() == key.parent_columns.len()
            && index.begins_with(&key.parent_columns)
    });
    (!is_unique).then(|| format!("({}) is not a unique key of the parent", key.parent_columns.join(", ")))
}
