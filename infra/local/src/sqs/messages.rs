//! Messages: sent, received, hidden, deleted, set aside.

use std::collections::BTreeMap;

use rusqlite::{Row, params};

use super::protocol::{
    Attributes, Deletion, MessageAttribute, NewMessage, Nothing, ReceiveMessage, Received, Sent,
    VisibilityChange,
};
use super::queues::{self, Queue};
use super::refusal::Refusal;
use super::store::Session;
use super::{arn, digest};

/// Bytes of a message, and of all messages of a call.
pub const MAX_BYTES: usize = 262_144;

/// The size that counts against [`MAX_BYTES`].
pub fn bytes(message: &NewMessage) -> Result<usize, Refusal> {
    Ok(message.message_body.len() + digest::attribute_bytes(&message.message_attributes)?)
}

/// Puts a message into a queue.
pub fn send(session: &Session, queue: &Queue, message: &NewMessage) -> Result<Sent, Refusal> {
    check(message)?;
    let delay = message.delay_seconds.unwrap_or(queue.settings.delay);
    if !(0..=900).contains(&delay) {
        return Err(Refusal::value(format!(
            "Value {delay} for parameter DelaySeconds is invalid. 0 to 900."
        )));
    }
    let sent = Sent {
        message_id: session.id(),
        md5_of_body: digest::body(&message.message_body),
        md5_of_attributes: digest::attributes(&message.message_attributes)?,
    };
    let sql = "INSERT INTO message (id, queue, body, attributes, sent_at, visible_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    session.sql.prepare_cached(sql)?.execute(params![
        sent.message_id,
        queue.name,
        message.message_body,
        queues::json(&message.message_attributes)?,
        session.now,
        session.now + delay * 1_000,
    ])?;
    Ok(sent)
}

fn check(message: &NewMessage) -> Result<(), Refusal> {
    if message.message_body.is_empty() {
        return Err(Refusal::missing("MessageBody"));
    }
    if bytes(message)? > MAX_BYTES {
        return Err(Refusal::value(format!("Message must be shorter than {MAX_BYTES} bytes.")));
    }
    // What XML 1.0 cannot carry, since the older protocol is XML.
    let legal = |c| !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    if !message.message_body.chars().all(legal) {
        let message = "The message contains characters outside the allowed set.";
        return Err(Refusal::sender("InvalidMessageContents", "InvalidMessageContents", message));
    }
    Ok(())
}

/// Takes visible messages and hides them; on the way sets aside what was received too often and drops what is too old.
pub fn receive(session: &Session, queue: &Queue, request: &ReceiveMessage) -> Result<Vec<Received>, Refusal> {
    let wanted = usize::try_from(within("MaxNumberOfMessages", request.max_number_of_messages, 1, 1, 10)?)
        .unwrap_or(1);
    let timeout = queue.settings.visibility_timeout;
    let timeout = within("VisibilityTimeout", request.visibility_timeout, timeout, 0, 43_200)?;
    let mut messages = Vec::new();
    while messages.len() < wanted {
        let visible = visible(session, queue, wanted - messages.len())?;
        if visible.is_empty() {
            break;
        }
        for stored in visible {
            if stored.sent_at <= session.now - queue.settings.retention * 1_000 {
                session.sql.prepare_cached("DELETE FROM message WHERE seq = ?1")?.execute([stored.seq])?;
            } else if !set_aside(session, queue, &stored)? {
                messages.push(take(session, stored, timeout, request)?);
            }
        }
        if timeout == 0 {
            break; // nothing is hidden: another look would find the same messages
        }
    }
    Ok(messages)
}

/// Milliseconds until the next hidden message of a queue can be received, where there is one.
pub fn next_visible(session: &Session, queue: &Queue) -> Result<Option<i64>, Refusal> {
    let sql = "SELECT min(visible_at) FROM message WHERE queue = ?1 AND visible_at > ?2";
    let next: Option<i64> =
        session.sql.prepare_cached(sql)?.query_row(params![queue.name, session.now], |row| row.get(0))?;
    Ok(next.map(|at| at - session.now))
}

/// A message as it is stored.
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

