//! Pure. Differences between two dumps by object, column and index.
//!
//! Definitions are read line by line, as `SHOW CREATE TABLE` writes them: one line for each column, index and constraint.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::mysql::lexer::{Token, significant_tokens};
use crate::mysql::statements::split;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A table.
    Table,
    /// A sequence of `MariaDB`.
    Sequence,
    /// A view.
    View,
    /// A trigger.
    Trigger,
    /// A stored function.
    Function,
    /// A stored procedure.
    Procedure,
    /// A scheduled event.
    Event,
}

/// The keywords of the kinds.
const KINDS: &[(&str, ObjectKind)] = &[
    ("TABLE", ObjectKind::Table),
    ("SEQUENCE", ObjectKind::Sequence),
    ("VIEW", ObjectKind::View),
    ("TRIGGER", ObjectKind::Trigger),
    ("FUNCTION", ObjectKind::Function),
    ("PROCEDURE", ObjectKind::Procedure),
    ("EVENT", ObjectKind::Event),
];

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keyword = KINDS.iter().find(|(_, kind)| kind == self).map_or("", |(keyword, _)| keyword);
        f.write_str(&keyword.to_ascii_lowercase())
    }
}

/// An object of a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Object {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its name, unquoted.
    pub name: String,
}

impl Object {
    /// Whether it is a table.
    pub fn is_table(&self) -> bool {
        self.kind == ObjectKind::Table
    }
}

/// A part of a table with its definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name, unquoted. `PRIMARY` is the primary key.
    pub name: String,
    /// Its definition.
    pub definition: String,
}

/// A part of a table with two definitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Altered {
    /// Its name, unquoted.
    pub name: String,
    /// Its definition before.
    pub before: String,
    /// Its definition after.
    pub after: String,
}

/// Differences between parts of one sort.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// Parts that are only in the table after.
    pub added: Vec<Part>,
    /// Parts that are only in the table before.
    pub removed: Vec<Part>,
    /// Parts with other definitions.
    pub changed: Vec<Altered>,
}

impl Parts {
    /// Whether the parts are the same.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// An object with another definition. Only a table has differences of its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The object.
    #[serde(flatten)]
    pub object: Object,
    /// Differences between its columns.
    pub columns: Parts,
    /// Differences between its indexes.
    pub indexes: Parts,
    /// Differences between its foreign keys, checks and periods.
    pub constraints: Parts,
    /// Whether columns that both have are in another order.
    pub reordered: bool,
    /// Its options before and after, such as the engine, the character set and the partitions, if they differ.
    pub options: Option<(String, String)>,
}

/// Differences between two structures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Objects that are only in the structure after.
    pub added: Vec<Object>,
    /// Objects that are only in the structure before.
    pub removed: Vec<Object>,
    /// Objects with another definition.
    pub changed: Vec<Change>,
}

impl Difference {
    /// Compares the DDL of two dumps.
    pub fn between(before: &str, after: &str) -> Self {
        let (before, after) = (objects(before), objects(after));
        let only = |these: &BTreeMap<Object, &str>, those: &BTreeMap<Object, &str>| -> Vec<Object> {
            these.keys().filter(|object| !those.contains_key(object)).cloned().collect()
        };
        let changed = before.iter().filter_map(|(object, text)| {
            let other = after.get(object).filter(|other| *other != text)?;
            Some(change(object, text, other))
        });
        Self { added: only(&after, &before), removed: only(&before, &after), changed: changed.collect() }
    }

