//! Pure. Reserved words as names.

use crate::lint::definition::Change;
use crate::lint::model::Ident;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags ``CREATE TABLE `order` (…)`` and ``ADD COLUMN `rank` INT`` on MySQL: every query must quote such a name.
pub(super) const RULE: Rule = Rule {
    id: RuleId(15),
    key: "reserved-word",
    name: "reserved word",
    description: "a reserved word of the server as the name of a table, column or index",
    severity: Severity::Warning,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let renamed = subject.changes().iter().filter_map(|change| match change {
        Change::RenameColumn(_, new) | Change::RenameIndex(_, new) => Some(new),
        _ => None,
    });
    let indexes = subject.indexes().into_iter().map(|index| &index.name);
    // The name of a primary key and of an unnamed index of a column are not choices of the author.
    let is_chosen = |name: &&Ident| {
        !name.text.eq_ignore_ascii_case("primary") && subject.after.column(&name.text).is_none()
    };
    let columns = subject.columns().into_iter().map(|column| &column.name);
    let names =
        subject.new_names().into_iter().chain(columns).chain(indexes.filter(is_chosen)).chain(renamed);
    let flavor = subject.context.flavor;
    for name in names.filter(|name| flavor.is_reserved(&name.text)) {
        notes
            .add(name.line, format!("{name} is a reserved word of {}: queries must quote it", flavor.name()));
    }
}