fn visible(session: &Session, queue: &Queue, limit: usize) -> Result<Vec<Stored>, Refusal> {
    let sql = "SELECT seq, id, body, attributes, sent_at, receives, first_received_at, source FROM message
               WHERE queue = ?1 AND visible_at <= ?2 ORDER BY visible_at, seq LIMIT ?3";
    let mut statement = session.sql.prepare_cached(sql)?;
    let rows = statement.query_map(params![queue.name, session.now, limit], Stored::read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Moves a message that was received too often to the dead-letter queue, under the id and with the age that it has.
fn set_aside(session: &Session, queue: &Queue, stored: &Stored) -> Result<bool, Refusal> {
    let redrive =
        queue.settings.redrive.as_ref().filter(|redrive| stored.receives >= redrive.max_receive_count);
    let Some(target) = redrive.and_then(|redrive| redrive.target()) else { return Ok(false) };
    let sql = "UPDATE message SET queue = ?2, visible_at = ?3, receipt = NULL, source = ?4 WHERE seq = ?1";
    session.sql.prepare_cached(sql)?.execute(params![stored.seq, target, session.now, arn(&queue.name)])?;
    Ok(true)
}

fn take(
    session: &Session,
    stored: Stored,
    timeout: i64,
    request: &ReceiveMessage,
) -> Result<Received, Refusal> {
    let receipt = format!("{}.{}", stored.seq, session.id());
    let first_received_at = stored.first_received_at.unwrap_or(session.now);
    let sql =
        "UPDATE message SET receives = receives + 1, first_received_at = ?2, visible_at = ?3, receipt = ?4
               WHERE seq = ?1";
    let hidden_until = session.now + timeout * 1_000;
    session.sql.prepare_cached(sql)?.execute(params![
        stored.seq,
        first_received_at,
        hidden_until,
        receipt
    ])?;

    let attributes = system_attributes(&stored, first_received_at, request);
    let mut sent: BTreeMap<String, MessageAttribute> = queues::from_json(&stored.attributes)?;
    sent.retain(|name, _| request.message_attribute_names.iter().any(|asked| selects(asked, name)));
    Ok(Received {
        message_id: stored.id,
        receipt_handle: receipt,
        md5_of_body: digest::body(&stored.body),
        body: stored.body,
        attributes,
        md5_of_attributes: digest::attributes(&sent)?,
        message_attributes: sent,
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
    all.retain(|name, _| names.iter().any(|asked| asked == "All" || asked == name));
    all
}

/// `All`, `.*`, `prefix.*` or the name itself.
fn selects(asked: &str, name: &str) -> bool {
    asked == "All" || asked == name || asked.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
}

/// Deletes a message; a handle of an earlier receive deletes nothing and is no error.
pub fn delete(session: &Session, queue: &Queue, deletion: &Deletion) -> Result<Nothing, Refusal> {
    let seq = seq(&deletion.receipt_handle)?;
    let sql = "DELETE FROM message WHERE seq = ?1 AND queue = ?2 AND receipt = ?3";
    session.sql.prepare_cached(sql)?.execute(params![seq, queue.name, deletion.receipt_handle])?;
    Ok(Nothing {})
}

/// Hides a message that was received for so many seconds from now on.
pub fn change_visibility(
    session: &Session,
    queue: &Queue,
    change: &VisibilityChange,
) -> Result<Nothing, Refusal> {
    let seq = seq(&change.receipt_handle)?;
    let timeout = within("VisibilityTimeout", Some(change.visibility_timeout), 0, 0, 43_200)?;
    let sql = "UPDATE message SET visible_at = ?4 WHERE seq = ?1 AND queue = ?2 AND receipt = ?3 AND visible_at > ?5";
    let visible_at = session.now + timeout * 1_000;
    let parameters = params![seq, queue.name, change.receipt_handle, visible_at, session.now];
    if session.sql.prepare_cached(sql)?.execute(parameters)? == 1 {
        return Ok(Nothing {});
    }
    let message = "Message does not exist or is not available for visibility timeout change.";
    Err(Refusal::sender("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", message))
}

/// The message that a handle is of.
fn seq(handle: &str) -> Result<i64, Refusal> {
    let seq = handle.split_once('.').and_then(|(seq, _)| seq.parse().ok());
    seq.ok_or_else(|| Refusal::handle(handle))
}

/// A number within its limits, or its default.
pub fn within(name: &str, given: Option<i64>, default: i64, least: i64, most: i64) -> Result<i64, Refusal> {
    let value = given.unwrap_or(default);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    let message =
        format!("Value {value} for parameter {name} is invalid. Must be between {least} and {most}.");
    Err(Refusal::value(message))
}
