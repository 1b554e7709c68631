//! Queues: made, listed, described, emptied.

use rusqlite::{OptionalExtension, params};

use super::arn;
use super::protocol::{
    Attributes, CreateQueue, GetQueueAttributes, ListQueues, Nothing, PurgeQueue, QueueAttributes,
    SetQueueAttributes,
};
use super::refusal::Refusal;
use super::settings::Settings;
use super::store::Session;

/// A queue that exists.
pub struct Queue {
    pub name: String,
    pub settings: Settings,
    created_at: i64,
    modified_at: i64,
}

/// Makes a queue, or finds the one that was made alike; its name.
pub fn create(session: &Session, request: &CreateQueue) -> Result<String, Refusal> {
    let name = &request.queue_name;
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 80 || !name.chars().all(legal) {
        let message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.";
        return Err(Refusal::value(message));
    }
    if let Some(queue) = find(session, name)? {
        if queue.settings.clone().with(&request.attributes)? == queue.settings {
            return Ok(queue.name);
        }
        let message = "A queue already exists with the same name and a different value for an attribute.";
        return Err(Refusal::sender("QueueNameExists", "QueueAlreadyExists", message));
    }
    let settings = checked(session, Settings::default().with(&request.attributes)?)?;
    session.sql.execute(
        "INSERT INTO queue (name, settings, created_at, modified_at) VALUES (?1, ?2, ?3, ?3)",
        params![name, json(&settings)?, session.now],
    )?;
    Ok(name.clone())
}

/// The queue at this address, or under this name: a URL's last segment is the name, whatever port it was made on.
pub fn get(session: &Session, url: &str) -> Result<Queue, Refusal> {
    let name = url.rsplit('/').next().unwrap_or_default();
    find(session, name)?.ok_or_else(Refusal::no_queue)
}

/// The names that begin so, in order.
pub fn list(session: &Session, request: &ListQueues) -> Result<Vec<String>, Refusal> {
    let mut statement = session.sql.prepare_cached("SELECT name FROM queue ORDER BY name")?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(names.into_iter().filter(|name| name.starts_with(&request.queue_name_prefix)).collect())
}

/// Settings, counts and times of a queue, those that are asked for.
pub fn attributes(session: &Session, request: &GetQueueAttributes) -> Result<QueueAttributes, Refusal> {
    let queue = get(session, &request.queue_url)?;
    let mut all = queue.settings.attributes();
    all.insert("QueueArn".to_owned(), arn(&queue.name));
    all.insert("CreatedTimestamp".to_owned(), (queue.created_at / 1_000).to_string());
    all.insert("LastModifiedTimestamp".to_owned(), (queue.modified_at / 1_000).to_string());
    all.extend(counts(session, &queue)?);
    let wanted = |name: &String| request.attribute_names.iter().any(|asked| asked == "All" || asked == name);
    Ok(QueueAttributes { attributes: all.into_iter().filter(|(name, _)| wanted(name)).collect() })
}

/// Changes the settings that are given.
pub fn set_attributes(session: &Session, request: &SetQueueAttributes) -> Result<Nothing, Refusal> {
    let queue = get(session, &request.queue_url)?;
    let settings = checked(session, queue.settings.with(&request.attributes)?)?;
    session.sql.execute(
        "UPDATE queue SET settings = ?2, modified_at = ?3 WHERE name = ?1",
        params![queue.name, json(&settings)?, session.now],
    )?;
    Ok(Nothing {})
}

/// Drops every message of a queue.
pub fn purge(session: &Session, request: &PurgeQueue) -> Result<Nothing, Refusal> {
    let queue = get(session, &request.queue_url)?;
    session.sql.execute("DELETE FROM message WHERE queue = ?1", [&queue.name])?;
    Ok(Nothing {})
}

fn find(session: &Session, name: &str) -> Result<Option<Queue>, Refusal> {
    let sql = "SELECT settings, created_at, modified_at FROM queue WHERE name = ?1";
    let mut statement = session.sql.prepare_cached(sql)?;
    let row = statement
        .query_row([name], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    row.map(|(settings, created_at, modified_at)| {
        Ok(Queue { name: name.to_owned(), settings: from_json(&settings)?, created_at, modified_at })
    })
    .transpose()
}

/// A dead-letter queue must exist before a queue can name it.
fn checked(session: &Session, settings: Settings) -> Result<Settings, Refusal> {
    if let Some(redrive) = &settings.redrive {
        let target = redrive.target().map(|name| find(session, name)).transpose()?.flatten();
        target.ok_or_else(|| Refusal::value("Dead letter target does not exist."))?;
    }
    Ok(settings)
}

fn counts(session: &Session, queue: &Queue) -> Result<Attributes, Refusal> {
    let sql = "SELECT count(*) FILTER (WHERE visible_at <= ?2),
                      count(*) FILTER (WHERE visible_at > ?2 AND receipt IS NOT NULL),
                      count(*) FILTER (WHERE visible_at > ?2 AND receipt IS NULL)
               FROM message WHERE queue = ?1 AND sent_at > ?3";
    let horizon = session.now - queue.settings.retention * 1_000;
    let counts: [i64; 3] =
        session.sql.prepare_cached(sql)?.query_row(params![queue.name, session.now, horizon], |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?])
        })?;
    let names = ["", "NotVisible", "Delayed"].map(|kind| format!("ApproximateNumberOfMessages{kind}"));
    Ok(names.into_iter().zip(counts.map(|count| count.to_string())).collect())
}

/// JSON as it stands in a column.
pub fn json<T: serde::Serialize>(value: &T) -> Result<String, rusqlite::Error> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// What [`json`] wrote.
pub fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, rusqlite::Error> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
    })
}
