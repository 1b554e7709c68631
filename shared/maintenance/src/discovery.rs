//! The description of a PostgreSQL server.

use std::time::Duration;

use domain::error::Error;
use serde::{Deserialize, Serialize};

use crate::operation::catalog::failed;
use crate::postgres::identifier::Identifier;
use crate::postgres::session::Limits;
use crate::server::Server;

/// `data_directory` is missing from `pg_settings` for a user who may not see it.
const DISCOVERY: &str = "
SELECT json_build_object(
  'hostname', host(inet_server_addr()),
  'pg_port', current_setting('port')::int,
  'pg_version', version(),
  'pg_version_summary', 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1),
  'pg_data', (SELECT setting FROM pg_settings WHERE name = 'data_directory'),
  'pg_block_size', current_setting('block_size')::int)::text";

const LIMITS: Limits = Limits {
    application_name: "steward",
    statement_timeout: Duration::from_secs(5),
    lock_timeout: Duration::from_secs(1),
    idle_timeout: None,
    read_only: true,
};

/// The description of a server. All fields are `None` if it does not answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovery {
    /// The address that the server was reached at.
    pub hostname: Option<String>,
    /// The port.
    pub pg_port: Option<u32>,
    /// The version with its build.
    pub pg_version: Option<String>,
    /// The version.
    pub pg_version_summary: Option<String>,
    /// The data directory, if the user may see it.
    pub pg_data: Option<String>,
    /// Bytes of a block.
    pub pg_block_size: Option<u32>,
}

impl Server {
    /// Returns what the server tells about itself.
    pub async fn discover(&self) -> Result<Discovery, Error> {
        let Some(home) = Identifier::new(self.home_database()) else { return Ok(Discovery::default()) };
        let Some(mut session) = self.open(&home, LIMITS).await? else { return Ok(Discovery::default()) };
        let found = session.rows_of(DISCOVERY, &[]).await;
        session.close().await;
        found.map(|mut found| found.pop().unwrap_or_default()).map_err(failed)
    }
}