    /// Whether the structures are the same.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Returns the objects that a dump creates, with the statements.
pub fn objects(ddl: &str) -> BTreeMap<Object, &str> {
    split(ddl).into_iter().filter_map(|statement| Some((object(statement)?, statement))).collect()
}

/// Returns the object that a statement creates. `None` if it creates none.
pub fn object(statement: &str) -> Option<Object> {
    let tokens = significant_tokens(statement);
    if !tokens.first()?.is("CREATE") {
        return None;
    }
    let is_value = |at: usize| tokens[at - 1].is_symbol("=") || tokens[at - 1].is_symbol("@");
    let (at, kind) = (1..tokens.len()).filter(|at| !is_value(*at)).find_map(|at| {
        let kind = KINDS.iter().find(|(keyword, _)| tokens[at].is(keyword))?;
        Some((at, kind.1))
    })?;
    let name = tokens[at + 1..].iter().find(|token| !token.is_any(&["IF", "NOT", "EXISTS"]))?;
    Some(Object { kind, name: Token::name(name)?.into_owned() })
}

/// The definition of a table by its parts, each in order.
#[derive(Debug, Default)]
pub(crate) struct TableParts<'a> {
    /// The names of its columns, unquoted, with their definitions.
    pub(crate) columns: Vec<(String, &'a str)>,
    /// The names of its indexes with their definitions, which contain the name.
    pub(crate) indexes: Vec<(String, &'a str)>,
    /// The names of its foreign keys and checks with their definitions, which contain the name.
    pub(crate) constraints: Vec<(String, &'a str)>,
    /// Its options and partitions.
    pub(crate) options: &'a str,
}

fn change(object: &Object, before: &str, after: &str) -> Change {
    let is_table = object.kind == ObjectKind::Table;
    let table = |text| if is_table { table(text) } else { TableParts::default() };
    let (before, after) = (table(before), table(after));
    let order = |these: &TableParts<'_>, those: &TableParts<'_>| -> Vec<String> {
        let names = these.columns.iter().map(|(name, _)| name.clone());
        names.filter(|name| those.columns.iter().any(|(other, _)| other == name)).collect()
    };
    Change {
        object: object.clone(),
        columns: compare(&before.columns, &after.columns),
        indexes: compare(&before.indexes, &after.indexes),
        constraints: compare(&before.constraints, &after.constraints),
        reordered: order(&before, &after) != order(&after, &before),
        options: (before.options != after.options)
            .then(|| (before.options.to_owned(), after.options.to_owned())),
    }
}

fn compare(before: &[(String, &str)], after: &[(String, &str)]) -> Parts {
    let find = |parts: &[(String, &str)], name: &str| -> Option<String> {
        parts.iter().find(|(other, _)| other == name).map(|(_, definition)| (*definition).to_owned())
    };
    let only = |these: &[(String, &str)], those: &[(String, &str)]| -> Vec<Part> {
        let parts = these.iter().filter(|(name, _)| find(those, name).is_none());
        parts
            .map(|(name, definition)| Part { name: name.clone(), definition: (*definition).to_owned() })
            .collect()
    };
    let changed = before.iter().filter_map(|(name, definition)| {
        let other = find(after, name).filter(|other| other != definition)?;
        Some(Altered { name: name.clone(), before: (*definition).to_owned(), after: other })
    });
    Parts { added: only(after, before), removed: only(before, after), changed: changed.collect() }
}

/// Reads the definition of a table.
pub(crate) fn table(text: &str) -> TableParts<'_> {
    let mut table = TableParts::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with(')') {
            table.options = text[at + 1..].trim();
            break;
        }
        at += line.len();
        let definition = line.trim().trim_end_matches(',');
        let tokens = significant_tokens(definition);
        let Some(first) = tokens.first().filter(|_| line.starts_with(' ')) else { continue };
        if definition.starts_with('`') {
            table.columns.push((name_of(first), definition[first.text.len()..].trim_start()));
        } else if first.is_any(&["PRIMARY", "UNIQUE", "KEY", "INDEX", "FULLTEXT", "SPATIAL", "VECTOR"]) {
            let quoted = tokens
                .iter()
                .take_while(|token| !token.is_symbol("("))
                .find(|token| token.text.starts_with('`'));
            let name = if first.is("PRIMARY") {
                "PRIMARY".to_owned()
            } else {
                quoted.map_or_else(String::new, name_of)
            };
            table.indexes.push((name, definition));
        } else {
            let name = tokens
                .get(1)
                .filter(|_| first.is("CONSTRAINT"))
                .map_or_else(|| definition.to_owned(), name_of);
            table.constraints.push((name, definition));
        }
    }
    table
}

fn name_of(token: &Token<'_>) -> String {
    token.name().unwrap_or_default().into_owned()
}

#[cfg(test)]
mod tests;
