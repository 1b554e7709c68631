//! Finds the object of a request on its server.

use std::time::Duration;

use domain::error::Error;

use crate::operation::catalog::{self, failed};
use crate::operation::command::Command;
use crate::operation::options::Unsupported;
use crate::operation::record::Draft;
use crate::operation::statement;
use crate::operation::target::{Object, Target};
use crate::postgres::identifier::Identifier;
use crate::postgres::session::{Limits, Session};
use crate::server::{Server, Servers};

/// The limits of sessions that look at the catalogs.
const LOOKING: Limits = Limits {
    application_name: "steward",
    statement_timeout: Duration::from_secs(10),
    lock_timeout: Duration::from_secs(5),
    idle_timeout: None,
    read_only: true,
};

/// Why a request for an operation is rejected.
#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    /// The object does not exist.
    #[error("{0}")]
    Missing(String),
    /// The server does not support an option.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The server is a standby, which runs no maintenance.
    #[error("{STANDBY}")]
    Standby,
    /// The server could not be asked.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// The plan of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The statement, or the first ones of many.
    pub statements: Vec<String>,
    /// The number of relations it would work on.
    pub relations: usize,
    /// The strongest lock of a statement, as the manual names it.
    pub lock: &'static str,
    /// The free space in bytes that a statement needs at most. `None` while a lock hides it. PostgreSQL does not tell how
    /// much there is.
    pub space_needed: Option<i64>,
    /// The major version of the server.
    pub version: u32,
}

/// The text for a server that is a standby.
pub(crate) const STANDBY: &str = "The server is a standby: it cannot run maintenance.";
/// Statements that a plan shows.
const SHOWN: usize = 20;

/// Returns the server of a target.
pub(crate) fn server<'a>(servers: &'a Servers, target: &Target) -> Result<&'a Server, Error> {
    servers.get(Some(target.server.as_str()).filter(|name| !name.is_empty()))
}

/// Returns the text for an object that does not exist, in the words of the original.
pub(crate) fn not_found(target: &Target) -> String {
    match &target.object {
        Object::Database => format!("Database {} not found", target.database),
        Object::Schema(schema) => format!("Schema {schema} not found"),
        Object::Table(schema, table) => format!("Table {schema}.{table} not found"),
        Object::Index(schema, index) => format!("Index {schema}.{index} not found"),
    }
}

/// Checks that the object of a draft exists, and that its server supports the options.
pub async fn check(servers: &Servers, draft: &Draft) -> Result<(), Rejection> {
    let mut session = open(servers, draft).await?;
    let checked = checked(&mut session, draft).await;
    session.close().await;
    checked.map(drop)
}

/// Returns what an operation would do, and changes nothing.
pub async fn plan(servers: &Servers, draft: &Draft) -> Result<Plan, Rejection> {
    let mut session = open(servers, draft).await?;
    let plan = planned(&mut session, draft).await;
    session.close().await;
    plan
}

async fn open(servers: &Servers, draft: &Draft) -> Result<Session, Rejection> {
    let unknown = || Rejection::Missing(format!("Database {} not found", draft.target.database));
    let database = Identifier::new(&draft.target.database).ok_or_else(unknown)?;
    let session = server(servers, &draft.target)?.open(&database, LOOKING).await?;
    session.ok_or_else(unknown)
}

async fn checked(session: &mut Session, draft: &Draft) -> Result<u32, Rejection> {
    let object = &draft.target.object;
    let exists = match object {
        Object::Database => true,
        Object::Schema(schema) => catalog::has_schema(session, schema).await.map_err(failed)?,
        Object::Table(..) | Object::Index(..) => {
            catalog::find(session, object).await.map_err(failed)?.is_some()
        }
    };
    if !exists {
        return Err(Rejection::Missing(not_found(&draft.target)));
    }
    let version = catalog::version(session).await.map_err(failed)?;
    draft.options.check_version(version)?;
    if catalog::is_standby(session).await.map_err(failed)? {
        return Err(Rejection::Standby);
    }
    Ok(version)
}

async fn planned(session: &mut Session, draft: &Draft) -> Result<Plan, Rejection> {
    let version = checked(session, draft).await?;
    let oids = catalog::relations(session, draft.kind, &draft.options, &draft.target.object)
        .await
        .map_err(failed)?;
    let oids = oids.unwrap_or_default();
    let mut statements = Vec::new();
    for oid in oids.iter().take(SHOWN) {
        if let Some(relation) = catalog::relation(session, *oid).await.map_err(failed)? {
            let command = Command::new(draft.kind, &draft.options, &draft.target.object, &relation);
            statements.push(command.statement(&relation));
        }
    }
    let lock = statement::lock(draft.kind, &draft.target.object, &draft.options);
    let space_needed =
        catalog::space_needed(session, draft.kind, &draft.options, &oids).await.map_err(failed)?;
    Ok(Plan { statements, relations: oids.len(), lock, space_needed, version })
}
