//! Pure. Reads statements into what the rules look at.
//!
//! The readers know the clauses that rules need and skip others. A statement whose structure is not recognized is
//! [`Statement::Other`]: no rule guesses about it.

mod alter;
mod column;
mod element;
mod options;
mod program;
mod write;

use super::definition::{Change, Definition};
use super::lexeme::{Cursor, Lexeme};
use super::model::{Ident, Index, Name, Options};

pub(super) use program::{Program, ProgramKind};
pub(super) use write::{Filter, Write};

/// A statement, as far as rules look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Statement {
    CreateTable(CreateTable),
    AlterTable {
        name: Name,
        changes: Vec<Change>,
    },
    DropTables {
        names: Vec<Name>,
        is_temporary: bool,
    },
    /// RENAME TABLE with the old and the new names.
    RenameTables(Vec<(Name, Name)>),
    Truncate(Name),
    CreateIndex(Name, Index),
    DropIndex(Name, Ident),
    /// CREATE DATABASE and ALTER DATABASE.
    Database(Options),
    DropDatabase(Ident),
    Program(Program),
    Write(Write),
    Other,
}

/// A CREATE TABLE.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct CreateTable {
    pub(super) name: Name,
    pub(super) definition: Definition,
    pub(super) is_temporary: bool,
    /// CREATE OR REPLACE, which drops an existing table.
    pub(super) replaces: bool,
    /// The table of a LIKE clause.
    pub(super) like: Option<Name>,
    /// Whether a SELECT fills the table.
    pub(super) selects: bool,
}

/// Reads a statement.
pub(super) fn statement(lexemes: &[Lexeme]) -> Statement {
    let mut cursor = Cursor::new(lexemes);
    let read = if cursor.take("CREATE") {
        create(&mut cursor)
    } else if cursor.take("ALTER") {
        alter(&mut cursor)
    } else if cursor.take("DROP") {
        drop(&mut cursor)
    } else if cursor.take_any(&["RENAME TABLE", "RENAME TABLES"]) {
        rename(&mut cursor)
    } else if cursor.take("TRUNCATE") {
        cursor.take("TABLE");
        cursor.name().map(Statement::Truncate)
    } else {
        write::write(cursor).map(Statement::Write)
    };
    read.unwrap_or(Statement::Other)
}

fn create(cursor: &mut Cursor<'_>) -> Option<Statement> {
    let replaces = cursor.take("OR REPLACE");
    let is_temporary = cursor.take("TEMPORARY");
    if cursor.take("TABLE") {
        return create_table(cursor, is_temporary, replaces).map(Statement::CreateTable);
    }
    if cursor.take_any(&["DATABASE", "SCHEMA"]) {
        return database(cursor);
    }
    let mut ahead = *cursor;
    ahead.take_any(&["ONLINE", "OFFLINE"]);
    if let Some(kind) = element::index_kind(&mut ahead) {
        return create_index(ahead, kind);
    }
    program::program(*cursor).map(Statement::Program)
}

fn create_table(cursor: &mut Cursor<'_>, is_temporary: bool, replaces: bool) -> Option<CreateTable> {
    cursor.take("IF NOT EXISTS");
    let name = cursor.name()?;
    let mut table = CreateTable { name, is_temporary, replaces, ..CreateTable::default() };
    if cursor.take("LIKE") {
        table.like = Some(cursor.name()?);
        return Some(table);
    }
    if let Some(group) = cursor.group() {
        let mut inner = Cursor::new(group);
        if inner.take("LIKE") {
            table.like = Some(inner.name()?);
            return Some(table);
        }
        if inner.at("SELECT") {
            table.selects = true;
        } else {
            table.definition = element::definition(group)?;
        }
    }
    table.definition.options = options::options(cursor);
    // Only a query ends the options.
    table.selects |= cursor.peek().is_some();
    let is_empty = table.definition.columns.is_empty();
    (table.selects || !is_empty).then_some(table)
}

fn create_index(mut cursor: Cursor<'_>, kind: super::model::IndexKind) -> Option<Statement> {
    cursor.take("IF NOT EXISTS");
    let name = cursor.ident()?;
    element::skip_using(&mut cursor);
    if !cursor.take("ON") {
        return None;
    }
    let table = cursor.name()?;
    options::skip_wait(&mut cursor);
    let parts = element::parts(cursor.group()?)?;
    Some(Statement::CreateIndex(table, Index { name, kind, parts }))
}

fn database(cursor: &mut Cursor<'_>) -> Option<Statement> {
    cursor.take("IF NOT EXISTS");
    // ALTER DATABASE may leave out the name of the current database.
    if !["DEFAULT", "CHARACTER", "CHARSET", "COLLATE"].iter().any(|word| cursor.at(word)) {
        cursor.ident()?;
    }
    Some(Statement::Database(options::options(cursor)))
}

fn alter(cursor: &mut Cursor<'_>) -> Option<Statement> {
    if cursor.take_any(&["DATABASE", "SCHEMA"]) {
        return database(cursor);
    }
    let mut ahead = *cursor;
    ahead.take_any(&["ONLINE", "OFFLINE"]);
    ahead.take("IGNORE");
    if ahead.take("TABLE") {
        ahead.take("IF EXISTS");
        let name = ahead.name()?;
        options::skip_wait(&mut ahead);
        let changes = alter::changes(ahead.rest())?;
        return Some(Statement::AlterTable { name, changes });
    }
    program::program(*cursor).map(Statement::Program)
}

fn drop(cursor: &mut Cursor<'_>) -> Option<Statement> {
    let is_temporary = cursor.take("TEMPORARY");
    if cursor.take_any(&["TABLE", "TABLES"]) {
        cursor.take("IF EXISTS");
        let mut names = vec![cursor.name()?];
        while cursor.symbol(",") {
            names.push(cursor.name()?);
        }
        return Some(Statement::DropTables { names, is_temporary });
    }
    if cursor.take_any(&["DATABASE", "SCHEMA"]) {
        cursor.take("IF EXISTS");
        return cursor.ident().map(Statement::DropDatabase);
    }
    if cursor.take("INDEX") {
        cursor.take("IF EXISTS");
        let index = cursor.ident()?;
        return (cursor.take("ON"))
            .then(|| cursor.name())
            .flatten()
            .map(|table| Statement::DropIndex(table, index));
    }
    None
}

fn rename(cursor: &mut Cursor<'_>) -> Option<Statement> {
    let mut pairs = Vec::new();
    loop {
        cursor.take("IF EXISTS");
        let old = cursor.name()?;
        options::skip_wait(cursor);
        if !cursor.take("TO") {
            return None;
        }
        pairs.push((old, cursor.name()?));
        if !cursor.symbol(",") {
            return Some(Statement::RenameTables(pairs));
        }
    }
}

#[cfg(test)]
mod tests;
