//! Pure. Verdicts on usage records, as events.

use uuid::Uuid;

use super::fault::Fault;
use crate::notification::event::{Event, Value};
use crate::streams::pipeline::handler::HandlerError;

/// The record agrees with the events before it.
pub const VERIFIED: &str = "compute.instance.exists.verified";
/// The record contradicts the events before it, or is missing.
pub const FAILED: &str = "compute.instance.exists.failed";
/// Oddities that are not faults.
pub const WARNINGS: &str = "compute.instance.exists.warnings";

/// The `publisher_id` of verdicts.
const PUBLISHER: &str = "stv3";

/// The verdict on a record, with all traits of the record.
///
/// Its message id is a UUID (version 5) of the record's message id and the verdict's type. Like the original, fails if
/// the record's message id is not a UUID.
pub fn of_record(stream_id: u64, exists: &Event, checked: Result<(), Fault>) -> Result<Event, HandlerError> {
    let original = Uuid::parse_str(&exists.message_id).map_err(|_| HandlerError {
        handler: "usage",
        reason: format!("the message_id '{}' of a .exists is not a UUID", exists.message_id),
    })?;
    let event_type = if checked.is_ok() { VERIFIED } else { FAILED };
    let mut traits = exists.traits.clone();
    traits.entry("bandwidth_in".to_owned()).or_insert(Value::Int(0));
    traits.entry("bandwidth_out".to_owned()).or_insert(Value::Int(0));
    traits.entry("rax_options".to_owned()).or_insert_with(|| text("0"));
    traits.remove("error_code");
    traits.extend(error_traits(checked.err().as_ref()));
    traits.extend(named([
        ("original_message_id", text(&exists.message_id)),
        ("publisher_id", text(PUBLISHER)),
        ("stream_id", number(stream_id)),
    ]));
    let message_id = Uuid::new_v5(&original, event_type.as_bytes()).to_string();
    Ok(Event { message_id, event_type: event_type.to_owned(), timestamp: exists.timestamp, traits })
}

/// The warnings so far, as an event about a record.
pub fn warnings(stream_id: u64, exists: &Event, warnings: &[String]) -> Event {
    let traits = named([
        ("publisher_id", text(PUBLISHER)),
        ("stream_id", number(stream_id)),
        ("warnings", text(&warnings.join(", "))),
    ]);
    about(stream_id, exists, WARNINGS, traits)
}

/// The verdict on events without a record after them, of which `first` is the first.
pub fn of_missing_record(stream_id: u64, first: &Event) -> Event {
    let traits = error_traits(Some(&Fault::NoExists)).chain(named([("stream_id", number(stream_id))]));
    about(stream_id, first, FAILED, traits)
}

/// An event about the same instance at the same time as another event.
///
/// Its message id is derived from the stream, its type and the other event. The original used a random id, so that each
/// retry of a stream made another event.
fn about(
    stream_id: u64,
    other: &Event,
    event_type: &str,
    traits: impl Iterator<Item = (String, Value)>,
) -> Event {
    let name = format!("stream {stream_id} {event_type} {}", other.message_id);
    let instance =
        other.traits.get("instance_id").map(|instance| ("instance_id".to_owned(), instance.clone()));
    Event {
        message_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string(),
        event_type: event_type.to_owned(),
        timestamp: other.timestamp,
        traits: traits.chain(instance).collect(),
    }
}

/// Without a fault, `error` is the text `None`, as in the original, and `error_code` is absent.
fn error_traits(fault: Option<&Fault>) -> impl Iterator<Item = (String, Value)> {
    let error = fault.map_or_else(|| "None".to_owned(), ToString::to_string);
    let code = fault.map(|fault| ("error_code", text(fault.code())));
    [("error", Value::Text(error))].into_iter().chain(code).map(|(name, value)| (name.to_owned(), value))
}

fn named<const N: usize>(traits: [(&str, Value); N]) -> impl Iterator<Item = (String, Value)> {
    traits.map(|(name, value)| (name.to_owned(), value)).into_iter()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn number(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}
