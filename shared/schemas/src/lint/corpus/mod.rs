//! Statements with the findings that are expected of them.
//!
//! A block begins with `-- expect:` and the keys of rules, or `none`. More lines may follow before the statement:
//! `-- context:` names known tables of `tables.sql`, `-- server: mysql` selects MySQL, `-- schema:` gives the character
//! set and the collation of the schema. A line `-- then` separates statements of one changeset.
//!
//! MariaDB 10.11 accepts the syntax of all statements without `-- server: mysql`, except those that are broken on
//! purpose.

mod expected;
mod judged;

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, Flavor, Report, check};

/// A changeset of one or more statements.
struct Case {
    /// The keys of rules that are expected to find something.
    expected: BTreeSet<String>,
    statements: Vec<String>,
    context: Context,
}

impl Case {
    fn report(&self) -> Report {
        let statements: Vec<&str> = self.statements.iter().map(String::as_str).collect();
        check(&statements, &self.context)
    }

    /// Returns the keys of the rules that find something, except the notice about unread statements.
    fn found(&self) -> BTreeSet<String> {
        let findings = self.report().findings;
        findings.iter().map(|finding| finding.key().to_owned()).filter(|key| key != "unread").collect()
    }
}

/// Returns the definitions of `tables.sql` by name.
fn tables() -> BTreeMap<String, String> {
    let blocks = include_str!("tables.sql").split("-- define: ").skip(1);
    blocks
        .map(|block| block.split_once('\n').unwrap())
        .map(|(name, text)| (name.into(), text.into()))
        .collect()
}

fn cases(text: &str) -> Vec<Case> {
    let tables = tables();
    text.split("-- expect: ").skip(1).map(|block| case(block, &tables)).collect()
}

fn case(block: &str, tables: &BTreeMap<String, String>) -> Case {
    let (expected, body) = block.split_once('\n').unwrap();
    let mut context = Context::default();
    let mut statements = vec![String::new()];
    for line in body.lines() {
        if let Some(names) = line.strip_prefix("-- context: ") {
            context.tables = list(names).map(|name| (name.to_owned(), tables[name].clone())).collect();
        } else if line == "-- server: mysql" {
            context.flavor = Flavor::MySql;
        } else if let Some(schema) = line.strip_prefix("-- schema: ") {
            let (charset, collation) = schema.split_once(' ').unwrap();
            context.charset = Some(charset.to_owned());
            context.collation = Some(collation.to_owned());
        } else if line == "-- then" {
            statements.push(String::new());
        } else {
            let statement = statements.last_mut().unwrap();
            statement.push_str(line);
            statement.push('\n');
        }
    }
    let expected = list(expected).filter(|key| *key != "none").map(str::to_owned).collect();
    Case { expected, statements, context }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim)
}
