//! Hints: what a database needs, why, and the requests that would do it.

pub mod request;
pub mod rules;

use domain::error::Error;
use serde::{Deserialize, Serialize};

use crate::advice::request::Target;
use crate::advice::rules::{FreezeLimits, Hint, IndexState, TableState};
use crate::report::statements;
use crate::server::{DEFAULT, Server};

/// `GET /maintenance/{database}/advice`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Advice {
    /// Transactions since the oldest row of the database that is not frozen.
    pub frozen_xid_age: i64,
    /// Multixacts since the oldest one that is still referred to.
    pub multixact_age: i64,
    /// The age of transactions at which autovacuum freezes a table even where it is disabled.
    pub autovacuum_freeze_max_age: i64,
    /// The same for multixacts.
    pub autovacuum_multixact_freeze_max_age: i64,
    /// The most urgent kind first; within a kind, the largest need first.
    pub hints: Vec<Hint>,
}

/// A row of `advice.sql`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Row {
    Database(FreezeLimits),
    Table(Box<TableState>),
    Index(Box<IndexState>),
}

impl Server {
    /// Returns hints for the tables and indexes of a database, or `None` if there is none of this name.
    pub async fn advice(&self, database: &str) -> Result<Option<Advice>, Error> {
        let rows = self.report(database, statements::ADVICE, &[]).await?;
        let instance = Some(self.name()).filter(|name| *name != DEFAULT);
        Ok(rows.and_then(|rows| advise(instance, database, rows)))
    }
}

fn advise(instance: Option<&str>, database: &str, rows: Vec<Row>) -> Option<Advice> {
    let (mut limits, mut hints) = (None, Vec::new());
    let (mut tables, mut indexes) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Row::Database(found) => limits = Some(found),
            Row::Table(table) => tables.push(*table),
            Row::Index(index) => indexes.push(*index),
        }
    }
    let limits = limits?;
    for table in &tables {
        let target = Target { instance, database, schema: &table.facts.schema };
        hints.extend(rules::of_table(table, &limits, target));
    }
    for index in &indexes {
        let target = Target { instance, database, schema: &index.facts.schema };
        hints.extend(rules::of_index(index, target));
    }
    hints.sort_by(|one, other| one.order().cmp(&other.order()));
    Some(Advice {
        frozen_xid_age: limits.frozen_xid_age,
        multixact_age: limits.multixact_age,
        autovacuum_freeze_max_age: limits.freeze_max_age,
        autovacuum_multixact_freeze_max_age: limits.multixact_freeze_max_age,
        hints,
    })
}
