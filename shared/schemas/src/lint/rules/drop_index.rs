//! Pure. Dropped indexes.

use crate::lint::definition::Change;
use crate::lint::model::Ident;
use crate::lint::read::Statement;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags `DROP INDEX idx_email ON users` and `ALTER TABLE users DROP KEY idx_email`: queries that use the index scan
/// the table instead. An index that the same statement adds again, or that another index replaces, is fine.
pub(super) const RULE: Rule = Rule {
    id: RuleId(4),
    key: "drop-index",
    name: "dropped index",
    description: "DROP INDEX, which can slow down queries",
    severity: Severity::Notice,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let dropped = subject.changes().iter().filter_map(|change| match change {
        Change::DropIndex(index) => Some(index),
        _ => None,
    });
    let own = match subject.statement {
        Statement::DropIndex(_, index) => Some(index),
        _ => None,
    };
    for index in own.into_iter().chain(dropped).filter(|index| !is_replaced(subject, index)) {
        let name = subject.name();
        notes.add(index.line, format!("dropping index {index} of {name} can slow down queries that use it"));
    }
}

/// Whether another index of the table finds what the dropped index finds.
fn is_replaced(subject: &Subject<'_>, dropped: &Ident) -> bool {
    let after = subject.after.indexes.iter().filter(|index| !index.name.is(&dropped.text));
    let is_added_again = subject.indexes().iter().any(|index| index.name.is(&dropped.text));
    let known = subject
        .before
        .and_then(|known| known.definition.indexes.iter().find(|index| index.name.is(&dropped.text)));
    is_added_again || known.is_some_and(|known| after.into_iter().any(|other| known.is_redundant_to(other)))
}
