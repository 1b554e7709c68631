//! Pure. Reads the elements of a table: columns, indexes and constraints.

use crate::lint::definition::{Change, Definition};
use crate::lint::lexeme::{Cursor, Kind, Lexeme, split_commas};
use crate::lint::model::{ForeignKey, Ident, Index, IndexKind, Part};

use super::column::column;

/// Reads the elements in the parentheses of a CREATE TABLE. Returns `None` if one of them is not recognized.
pub(super) fn definition(group: &[Lexeme]) -> Option<Definition> {
    let mut definition = Definition::default();
    for part in split_commas(group) {
        definition.apply(&element(Cursor::new(part))?);
    }
    Some(definition)
}

/// Reads an element as the clause that adds it.
pub(super) fn element(mut cursor: Cursor<'_>) -> Option<Change> {
    let line = cursor.line();
    let mut name = None;
    if cursor.take("CONSTRAINT") {
        let is_unnamed = ["PRIMARY", "UNIQUE", "FOREIGN", "CHECK"].iter().any(|word| cursor.at(word));
        if !is_unnamed {
            name = Some(cursor.ident()?);
        }
    }
    if cursor.take("FOREIGN KEY") {
        return foreign_key(cursor, name, line).map(Change::AddForeignKey);
    }
    if cursor.at("CHECK") || cursor.at("PERIOD FOR") {
        return Some(Change::Other);
    }
    if let Some(kind) = index_kind(&mut cursor) {
        return index(cursor, kind, name, line).map(Change::AddIndex);
    }
    if name.is_some() {
        return None;
    }
    column(&mut cursor).map(Change::AddColumn)
}

/// Reads the words that begin an index, and returns its kind. Reads nothing and returns `None` if it is none.
pub(super) fn index_kind(cursor: &mut Cursor<'_>) -> Option<IndexKind> {
    if cursor.take("PRIMARY KEY") {
        return Some(IndexKind::Primary);
    }
    for (word, kind) in
        [("UNIQUE", IndexKind::Unique), ("FULLTEXT", IndexKind::FullText), ("SPATIAL", IndexKind::Spatial)]
    {
        if cursor.take(word) {
            cursor.take_any(&["KEY", "INDEX"]);
            return Some(kind);
        }
    }
    cursor.take_any(&["KEY", "INDEX"]).then_some(IndexKind::Plain)
}

fn index(mut cursor: Cursor<'_>, kind: IndexKind, constraint: Option<Ident>, line: usize) -> Option<Index> {
    cursor.take("IF NOT EXISTS");
    let own = if cursor.at("USING") { None } else { cursor.ident() };
    skip_using(&mut cursor);
    let unnamed = || Ident { text: String::new(), line };
    let name = match kind {
        IndexKind::Primary => Ident { text: "PRIMARY".to_owned(), line },
        _ => own.or(constraint).unwrap_or_else(unnamed),
    };
    Some(Index { name, kind, parts: parts(cursor.group()?)? })
}

/// Reads `USING BTREE` and the like, if it comes next.
pub(super) fn skip_using(cursor: &mut Cursor<'_>) {
    if cursor.take("USING") {
        cursor.advance();
    }
}

/// Reads the parts of an index. Returns `None` if one of them is neither a column nor an expression.
pub(super) fn parts(group: &[Lexeme]) -> Option<Vec<Part>> {
    split_commas(group).into_iter().map(|part| index_part(Cursor::new(part))).collect()
}

fn index_part(mut cursor: Cursor<'_>) -> Option<Part> {
    let mut part = if let Some(expression) = cursor.group() {
        let key = expression.iter().map(|lexeme| lexeme.text.to_lowercase()).collect::<Vec<_>>().join(" ");
        Part { key, is_expression: true, ..Part::default() }
    } else {
        let key = cursor.ident()?.text;
        let prefix =
            cursor.group().and_then(|group| group.first()).and_then(|length| length.text.parse().ok());
        Part { key, prefix, ..Part::default() }
    };
    cursor.take("ASC");
    part.is_descending = cursor.take("DESC");
    Some(part)
}

fn foreign_key(mut cursor: Cursor<'_>, constraint: Option<Ident>, line: usize) -> Option<ForeignKey> {
    cursor.take("IF NOT EXISTS");
    let own = cursor.ident();
    let columns = column_names(cursor.group()?);
    if !cursor.take("REFERENCES") {
        return None;
    }
    let parent = cursor.name()?;
    let parent_columns = column_names(cursor.group()?);
    Some(ForeignKey { name: constraint.or(own), columns, parent, parent_columns, line })
}

/// Returns the column names in a group.
pub(super) fn column_names(group: &[Lexeme]) -> Vec<String> {
    let names = group.iter().filter(|lexeme| matches!(lexeme.kind, Kind::Word | Kind::Quoted));
    names.map(|lexeme| lexeme.text.clone()).collect()
}
