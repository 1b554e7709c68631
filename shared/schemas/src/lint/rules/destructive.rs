//! Pure. Changes that lose data.

use crate::lint::definition::Change;
use crate::lint::model::Name;
use crate::lint::read::Statement;
use crate::lint::report::{RuleId, Severity};
use crate::lint::subject::{Notes, Subject};

use super::Rule;

/// Flags statements that lose data: `DROP TABLE orders`, `ALTER TABLE orders DROP COLUMN note`, `TRUNCATE orders`,
/// `DROP DATABASE shop`. Temporary tables, and tables that the changeset itself creates, hold no data to lose. A
/// dropped generated column can be computed again.
pub(super) const RULE: Rule = Rule {
    id: RuleId(2),
    key: "destructive",
    name: "destructive change",
    description: "a table, column, partition, history or database that is dropped or emptied",
    severity: Severity::Error,
    check,
};

fn check(subject: &Subject<'_>, notes: &mut Notes) {
    let is_new = |name: &Name| subject.catalog.get(name).is_some_and(|known| known.is_new);
    match subject.statement {
        Statement::DropTables { names, is_temporary: false } => {
            for name in names.iter().filter(|name| !is_new(name)) {
                notes.add(name.ident.line, format!("DROP TABLE {name} loses the table and its rows"));
            }
        }
        Statement::Truncate(name) if !is_new(name) => {
            notes.add(name.ident.line, format!("TRUNCATE {name} deletes all rows and cannot be rolled back"));
        }
        Statement::DropDatabase(name) => {
            notes.add(name.line, format!("DROP DATABASE {name} loses all its tables"));
        }
        Statement::CreateTable(create)
            if create.replaces && !create.is_temporary && !is_new(&create.name) =>
        {
            let name = &create.name;
            notes.add(name.ident.line, format!("CREATE OR REPLACE TABLE {name} drops an existing table"));
        }
        Statement::AlterTable { name, changes } if !is_new(name) => {
            for change in changes {
                check_change(subject, change, notes);
            }
        }
        _ => {}
    }
}

fn check_change(subject: &Subject<'_>, change: &Change, notes: &mut Notes) {
    let name = subject.name();
    match change {
        Change::DropColumn(column) => {
            let known = subject.before.and_then(|known| known.definition.column(&column.text));
            if !known.is_some_and(|known| known.is_generated) {
                notes.add(column.line, format!("DROP COLUMN {column} of {name} loses its values"));
            }
        }
        Change::RemoveRows(clause, line) => {
            notes.add(*line, format!("{clause} takes rows out of {name}"));
        }
        Change::DropHistory(line) => {
            notes.add(*line, format!("DROP SYSTEM VERSIONING on {name} deletes the history of its rows"));
        }
        _ => {}
    }
}
