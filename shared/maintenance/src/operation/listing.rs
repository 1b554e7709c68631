//! Lists of operations.

use domain::error::Error;
use domain::time::Micros;

use crate::operation::Operations;
use crate::operation::kind::Kind;
use crate::operation::record::Operation;

/// Selects scheduled operations. A field that is `None` selects all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The name of the server; empty for the default one.
    pub server: Option<String>,
    /// The database.
    pub database: Option<String>,
    /// The schema.
    pub schema: Option<String>,
    /// The table.
    pub table: Option<String>,
}

/// A page of the history, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryPage {
    /// The operations.
    pub operations: Vec<Operation>,
    /// The cursor of the next page. `None` on the last one.
    pub next: Option<String>,
}

impl Filter {
    fn accepts(&self, operation: &Operation) -> bool {
        let target = &operation.target;
        let accepts = |wanted: &Option<String>, value: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| value == Some(wanted))
        };
        accepts(&self.server, Some(&target.server))
            && accepts(&self.database, Some(&target.database))
            && accepts(&self.schema, target.object.schema())
            && accepts(&self.table, target.object.table())
    }
}

impl Operations {
    /// Returns the operations of a kind that are alive or ended within the last minute, by due time.
    pub async fn scheduled(&self, kind: Kind, filter: &Filter) -> Result<Vec<Operation>, Error> {
        let now = self.now();
        let mut operations = self.live().await?;
        operations.retain(|operation| {
            operation.kind == kind && operation.is_listed(now) && filter.accepts(operation)
        });
        Ok(operations)
    }

    /// Returns an operation that has not expired, whatever its state.
    pub async fn get(&self, id: &str) -> Result<Option<Operation>, Error> {
        let now = self.now().epoch_seconds();
        Ok(self.read(id).await?.filter(|operation| operation.ttl.is_none_or(|ttl| now < ttl)))
    }

    /// Returns all operations that have not ended, by due time.
    pub async fn alive(&self) -> Result<Vec<Operation>, Error> {
        let mut operations = self.live().await?;
        operations.retain(|operation| !operation.status.is_final());
        Ok(operations)
    }

    /// Returns a page of ended operations, newest first, that starts after this cursor.
    pub async fn history(&self, limit: usize, cursor: Option<&str>) -> Result<HistoryPage, Error> {
        let before = cursor.map(parse_cursor).transpose()?;
        let now = self.now();
        let newest = before.as_ref().map_or(now, |(at, _)| *at).months();
        let oldest = now.plus_seconds(-self.settings.retention_seconds).months();
        let mut operations = Vec::new();
        for month in (oldest..=newest).rev() {
            let missing = limit - operations.len();
            operations.extend(self.ended_in(month, before.as_ref(), missing).await?);
            if operations.len() >= limit {
                break;
            }
        }
        let last = operations.last().filter(|_| operations.len() >= limit);
        let next = last.map(|last| format!("{}-{}", last.ended.unwrap_or(now).0, last.id));
        Ok(HistoryPage { operations, next })
    }
}

fn parse_cursor(cursor: &str) -> Result<(Micros, String), Error> {
    let parsed = cursor.split_once('-').and_then(|(at, id)| Some((Micros(at.parse().ok()?), id.to_owned())));
    parsed
        .ok_or_else(|| Error::invalid(format!("invalid cursor \"{cursor}\": expected one of a page before")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_a_time_and_an_id() {
        assert_eq!(parse_cursor("7-2cec00f2").expect("a cursor"), (Micros(7), "2cec00f2".to_owned()));
        for wrong in ["", "7", "x-2cec00f2"] {
            assert!(parse_cursor(wrong).is_err(), "{wrong}");
        }
    }
}
