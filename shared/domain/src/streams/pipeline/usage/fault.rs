//! Pure. What can be wrong with a usage record, in the order in which it is looked for; the first fault ends the search.

use super::times::Times;
use crate::notification::event::{Event, Value};

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// U0
    #[error("there are events, and no .exists after them")]
    NoExists,
    /// U1
    #[error(".exists has no launched_at")]
    NoLaunch,
    /// U2
    #[error("Conflicting '{name}' values ('{one}' != '{other}')")]
    Conflict {
        /// The trait that differs.
        name: &'static str,
        /// Its value in the event, or in the record when a deletion is compared.
        one: String,
        /// The value that it should be equal to.
        other: String,
    },
    /// U3
    #[error(".exists has a deleted_at, and its state is not 'deleted'")]
    NotDeleted,
    /// U4
    #[error(".exists has a deleted_at that is before its launched_at")]
    DeletedBeforeLaunch,
    /// U5
    #[error(".exists has a deleted_at in its audit period, and there is no .delete.end before it")]
    NoDeleteEvent,
    /// U6
    #[error("there is a .delete.end, and the .exists after it has no deleted_at")]
    NoDeletedAt,
    /// U7
    #[error("there is more than one .delete.end before the .exists")]
    SeveralDeleteEvents,
    /// U8
    #[error(".exists has a launched_at in its audit period, and there are no events before it")]
    NoEvents,
}

/// After these the instance is what the record should say.
const OPERATIONS: [&str; 3] =
    ["compute.instance.rebuild.end", "compute.instance.finish_resize.end", "compute.instance.rescue.end"];
const DELETE_END: &str = "compute.instance.delete.end";

/// What the last operation and the record must agree on.
const OPERATION_TRAITS: [&str; 6] =
    ["launched_at", "instance_flavor_id", "tenant_id", "os_architecture", "os_version", "os_distro"];
/// What the record and the deletion must agree on.
const DELETE_TRAITS: [&str; 2] = ["launched_at", "deleted_at"];

impl Fault {
    /// The documented code, `U0` to `U8`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoExists => "U0",
            Self::NoLaunch => "U1",
            Self::Conflict { .. } => "U2",
            Self::NotDeleted => "U3",
            Self::DeletedBeforeLaunch => "U4",
            Self::NoDeleteEvent => "U5",
            Self::NoDeletedAt => "U6",
            Self::SeveralDeleteEvents => "U7",
            Self::NoEvents => "U8",
        }
    }
}

/// Looks for a fault of the record, given the events before it since the record before. What is strange and no fault
/// is added to the warnings.
pub fn find(
    before: &[Event],
    exists: &Event,
    times: &Times,
    warnings: &mut Vec<String>,
) -> Result<(), Fault> {
    launch(before, exists, times)?;
    match before.iter().rfind(|event| OPERATIONS.contains(&event.event_type.as_str())) {
        Some(operation) => agree(operation, exists, &OPERATION_TRAITS)?,
        None if times.is_no_day() => warnings
            .push(format!("Non-EOD .exists found (msg_id: {}) with no operation event.", exists.message_id)),
        None => {}
    }
    deletion(before, exists, times)
}

/// Only of an instance that the record calls active.
fn launch(before: &[Event], exists: &Event, times: &Times) -> Result<(), Fault> {
    if !has_state(exists, "active") {
        return Ok(());
    }
    let launched = times.launched.ok_or(Fault::NoLaunch)?;
    if before.is_empty() && times.in_period(launched) {
        return Err(Fault::NoEvents);
    }
    Ok(())
}

fn deletion(before: &[Event], exists: &Event, times: &Times) -> Result<(), Fault> {
    let mut events = before.iter().filter(|event| event.event_type == DELETE_END);
    let event = events.next();
    match (times.deleted, event) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err(Fault::NoDeletedAt),
        (Some(_), _) if !has_state(exists, "deleted") => return Err(Fault::NotDeleted),
        (Some(deleted), None) => {
            // The original compared with nothing here, failed, and left the stream in error for ever.
            let launched = times.launched.ok_or(Fault::NoLaunch)?;
            if deleted < launched {
                return Err(Fault::DeletedBeforeLaunch);
            }
            if times.in_period(deleted) {
                return Err(Fault::NoDeleteEvent);
            }
        }
        (Some(_), Some(_)) => {}
    }
    match (event, events.next()) {
        (Some(_), Some(_)) => Err(Fault::SeveralDeleteEvents),
        (Some(event), None) => agree(exists, event, &DELETE_TRAITS),
        (None, _) => Ok(()),
    }
}

fn has_state(exists: &Event, state: &str) -> bool {
    matches!(exists.traits.get("state"), Some(Value::Text(text)) if text == state)
}

/// Both have the same values. One that is absent on one side only differs; the original failed there.
fn agree(one: &Event, other: &Event, names: &[&'static str]) -> Result<(), Fault> {
    for name in names {
        let (one, other) = (one.traits.get(*name), other.traits.get(*name));
        if one != other {
            return Err(Fault::Conflict { name, one: printed(one), other: printed(other) });
        }
    }
    Ok(())
}

/// As Python prints it: a time with a blank between its date and its clock.
fn printed(value: Option<&Value>) -> String {
    match value {
        None => "None".to_owned(),
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::Float(number)) => format!("{number:?}"),
        Some(Value::Datetime(at)) => at.to_string(),
    }
}
