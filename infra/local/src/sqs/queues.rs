//! Operations on queues.

use rusqlite::{OptionalExtension, params};

use super::arn;
use super::error::Error;
use super::protocol::{
    Attributes, CreateQueue, Empty, GetQueueAttributes, ListQueues, PurgeQueue, QueueAttributes,
    SetQueueAttributes,
};
use super::settings::QueueSettings;
use super::store::Transaction;

/// Maximum length of a queue's name.
const MAX_NAME_LENGTH: usize = 80;

/// An existing queue.
pub struct Queue {
    pub name: String,
    pub settings: QueueSettings,
    created_at: i64,
    modified_at: i64,
}

/// Creates a queue and returns its name. Succeeds if the queue exists with the same attributes.
pub fn create(tx: &Transaction, request: &CreateQueue) -> Result<String, Error> {
    let name = &request.queue_name;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > MAX_NAME_LENGTH || !name.chars().all(allowed) {
        let message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.";
        return Err(Error::invalid_parameter(message));
    }
    if let Some(queue) = find(tx, name)? {
        if queue.settings.clone().with(&request.attributes)? == queue.settings {
            return Ok(queue.name);
        }
        let message = "A queue already exists with the same name and a different value for an attribute.";
        return Err(Error::sender("QueueNameExists", "QueueAlreadyExists", message));
    }
    let settings = validated(tx, QueueSettings::default().with(&request.attributes)?)?;
    tx.sql.execute(
        "INSERT INTO queue (name, settings, created_at, modified_at) VALUES (?1, ?2, ?3, ?3)",
        params![name, to_json(&settings)?, tx.now],
    )?;
    Ok(name.clone())
}

/// Returns the queue with this URL or name. Only the URL's last segment counts, because the port may have changed since
/// the queue was created.
pub fn get(tx: &Transaction, url: &str) -> Result<Queue, Error> {
    let name = url.rsplit('/').next().unwrap_or_default();
    find(tx, name)?.ok_or_else(Error::no_such_queue)
}

/// Returns the names of the queues with this prefix, in order.
pub fn list(tx: &Transaction, request: &ListQueues) -> Result<Vec<String>, Error> {
    let mut statement = tx.sql.prepare_cached("SELECT name FROM queue ORDER BY name")?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(names.into_iter().filter(|name| name.starts_with(&request.queue_name_prefix)).collect())
}

/// Returns the requested attributes of a queue.
pub fn attributes(tx: &Transaction, request: &GetQueueAttributes) -> Result<QueueAttributes, Error> {
    let queue = get(tx, &request.queue_url)?;
    let mut all = queue.settings.attributes();
    all.insert("QueueArn".to_owned(), arn(&queue.name));
    all.insert("CreatedTimestamp".to_owned(), (queue.created_at / 1_000).to_string());
    all.insert("LastModifiedTimestamp".to_owned(), (queue.modified_at / 1_000).to_string());
    all.extend(counts(tx, &queue)?);
    let requested =
        |name: &String| request.attribute_names.iter().any(|request| request == "All" || request == name);
    Ok(QueueAttributes { attributes: all.into_iter().filter(|(name, _)| requested(name)).collect() })
}

/// Sets the given attributes.
pub fn set_attributes(tx: &Transaction, request: &SetQueueAttributes) -> Result<Empty, Error> {
    let queue = get(tx, &request.queue_url)?;
    let settings = validated(tx, queue.settings.with(&request.attributes)?)?;
    tx.sql.execute(
        "UPDATE queue SET settings = ?2, modified_at = ?3 WHERE name = ?1",
        params![queue.name, to_json(&settings)?, tx.now],
    )?;
    Ok(Empty {})
}

/// Deletes all messages of a queue.
pub fn purge(tx: &Transaction, request: &PurgeQueue) -> Result<Empty, Error> {
    let queue = get(tx, &request.queue_url)?;
    tx.sql.execute("DELETE FROM message WHERE queue = ?1", [&queue.name])?;
    Ok(Empty {})
}

fn find(tx: &Transaction, name: &str) -> Result<Option<Queue>, Error> {
    let sql = "SELECT settings, created_at, modified_at FROM queue WHERE name = ?1";
    let mut statement = tx.sql.prepare_cached(sql)?;
    let row = statement
        .query_row([name], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    row.map(|(settings, created_at, modified_at)| {
        Ok(Queue { name: name.to_owned(), settings: from_json(&settings)?, created_at, modified_at })
    })
    .transpose()
}

/// Fails if the dead-letter queue does not exist.
fn validated(tx: &Transaction, settings: QueueSettings) -> Result<QueueSettings, Error> {
    if let Some(redrive) = &settings.redrive {
        let target = redrive.target().map(|name| find(tx, name)).transpose()?.flatten();
        target.ok_or_else(|| Error::invalid_parameter("Dead letter target does not exist."))?;
    }
    Ok(settings)
}

fn counts(tx: &Transaction, queue: &Queue) -> Result<Attributes, Error> {
    let sql = "SELECT count(*) FILTER (WHERE visible_at <= ?2),
                      count(*) FILTER (WHERE visible_at > ?2 AND receipt IS NOT NULL),
                      count(*) FILTER (WHERE visible_at > ?2 AND receipt IS NULL)
               FROM message WHERE queue = ?1 AND sent_at > ?3";
    let horizon = tx.now - queue.settings.retention * 1_000;
    let counts: [i64; 3] = tx
        .sql
        .prepare_cached(sql)?
        .query_row(params![queue.name, tx.now, horizon], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
    let names = ["", "NotVisible", "Delayed"].map(|kind| format!("ApproximateNumberOfMessages{kind}"));
    Ok(names.into_iter().zip(counts.map(|count| count.to_string())).collect())
}

/// Serializes the content of a JSON column.
pub fn to_json<T: serde::Serialize>(value: &T) -> Result<String, rusqlite::Error> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Deserializes the content of a JSON column.
pub fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, rusqlite::Error> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
    })
}
