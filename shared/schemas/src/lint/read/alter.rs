//! Pure. Reads the clauses of ALTER TABLE.

use crate::lint::definition::Change;
use crate::lint::lexeme::{Cursor, Lexeme, split_commas};
use crate::lint::model::DefaultValue;

use super::column::{column, default_value};
use super::element::element;
use super::options::options;

/// Clauses that take rows out of a table.
const REMOVING: [&str; 4] =
    ["TRUNCATE PARTITION", "EXCHANGE PARTITION", "DISCARD PARTITION", "DISCARD TABLESPACE"];

/// Reads the clauses of an ALTER TABLE. Returns `None` if a clause that rules look at is incomplete.
pub(super) fn changes(lexemes: &[Lexeme]) -> Option<Vec<Change>> {
    let mut changes = Vec::new();
    for clause in split_commas(lexemes) {
        let mut cursor = Cursor::new(clause);
        let line = cursor.line();
        if cursor.take("ADD") {
            add(cursor, &mut changes)?;
        } else if cursor.take("DROP") {
            changes.push(drop(cursor, line)?);
        } else if cursor.take_any(&["MODIFY COLUMN", "MODIFY"]) {
            cursor.take("IF EXISTS");
            let column = column(&mut cursor)?;
            changes.push(Change::ModifyColumn(column.name.clone(), column));
        } else if cursor.take_any(&["CHANGE COLUMN", "CHANGE"]) {
            cursor.take("IF EXISTS");
            let old = cursor.ident()?;
            changes.push(Change::ModifyColumn(old, column(&mut cursor)?));
        } else if cursor.take_any(&["ALTER INDEX", "ALTER KEY", "ALTER CHECK", "ALTER CONSTRAINT"]) {
            changes.push(Change::Other);
        } else if cursor.take_any(&["ALTER COLUMN", "ALTER"]) {
            changes.push(alter_column(cursor)?);
        } else if cursor.take("RENAME") {
            changes.push(rename(cursor)?);
        } else if cursor.take("CONVERT TO") {
            changes.push(Change::Convert(options(&mut cursor)));
        } else if let Some(clause) = REMOVING.iter().find(|clause| cursor.take(clause)) {
            changes.push(Change::RemoveRows(clause, line));
        } else {
            changes.push(Change::Options(options(&mut cursor)));
        }
    }
    Some(changes)
}

fn add(mut cursor: Cursor<'_>, changes: &mut Vec<Change>) -> Option<()> {
    if cursor.at("PARTITION") || cursor.at("SYSTEM VERSIONING") || cursor.at("PERIOD FOR") {
        changes.push(Change::Other);
        return Some(());
    }
    let is_column = cursor.take("COLUMN");
    cursor.take("IF NOT EXISTS");
    if let Some(group) = cursor.group() {
        for part in split_commas(group) {
            changes.push(element(Cursor::new(part))?);
        }
    } else if is_column {
        changes.push(Change::AddColumn(column(&mut cursor)?));
    } else {
        changes.push(element(cursor)?);
    }
    Some(())
}

fn drop(mut cursor: Cursor<'_>, line: usize) -> Option<Change> {
    if cursor.take("PRIMARY KEY") {
        return Some(Change::DropPrimaryKey(line));
    }
    if cursor.take("PARTITION") {
        return Some(Change::RemoveRows("DROP PARTITION", line));
    }
    if cursor.take("SYSTEM VERSIONING") {
        return Some(Change::DropHistory(line));
    }
    if cursor.at("PERIOD FOR") || cursor.at("CHECK") {
        return Some(Change::Other);
    }
    let kinds = ["INDEX", "KEY", "FOREIGN KEY", "CONSTRAINT", "COLUMN"];
    let kind = kinds.into_iter().find(|words| cursor.take(words));
    cursor.take("IF EXISTS");
    let name = cursor.ident()?;
    Some(match kind {
        Some("INDEX" | "KEY") => Change::DropIndex(name),
        Some("FOREIGN KEY") => Change::DropForeignKey(name),
        Some("CONSTRAINT") => Change::DropConstraint(name),
        _ => Change::DropColumn(name),
    })
}

fn alter_column(mut cursor: Cursor<'_>) -> Option<Change> {
    cursor.take("IF EXISTS");
    let name = cursor.ident()?;
    if !cursor.take("SET DEFAULT") {
        return Some(Change::Other);
    }
    Some(match default_value(&mut cursor) {
        DefaultValue::Literal(value) => Change::SetDefault(name, value),
        _ => Change::Other,
    })
}

fn rename(mut cursor: Cursor<'_>) -> Option<Change> {
    let renames_index = cursor.take_any(&["INDEX", "KEY"]);
    if !renames_index && !cursor.take("COLUMN") {
        cursor.take_any(&["TO", "AS"]);
        cursor.symbol("=");
        return cursor.name().map(Change::RenameTo);
    }
    cursor.take("IF EXISTS");
    let old = cursor.ident()?;
    if !cursor.take("TO") {
        return None;
    }
    let new = cursor.ident()?;
    Some(if renames_index { Change::RenameIndex(old, new) } else { Change::RenameColumn(old, new) })
}
