//! Pure. Statements that lead from one structure to another.
//!
//! They are a draft for a changeset, whose review tells whether they do: a renamed table or column is dropped and added
//! again, because the structures do not tell that it is the same.

mod alteration;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dump::structure::{Object, ObjectKind, objects};
use crate::mysql::identifier::Identifier;

/// Statements that lead from one structure to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Migration {
    /// The statements, in order.
    pub statements: Vec<String>,
    /// Differences that no statement covers.
    pub notes: Vec<String>,
}

impl Migration {
    /// Returns the statements that lead from one dump to another.
    pub fn between(before: &str, after: &str) -> Self {
        let (old, new) = (objects(before), objects(after));
        let mut migration = Self::default();
        migration.drop_programs(&old, &new);
        let mut alterations = migration.alterations(&old, &new);
        migration.statements.extend(alterations.iter_mut().filter_map(|found| found.drops.take()));
        let is_new = |object: &Object| !old.contains_key(object);
        let is_gone = |object: &Object| !new.contains_key(object);
        let created = new.iter().filter(|(object, _)| is_stored(object) && is_new(object));
        let created = created.map(|(_, text)| (*text).to_owned());
        let dropped = old.keys().filter(|object| is_stored(object) && is_gone(object)).map(drop);
        // Tables refer to each other in any order.
        migration.statements.extend(without_checks(dropped.collect()));
        migration.statements.extend(alterations.iter_mut().filter_map(|found| found.rest.take()));
        migration.statements.extend(without_checks(created.collect()));
        migration.statements.extend(alterations.iter_mut().filter_map(|found| found.adds.take()));
        let programs =
            new.iter().filter(|(object, text)| !is_stored(object) && old.get(*object) != Some(*text));
        migration.statements.extend(programs.map(|(_, text)| (*text).to_owned()));
        migration
    }

    /// Returns the statements as the text of a detail's `apply_sql`. Notes become comments before them.
    pub fn script(&self) -> String {
        // A name may contain the end of a line.
        let notes = self.notes.iter().flat_map(|note| note.lines()).map(|line| format!("-- {line}\n"));
        notes.chain(self.statements.iter().map(|statement| format!("{statement};\n"))).collect()
    }

    /// Drops views and programs that change or are gone.
    fn drop_programs(&mut self, old: &BTreeMap<Object, &str>, new: &BTreeMap<Object, &str>) {
        let gone = old.iter().filter(|(object, text)| !is_stored(object) && new.get(*object) != Some(*text));
        self.statements.extend(gone.map(|(object, _)| drop(object)));
    }

    /// Returns the alterations of tables that both structures have, and notes what they do not cover.
    fn alterations(
        &mut self,
        old: &BTreeMap<Object, &str>,
        new: &BTreeMap<Object, &str>,
    ) -> Vec<alteration::Alteration> {
        let mut found = Vec::new();
        for (object, before) in old.iter().filter(|(object, _)| is_stored(object)) {
            let Some(after) = new.get(object).filter(|after| *after != before) else { continue };
            if !object.is_table() {
                self.notes.push(format!("{} {} differs", object.kind, object.name));
                continue;
            }
            let mut alteration = alteration::alteration(&object.name, before, after);
            self.notes.append(&mut alteration.notes);
            found.push(alteration);
        }
        found
    }
}

/// Whether an object holds rows or numbers, so that it is altered and not replaced.
fn is_stored(object: &Object) -> bool {
    object.is_table() || object.kind == ObjectKind::Sequence
}

fn drop(object: &Object) -> String {
    format!("DROP {} {}", object.kind.to_string().to_ascii_uppercase(), quoted(&object.name))
}

/// Returns statements that run without checks of foreign keys, if there are any.
fn without_checks(statements: Vec<String>) -> Vec<String> {
    if statements.is_empty() {
        return statements;
    }
    let set = |checks: u8| format!("SET foreign_key_checks = {checks}");
    [vec![set(0)], statements, vec![set(1)]].concat()
}

/// Returns a name in quotes. One that no object can have is quoted all the same: the server rejects it.
fn quoted(name: &str) -> String {
    Identifier::new(name).map_or_else(|| format!("`{}`", name.replace('`', "``")), |name| name.to_string())
}

#[cfg(test)]
mod tests;
