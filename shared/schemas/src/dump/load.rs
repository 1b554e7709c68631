//! Schemas that are created from dumps.

use super::{Dump, settings};
use crate::mysql::failure::Failure;
use crate::mysql::identifier::Identifier;
use crate::mysql::lexer::significant_tokens;
use crate::mysql::session::Session;
use crate::mysql::statements::split;

/// Errors of an object that another one needs and that may still be created: of a table or view, a routine, a sequence.
const MISSING: &[u16] = &[1146, 1305, 1356, 4091];

/// Drops a schema and creates it, empty, and makes it the session's default schema.
pub async fn recreate(
    session: &mut Session,
    schema: &Identifier,
    collation: Option<&str>,
) -> Result<(), Failure> {
    drop_schema(session, schema).await?;
    let is_name = |name: &&str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let collation = collation.filter(is_name).map(|name| format!(" COLLATE {name}")).unwrap_or_default();
    session.execute(&format!("CREATE DATABASE {schema}{collation}")).await?;
    session.execute(&format!("USE {schema}")).await
}

/// Drops a schema with everything in it, if it exists.
pub async fn drop_schema(session: &mut Session, schema: &Identifier) -> Result<(), Failure> {
    session.execute(&format!("DROP DATABASE IF EXISTS {schema}")).await
}

/// Creates the objects of a dump in the session's default schema, which must be empty.
///
/// Tables refer to each other in any order, and so do views. Tables are created under a lenient SQL mode, because they were
/// valid when they were dumped. Views, triggers, routines and events keep the mode of their creation, and are created under
/// the session's own.
pub async fn load(session: &mut Session, dump: &Dump) -> Result<(), Failure> {
    let (tables, programs): (Vec<&str>, Vec<&str>) = split(&dump.ddl).into_iter().partition(is_table);
    settings::neutralize(session).await?;
    let loaded = load_tables(session, tables).await;
    let restored = settings::restore(session).await;
    loaded?;
    restored?;
    run_all(session, programs).await
}

fn is_table(statement: &&str) -> bool {
    significant_tokens(statement).get(1).is_some_and(|token| token.is_any(&["TABLE", "SEQUENCE"]))
}

async fn load_tables(session: &mut Session, tables: Vec<&str>) -> Result<(), Failure> {
    session.execute("SET @steward_key_checks = @@SESSION.foreign_key_checks").await?;
    session.execute("SET SESSION foreign_key_checks = 0").await?;
    let loaded = run_all(session, tables).await;
    let restored = session.execute("SET SESSION foreign_key_checks = @steward_key_checks").await;
    loaded?;
    restored
}

/// Runs statements, and those that lack an object again after the others.
async fn run_all(session: &mut Session, statements: Vec<&str>) -> Result<(), Failure> {
    let mut waiting = statements;
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut failed = None;
        let mut again = Vec::new();
        for statement in waiting {
            match session.execute(statement).await {
                Ok(()) => {}
                Err(Failure::Statement(report)) if MISSING.contains(&report.code) => {
                    failed.get_or_insert(report);
                    again.push(statement);
                }
                Err(failure) => return Err(failure),
            }
        }
        if let Some(report) = failed.filter(|_| again.len() == before) {
            return Err(Failure::Statement(report));
        }
        waiting = again;
    }
    Ok(())
}
