//! Reports on the sizes and the bloat of a server, a database, a schema or a table.
//!
//! Each report is one statement per database, which reads catalogs and statistics and no table. The statement returns
//! facts (`relations.sql`, [`facts`]); the rules are here: estimates of bloat ([`bloat`]), sums, and human-readable sizes
//! ([`size`]).
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
pub mod table;

use std::time::Duration;

use domain::error::Error;
use serde::de::DeserializeOwned;

use crate::postgres::failure::Failure;
use crate::postgres::identifier::Identifier;
use crate::postgres::session::Limits;
use crate::server::Server;

/// API Gateway waits 30 seconds for an answer.
const LIMITS: Limits = Limits {
    application_name: "steward report",
    statement_timeout: Duration::from_secs(20),
    lock_timeout: Duration::from_millis(100),
    read_only: true,
};

impl Server {
    /// Runs the statement of a report in a database. Returns `None` if there is no such database.
    pub(crate) async fn report<T: DeserializeOwned>(
        &self,
        database: &str,
        query: &'static str,
        names: &[Option<&Identifier>],
    ) -> Result<Option<Vec<T>>, Error> {
        let Some(database) = Identifier::new(database) else { return Ok(None) };
        let Some(mut session) = self.open(&database, LIMITS).await? else { return Ok(None) };
        let mut rows = session.rows(query, names).await;
        if matches!(rows, Err(Failure::Locked(_))) {
            rows = session.rows(query, names).await;
        }
        session.close().await;
        rows.map(Some).map_err(|failure| self.error(&database, failure))
    }
}
