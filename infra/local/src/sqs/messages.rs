//! Operations on messages.

use std::collections::BTreeMap;

use rusqlite::{Row, params};

use super::error::Error;
use super::protocol::{
    Attributes, Deletion, Empty, MessageAttribute, NewMessage, ReceiveMessage, ReceivedMessage, SentMessage,
    VisibilityChange,
};
use super::queues::{self, Queue};
use super::settings::{MAX_DELAY, MAX_VISIBILITY_TIMEOUT};
use super::store::Transaction;
use super::{arn, digest};

/// Maximum bytes of a message, and of all messages of a call.
pub const MAX_BYTES: usize = 262_144;

/// Maximum number of messages that a call receives.
const MAX_RECEIVED: i64 = 10;

/// Returns the bytes that count against [`MAX_BYTES`].
pub fn size(message: &NewMessage) -> Result<usize, Error> {
    Ok(message.message_body.len() + digest::attribute_bytes(&message.message_attributes)?)
}

/// Sends a message to a queue.
pub fn send(tx: &Transaction, queue: &Queue, message: &NewMessage) -> Result<SentMessage, Error> {
    validate(message)?;
    let delay = message.delay_seconds.unwrap_or(queue.settings.delay);
    if !(0..=MAX_DELAY).contains(&delay) {
        return Err(Error::invalid_parameter(format!(
            "Value {delay} for parameter DelaySeconds is invalid. 0 to {MAX_DELAY}."
        )));
    }
    let sent = SentMessage {
        message_id: tx.new_id(),
        md5_of_body: digest::body(&message.message_body),
        md5_of_attributes: digest::attributes(&message.message_attributes)?,
    };
    let sql = "INSERT INTO message (id, queue, body, attributes, sent_at, visible_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    tx.sql.prepare_cached(sql)?.execute(params![
        sent.message_id,
        queue.name,
        message.message_body,
        queues::to_json(&message.message_attributes)?,
        tx.now,
        tx.now + delay * 1_000,
    ])?;
    Ok(sent)
}

fn validate(message: &NewMessage) -> Result<(), Error> {
    if message.message_body.is_empty() {
        return Err(Error::missing_parameter("MessageBody"));
    }
    if size(message)? > MAX_BYTES {
        return Err(Error::invalid_parameter(format!("Message must be shorter than {MAX_BYTES} bytes.")));
    }
    // The service excludes characters that are invalid in XML 1.0, the format of its older protocol.
    let allowed =
        |c| !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    if !message.message_body.chars().all(allowed) {
        let message = "The message contains characters outside the allowed set.";
        return Err(Error::sender("InvalidMessageContents", "InvalidMessageContents", message));
    }
    Ok(())
}

/// Receives visible messages. Deletes messages past their retention, and moves those that were received too often to
/// the dead-letter queue.
pub fn receive(
    tx: &Transaction,
    queue: &Queue,
    request: &ReceiveMessage,
) -> Result<Vec<ReceivedMessage>, Error> {
    let limit = in_range("MaxNumberOfMessages", request.max_number_of_messages, 1, 1, MAX_RECEIVED)?;
    let limit = usize::try_from(limit).unwrap_or(1);
    let timeout = queue.settings.visibility_timeout;
    let timeout =
        in_range("VisibilityTimeout", request.visibility_timeout, timeout, 0, MAX_VISIBILITY_TIMEOUT)?;
    let mut messages = Vec::new();
    while messages.len() < limit {
        let visible = visible(tx, queue, limit - messages.len())?;
        if visible.is_empty() {
            break;
        }
        for stored in visible {
            if stored.sent_at <= tx.now - queue.settings.retention * 1_000 {
                tx.sql.prepare_cached("DELETE FROM message WHERE seq = ?1")?.execute([stored.seq])?;
            } else if !move_to_dead_letters(tx, queue, &stored)? {
                messages.push(mark_received(tx, stored, timeout, request)?);
            }
        }
        if timeout == 0 {
            break; // the messages stay visible, so the next query would return them again
        }
    }
    Ok(messages)
}

/// Returns the milliseconds until the next message becomes visible. `None` if no message is invisible.
pub fn next_visible(tx: &Transaction, queue: &Queue) -> Result<Option<i64>, Error> {
    let sql = "SELECT min(visible_at) FROM message WHERE queue = ?1 AND visible_at > ?2";
    let next: Option<i64> =
        tx.sql.prepare_cached(sql)?.query_row(params![queue.name, tx.now], |row| row.get(0))?;
    Ok(next.map(|at| at - tx.now))
}

/// A row of the table `message`.
struct Stored {
    seq: i64,
    id: String,
    body: String,
    attributes: String,
    sent_at: i64,
    receives: i64,
    first_received_at: Option<i64>,
    source: Option<String>,
}

impl Stored {
    fn read(row: &Row) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            seq: row.get(0)?,
            id: row.get(1)?,
            body: row.get(2)?,
            attributes: row.get(3)?,
            sent_at: row.get(4)?,
            receives: row.get(5)?,
            first_received_at: row.get(6)?,
            source: row.get(7)?,
        })
    }
}

