//! Dumps of schemas, read from the server's catalog.

use super::{Dump, normalize, settings};
use crate::mysql::failure::Failure;
use crate::mysql::identifier::Identifier;
use crate::mysql::session::Session;

/// The error of an unknown schema.
const UNKNOWN_SCHEMA: u16 = 1049;

const COLLATION: &str = "SELECT @@collation_database, DATABASE()";
const TRIGGERS: &str = "SELECT TRIGGER_SCHEMA, EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER, \
                        TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?";
const ROUTINES: &str = "SELECT ROUTINE_SCHEMA, ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES \
                        WHERE ROUTINE_SCHEMA = ? AND ROUTINE_TYPE IN ('PROCEDURE', 'FUNCTION')";
const EVENTS: &str = "SELECT EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?";

/// Returns the structure of a schema. `None` if there is no such schema. It is the session's default schema afterwards.
///
/// Tables are in the byte order of their names, followed by sequences, views, triggers, functions, procedures and events,
/// if there are any. Triggers of one table are in the order in which they act. Fails if the session's user may not read a
/// definition: the dump would lack it.
pub async fn dump(session: &mut Session, schema: &Identifier) -> Result<Option<Dump>, Failure> {
    match session.execute(&format!("USE {schema}")).await {
        Err(Failure::Statement(report)) if report.code == UNKNOWN_SCHEMA => return Ok(None),
        used => used?,
    }
    settings::neutralize(session).await?;
    let dump = read(session).await;
    let restored = settings::restore(session).await;
    let dump = dump?;
    restored?;
    Ok(Some(dump))
}

/// Reads the structure of the default schema.
async fn read(session: &mut Session) -> Result<Dump, Failure> {
    let facts = session.rows(COLLATION, &[]).await?;
    let facts = facts.first().ok_or_else(|| Failure::Row("no default schema".to_owned()))?;
    // The name as the server stores it, which may differ in case.
    let (collation, schema) = (facts.text(0)?.to_owned(), facts.text(1)?.to_owned());
    let mut statements = Vec::new();
    tables(session, &schema, &mut statements).await?;
    for name in triggers(session, &schema).await? {
        let text = definition(session, "TRIGGER", &name, 2).await?;
        statements.push(normalize::program(&text, &schema));
    }
    for (kind, name) in routines(session, &schema).await? {
        let text = definition(session, &kind, &name, 2).await?;
        statements.push(normalize::program(&text, &schema));
    }
    for name in events(session, &schema).await? {
        let text = definition(session, "EVENT", &name, 3).await?;
        statements.push(normalize::event(&text, &schema));
    }
    Ok(Dump::of(statements).with_collation(Some(collation)))
}

/// Adds the tables, sequences and views of the default schema.
async fn tables(session: &mut Session, schema: &str, statements: &mut Vec<String>) -> Result<(), Failure> {
    let (mut tables, mut sequences, mut views) = (Vec::new(), Vec::new(), Vec::new());
    for row in session.rows("SHOW FULL TABLES", &[]).await? {
        let name = row.text(0)?.to_owned();
        match row.text(1)? {
            "BASE TABLE" | "SYSTEM VERSIONED" => tables.push(name),
            "SEQUENCE" => sequences.push(name),
            "VIEW" => views.push(name),
            _ => {}
        }
    }
    for names in [&mut tables, &mut sequences, &mut views] {
        names.sort();
    }
    for name in tables {
        statements.push(normalize::table(&definition(session, "TABLE", &name, 1).await?, schema));
    }
    for name in sequences {
        statements.push(normalize::program(&definition(session, "SEQUENCE", &name, 1).await?, schema));
    }
    for name in views {
        statements.push(normalize::program(&definition(session, "VIEW", &name, 1).await?, schema));
    }
    Ok(())
}

/// Returns the names of all triggers, by table and in the order in which they act.
async fn triggers(session: &mut Session, schema: &str) -> Result<Vec<String>, Failure> {
    let mut triggers = Vec::new();
    for row in session.rows(TRIGGERS, &[schema]).await? {
        if row.text(0)? == schema {
            let moment = (row.text(1)?.to_owned(), row.text(2)?.to_owned(), row.text(3)?.to_owned());
            triggers.push((moment, row.number(4)?, row.text(5)?.to_owned()));
        }
    }
    triggers.sort();
    Ok(triggers.into_iter().map(|(_, _, name)| name).collect())
}

/// Returns the kinds and names of all routines, functions first.
async fn routines(session: &mut Session, schema: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut routines = Vec::new();
    for row in session.rows(ROUTINES, &[schema]).await? {
        if row.text(0)? == schema {
            routines.push((row.text(1)?.to_owned(), row.text(2)?.to_owned()));
        }
    }
    routines.sort();
    Ok(routines)
}

async fn events(session: &mut Session, schema: &str) -> Result<Vec<String>, Failure> {
    let mut events = Vec::new();
    for row in session.rows(EVENTS, &[schema]).await? {
        if row.text(0)? == schema {
            events.push(row.text(1)?.to_owned());
        }
    }
    events.sort();
    Ok(events)
}

/// Returns what `SHOW CREATE` shows in this column.
async fn definition(session: &mut Session, kind: &str, name: &str, column: usize) -> Result<String, Failure> {
    let quoted = Identifier::new(name).ok_or_else(|| Failure::Row(format!("impossible name '{name}'")))?;
    let rows = session.rows(&format!("SHOW CREATE {kind} {quoted}"), &[]).await?;
    let text = rows.first().and_then(|row| row.optional(column)).map(str::to_owned);
    // It is NULL if the user lacks a privilege.
    text.ok_or_else(|| Failure::Row(format!("the definition of {kind} {quoted} is not visible to this user")))
}
