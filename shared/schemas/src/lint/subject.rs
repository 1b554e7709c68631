//! Pure. What a rule sees of one statement.

use super::Context;
use super::catalog::{Catalog, Known};
use super::definition::{Change, Definition};
use super::model::{Column, ForeignKey, Ident, Index, Name, Options};
use super::read::Statement;

/// The findings of one rule: lines and messages.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<(usize, String)>);

impl Notes {
    /// Adds a finding at a line of the statement.
    pub(super) fn add(&mut self, line: usize, message: String) {
        self.0.push((line, message));
    }
}

impl IntoIterator for Notes {
    type Item = (usize, String);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A statement and the tables around it.
pub(super) struct Subject<'a> {
    pub(super) statement: &'a Statement,
    /// The known tables before the statement.
    pub(super) catalog: &'a Catalog,
    pub(super) context: &'a Context,
    /// The table that is created or altered, before the statement, if it is known.
    pub(super) before: Option<&'a Known>,
    /// The same table after the statement. Without a known table before, only what the statement adds.
    pub(super) after: Definition,
}

impl<'a> Subject<'a> {
    pub(super) fn new(statement: &'a Statement, catalog: &'a Catalog, context: &'a Context) -> Self {
        let before = target(statement).and_then(|name| catalog.get(name));
        let known = || before.map(|known| known.definition.clone()).unwrap_or_default();
        let after = match statement {
            Statement::CreateTable(create) => catalog.created(create).unwrap_or_default(),
            Statement::AlterTable { changes, .. } => {
                let mut definition = known();
                for change in changes {
                    definition.apply(change);
                }
                definition
            }
            Statement::CreateIndex(_, index) => {
                let mut definition = known();
                definition.add_index(index.clone());
                definition
            }
            _ => known(),
        };
        Self { statement, catalog, context, before, after }
    }

    /// Returns the name of the table that is created or altered, for messages.
    pub(super) fn name(&self) -> String {
        target(self.statement).map(Name::to_string).unwrap_or_default()
    }

    /// Returns the clauses of an ALTER TABLE.
    pub(super) fn changes(&self) -> &'a [Change] {
        match self.statement {
            Statement::AlterTable { changes, .. } => changes,
            _ => &[],
        }
    }

    /// Returns the columns that the statement defines.
    pub(super) fn columns(&self) -> Vec<&'a Column> {
        let changed = self.changes().iter().filter_map(|change| match change {
            Change::AddColumn(column) | Change::ModifyColumn(_, column) => Some(column),
            _ => None,
        });
        self.created().map(|created| created.columns.iter()).into_iter().flatten().chain(changed).collect()
    }

    /// Returns the indexes that the statement defines, except those of column attributes.
    pub(super) fn indexes(&self) -> Vec<&'a Index> {
        let changed = self.changes().iter().filter_map(|change| match change {
            Change::AddIndex(index) => Some(index),
            _ => None,
        });
        let index = match self.statement {
            Statement::CreateIndex(_, index) => Some(index),
            _ => None,
        };
        let created = self.created().map(|created| created.indexes.iter()).into_iter().flatten();
        created.chain(changed).chain(index).collect()
    }

    /// Returns the foreign keys that the statement defines.
    pub(super) fn foreign_keys(&self) -> Vec<ForeignKey> {
        if let Some(created) = self.created() {
            return created.foreign_keys.clone();
        }
        let mut added = Definition::default();
        for change in self.changes() {
            match change {
                Change::AddForeignKey(_) | Change::AddColumn(_) => added.apply(change),
                Change::ModifyColumn(_, column) => added.add_column(column.clone()),
                _ => {}
            }
        }
        added.foreign_keys
    }

    /// Returns the options of the table or database that the statement sets.
    pub(super) fn options(&self) -> Vec<&'a Options> {
        let changed = self.changes().iter().filter_map(|change| match change {
            Change::Options(options) | Change::Convert(options) => Some(options),
            _ => None,
        });
        let database = match self.statement {
            Statement::Database(options) => Some(options),
            _ => None,
        };
        self.created().map(|created| &created.options).into_iter().chain(changed).chain(database).collect()
    }

    /// Returns the new names of tables that the statement creates or renames.
    pub(super) fn new_names(&self) -> Vec<&'a Ident> {
        match self.statement {
            Statement::CreateTable(create) => vec![&create.name.ident],
            Statement::RenameTables(pairs) => pairs.iter().map(|(_, new)| &new.ident).collect(),
            Statement::AlterTable { changes, .. } => {
                let renamed = changes.iter().filter_map(|change| match change {
                    Change::RenameTo(name) => Some(&name.ident),
                    _ => None,
                });
                renamed.collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns the definition that a CREATE TABLE spells out.
    fn created(&self) -> Option<&'a Definition> {
        match self.statement {
            Statement::CreateTable(create) => Some(&create.definition),
            _ => None,
        }
    }
}

fn target(statement: &Statement) -> Option<&Name> {
    match statement {
        Statement::CreateTable(create) => Some(&create.name),
        Statement::AlterTable { name, .. }
        | Statement::CreateIndex(name, _)
        | Statement::DropIndex(name, _)
        | Statement::Truncate(name) => Some(name),
        _ => None,
    }
}