fn visible(tx: &Transaction, queue: &Queue, limit: usize) -> Result<Vec<Stored>, Error> {
    let sql = "SELECT seq, id, body, attributes, sent_at, receives, first_received_at, source FROM message
               WHERE queue = ?1 AND visible_at <= ?2 ORDER BY visible_at, seq LIMIT ?3";
    let mut statement = tx.sql.prepare_cached(sql)?;
    let rows = statement.query_map(params![queue.name, tx.now, limit], Stored::read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Moves a message that was received too often to the dead-letter queue, with its id and age. Returns whether it did.
fn move_to_dead_letters(tx: &Transaction, queue: &Queue, stored: &Stored) -> Result<bool, Error> {
    let redrive =
        queue.settings.redrive.as_ref().filter(|redrive| stored.receives >= redrive.max_receive_count);
    let Some(target) = redrive.and_then(|redrive| redrive.target()) else { return Ok(false) };
    let sql = "UPDATE message SET queue = ?2, visible_at = ?3, receipt = NULL, source = ?4 WHERE seq = ?1";
    tx.sql.prepare_cached(sql)?.execute(params![stored.seq, target, tx.now, arn(&queue.name)])?;
    Ok(true)
}

/// Makes a message invisible for `timeout` seconds and returns it.
fn mark_received(
    tx: &Transaction,
    stored: Stored,
    timeout: i64,
    request: &ReceiveMessage,
) -> Result<ReceivedMessage, Error> {
    let receipt = format!("{}.{}", stored.seq, tx.new_id());
    let first_received_at = stored.first_received_at.unwrap_or(tx.now);
    let sql =
        "UPDATE message SET receives = receives + 1, first_received_at = ?2, visible_at = ?3, receipt = ?4
               WHERE seq = ?1";
    let visible_at = tx.now + timeout * 1_000;
    tx.sql.prepare_cached(sql)?.execute(params![stored.seq, first_received_at, visible_at, receipt])?;

    let attributes = system_attributes(&stored, first_received_at, request);
    let mut message_attributes: BTreeMap<String, MessageAttribute> = queues::from_json(&stored.attributes)?;
    message_attributes
        .retain(|name, _| request.message_attribute_names.iter().any(|request| selects(request, name)));
    Ok(ReceivedMessage {
        message_id: stored.id,
        receipt_handle: receipt,
        md5_of_body: digest::body(&stored.body),
        body: stored.body,
        attributes,
        md5_of_attributes: digest::attributes(&message_attributes)?,
        message_attributes,
    })
}

fn system_attributes(stored: &Stored, first_received_at: i64, request: &ReceiveMessage) -> Attributes {
    let mut all = Attributes::from([
        ("SenderId".to_owned(), super::ACCOUNT.to_owned()),
        ("SentTimestamp".to_owned(), stored.sent_at.to_string()),
        ("ApproximateReceiveCount".to_owned(), (stored.receives + 1).to_string()),
        ("ApproximateFirstReceiveTimestamp".to_owned(), first_received_at.to_string()),
    ]);
    if let Some(source) = &stored.source {
        all.insert("DeadLetterQueueSourceArn".to_owned(), source.clone());
    }
    let names = [&request.attribute_names[..], &request.message_system_attribute_names].concat();
    all.retain(|name, _| names.iter().any(|request| request == "All" || request == name));
    all
}

/// Whether a requested name (`All`, `.*`, `prefix.*` or the name itself) selects an attribute.
fn selects(request: &str, name: &str) -> bool {
    request == "All"
        || request == name
        || request.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
}

/// Deletes a message. A receipt handle of an earlier receive succeeds without effect.
pub fn delete(tx: &Transaction, queue: &Queue, deletion: &Deletion) -> Result<Empty, Error> {
    let seq = parse_handle(&deletion.receipt_handle)?;
    let sql = "DELETE FROM message WHERE seq = ?1 AND queue = ?2 AND receipt = ?3";
    tx.sql.prepare_cached(sql)?.execute(params![seq, queue.name, deletion.receipt_handle])?;
    Ok(Empty {})
}

/// Sets the visibility timeout of a message in flight, counted from now.
pub fn change_visibility(tx: &Transaction, queue: &Queue, change: &VisibilityChange) -> Result<Empty, Error> {
    let seq = parse_handle(&change.receipt_handle)?;
    let timeout = change.visibility_timeout;
    let timeout = in_range("VisibilityTimeout", Some(timeout), 0, 0, MAX_VISIBILITY_TIMEOUT)?;
    let sql = "UPDATE message SET visible_at = ?4 WHERE seq = ?1 AND queue = ?2 AND receipt = ?3 AND visible_at > ?5";
    let visible_at = tx.now + timeout * 1_000;
    let parameters = params![seq, queue.name, change.receipt_handle, visible_at, tx.now];
    if tx.sql.prepare_cached(sql)?.execute(parameters)? == 1 {
        return Ok(Empty {});
    }
    let message = "Message does not exist or is not available for visibility timeout change.";
    Err(Error::sender("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", message))
}

/// Returns the sequence number of the message that a receipt handle belongs to.
fn parse_handle(handle: &str) -> Result<i64, Error> {
    let seq = handle.split_once('.').and_then(|(seq, _)| seq.parse().ok());
    seq.ok_or_else(|| Error::invalid_handle(handle))
}

/// Returns a parameter's value, or its default. Fails if it is out of range.
pub fn in_range(name: &str, value: Option<i64>, default: i64, min: i64, max: i64) -> Result<i64, Error> {
    let value = value.unwrap_or(default);
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    let message = format!("Value {value} for parameter {name} is invalid. Must be between {min} and {max}.");
    Err(Error::invalid_parameter(message))
}
