//! Pure. The tables that are known before a statement: existing ones, and those of earlier statements.

use std::collections::BTreeMap;

use super::definition::{Change, Definition};
use super::lexeme::lexemes;
use super::model::Name;
use super::read::{self, CreateTable, Statement};

/// A known table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) definition: Definition,
    /// Whether an earlier statement of the changeset created it, so that it holds no data of the target.
    pub(super) is_new: bool,
}

/// The known tables by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalog {
    known: BTreeMap<String, Known>,
}

impl Catalog {
    /// Reads the definitions of existing tables. Those that cannot be read are unknown.
    pub(super) fn new(tables: &BTreeMap<String, String>) -> Self {
        let read = |text: &String| match read::statement(&lexemes(text)?) {
            Statement::CreateTable(create) => Some(Known { definition: create.definition, is_new: false }),
            _ => None,
        };
        let known = tables.iter().filter_map(|(name, text)| Some((name.to_lowercase(), read(text)?)));
        Self { known: known.collect() }
    }

    /// Returns a table. Names ignore case, as on servers with `lower_case_table_names`.
    pub(super) fn get(&self, name: &Name) -> Option<&Known> {
        self.known.get(&key(name))
    }

    /// Returns what CREATE TABLE creates: a copy of another table if it says LIKE.
    pub(super) fn created(&self, create: &CreateTable) -> Option<Definition> {
        let Some(like) = &create.like else { return Some(create.definition.clone()) };
        self.get(like).map(|known| Definition { foreign_keys: Vec::new(), ..known.definition.clone() })
    }

    /// Applies a statement.
    pub(super) fn apply(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateTable(create) => {
                let is_kept = !create.replaces && self.known.contains_key(&key(&create.name));
                if let Some(definition) = self.created(create)
                    && !is_kept
                {
                    self.known.insert(key(&create.name), Known { definition, is_new: true });
                }
            }
            Statement::AlterTable { name, changes } => self.alter(name, changes),
            Statement::CreateIndex(name, index) => {
                if let Some(known) = self.known.get_mut(&key(name)) {
                    known.definition.add_index(index.clone());
                }
            }
            Statement::DropIndex(name, index) => {
                if let Some(known) = self.known.get_mut(&key(name)) {
                    known.definition.apply(&Change::DropIndex(index.clone()));
                }
            }
            Statement::DropTables { names, .. } => {
                for name in names {
                    self.known.remove(&key(name));
                }
            }
            Statement::RenameTables(pairs) => {
                for (old, new) in pairs {
                    self.rename(old, new);
                }
            }
            _ => {}
        }
    }

    fn alter(&mut self, name: &Name, changes: &[Change]) {
        let Some(known) = self.known.get_mut(&key(name)) else { return };
        for change in changes {
            known.definition.apply(change);
        }
        for change in changes {
            if let Change::RenameTo(new) = change {
                self.rename(name, new);
            }
        }
    }

    fn rename(&mut self, old: &Name, new: &Name) {
        if let Some(known) = self.known.remove(&key(old)) {
            self.known.insert(key(new), known);
        }
    }
}

fn key(name: &Name) -> String {
    let schema = name.schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
    format!("{schema}{}", name.ident.text).to_lowercase()
}
