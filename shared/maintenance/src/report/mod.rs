//! Reports on the sizes and the bloat of a server, a database, a schema or a table.
//!
//! Each report is one statement per database, which reads catalogs and statistics and no table. The statement returns
//! facts (`relations.sql`, [`facts`]); the rules are here: estimates of bloat ([`bloat`]), sums, and human-readable sizes
//! ([`size`]).
//!
//! The text of a statement (`statements`) has four parts: `sql/scope` finds the tables, `sql/statistics` reads the
//! statistics of their columns, `relations.sql` puts the facts of tables and indexes together, and the rest selects rows
//! of the report. A superuser reads `pg_statistic` by OID; everybody else reads the view `pg_stats`, which joins three
//! catalogs and checks permissions for each row.
//!
//! ## Locked relations
//!
//! A function that returns the size of a relation opens it, and waits for the session that has locked it `ACCESS EXCLUSIVE`. The
//! statement therefore reads `pg_locks` first and does not ask for the sizes of locked relations: they are null, and the
//! report says which relations are locked. A lock that is taken after that is waited for as long as `lock_timeout`, and
//! then the statement runs a second time, which finds the lock.

pub mod bloat;
pub mod database;
pub mod facts;
pub mod index;
pub mod instance;
pub mod schema;
pub mod size;
pub(crate) mod statements;
pub mod table;

use std::time::Duration;

use domain::error::Error;
use serde::de::DeserializeOwned;

use crate::postgres::failure::Failure;
use crate::postgres::identifier::Identifier;
use crate::postgres::query::Query;
use crate::postgres::session::{Limits, Session};
use crate::server::Server;

/// API Gateway waits 30 seconds for an answer.
const LIMITS: Limits = Limits {
    application_name: "steward report",
    statement_timeout: Duration::from_secs(20),
    lock_timeout: Duration::from_millis(100),
    idle_timeout: None,
    read_only: true,
};

impl Server {
    /// Runs the statement of a report in a database. Returns `None` if there is no such database.
    pub(crate) async fn report<T: DeserializeOwned>(
        &self,
        database: &str,
        query: Query,
        names: &[&Identifier],
    ) -> Result<Option<Vec<T>>, Error> {
        let Some(database) = Identifier::new(database) else { return Ok(None) };
        if let Some(mut session) = self.pool().take(&database) {
            let rows = rows(&mut session, query, names).await;
            // The server may have ended an idle session at the same moment: then a new one has the answer.
            if !rows.as_ref().is_err_and(Failure::is_disconnect) {
                return self.answer(database, session, rows).await;
            }
        }
        let limits = Limits { idle_timeout: self.pool().idle_timeout(), ..LIMITS };
        let Some(mut session) = self.open(&database, limits).await? else { return Ok(None) };
        let rows = rows(&mut session, query, names).await;
        self.answer(database, session, rows).await
    }

    /// Keeps the session if its statement succeeded, and closes it otherwise.
    async fn answer<T>(
        &self,
        database: Identifier,
        session: Session,
        rows: Result<Vec<T>, Failure>,
    ) -> Result<Option<Vec<T>>, Error> {
        match rows {
            Ok(rows) => {
                if let Some(session) = self.pool().put(database, session) {
                    session.close().await;
                }
                Ok(Some(rows))
            }
            Err(failure) => {
                session.close().await;
                Err(self.error(&database, failure))
            }
        }
    }
}

/// Runs a query, and once more if it met a lock that was taken meanwhile.
async fn rows<T: DeserializeOwned>(
    session: &mut Session,
    query: Query,
    names: &[&Identifier],
) -> Result<Vec<T>, Failure> {
    match session.rows(query, names).await {
        Err(Failure::Locked(_)) => session.rows(query, names).await,
        rows => rows,
    }
}
