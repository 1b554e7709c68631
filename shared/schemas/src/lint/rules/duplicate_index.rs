//! Pure. Redundant indexes.

use crate::lint::definition::Definition;
use crate::lint::model::Index;
use crate::lint::read::Statement;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `KEY a (user_id), KEY b (user_id, created_at)`: the second finds everything that the first finds. A unique
/// index is only redundant to one with the same columns.
pub(super) const RULE: Rule = Rule {
    id: RuleId(7),
    key: "duplicate-index",
    name: "duplicate index",
    description: "an index that another index of the table makes redundant",
    severity: Severity::Warning,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let is_copy = matches!(subject.statement, Statement::CreateTable(create) if create.like.is_some());
    if is_copy {
        return;
    }
    let before = subject.before.map(|known| redundant(&known.definition)).unwrap_or_default();
    let was_redundant = |index: &Index| before.iter().any(|(other, _)| other.name.is(&index.name.text));
    for (index, other) in redundant(&subject.after) {
        if !was_redundant(index) {
            let (name, other) = (&index.name, &other.name);
            let message = format!("index {name} of {} is redundant to {other}", subject.name());
            notes.add(name.line, message);
        }
    }
}

/// Returns each redundant index with one that replaces it. Of equal indexes, the later one is redundant.
fn redundant(definition: &Definition) -> Vec<(&Index, &Index)> {
    let indexes = &definition.indexes;
    let replaced = indexes.iter().enumerate().filter_map(|(position, index)| {
        let other = indexes.iter().enumerate().find(|(other_position, other)| {
            let is_first_of_equals = other.is_redundant_to(index) && position < *other_position;
            position != *other_position && index.is_redundant_to(other) && !is_first_of_equals
        });
        other.map(|(_, other)| (index, other))
    });
    replaced.collect()
}
