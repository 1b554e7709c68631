//! Pure. Faults of usage records.

use super::times::Times;
use crate::notification::event::{Event, Value};

/// A fault of a usage record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// U0
    #[error("no .exists follows these events")]
    NoExists,
    /// U1
    #[error(".exists has no launched_at")]
    NoLaunch,
    /// U2
    #[error("Conflicting '{name}' values ('{one}' != '{other}')")]
    Conflict {
        /// The trait that differs.
        name: &'static str,
        /// Its value in the operation event, or in the record if a deletion is compared.
        one: String,
        /// Its value in the record, or in the deletion event.
        other: String,
    },
    /// U3
    #[error(".exists has a deleted_at, but its state is not 'deleted'")]
    NotDeleted,
    /// U4
    #[error(".exists has a deleted_at before its launched_at")]
    DeletedBeforeLaunch,
    /// U5
    #[error(".exists has a deleted_at in its audit period, but no .delete.end precedes it")]
    NoDeleteEvent,
    /// U6
    #[error(".exists has no deleted_at, but a .delete.end precedes it")]
    NoDeletedAt,
    /// U7
    #[error("more than one .delete.end precedes the .exists")]
    SeveralDeleteEvents,
    /// U8
    #[error(".exists has a launched_at in its audit period, but no events precede it")]
    NoEvents,
}

/// Operations after which the record must show the same instance.
const OPERATIONS: [&str; 3] =
    ["compute.instance.rebuild.end", "compute.instance.finish_resize.end", "compute.instance.rescue.end"];
const DELETE_END: &str = "compute.instance.delete.end";

/// Traits in which the last operation and the record must agree.
const OPERATION_TRAITS: [&str; 6] =
    ["launched_at", "instance_flavor_id", "tenant_id", "os_architecture", "os_version", "os_distro"];
/// Traits in which the record and the deletion must agree.
const DELETE_TRAITS: [&str; 2] = ["launched_at", "deleted_at"];

impl Fault {
    /// The documented error code, `U0` to `U8`.
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

/// Checks a record against the events between it and the previous record. Fails with the first fault. Adds oddities that
/// are not faults to the warnings.
pub fn check(
    before: &[Event],
    exists: &Event,
    times: &Times,
    warnings: &mut Vec<String>,
) -> Result<(), Fault> {
    check_launch(before, exists, times)?;
    match before.iter().rfind(|event| OPERATIONS.contains(&event.event_type.as_str())) {
        Some(operation) => check_agreement(operation, exists, &OPERATION_TRAITS)?,
        None if times.is_partial_day() => warnings
            .push(format!("Non-EOD .exists found (msg_id: {}) with no operation event.", exists.message_id)),
        None => {}
    }
    check_deletion(before, exists, times)
}

/// Checks the launch of an instance that is active according to the record.
fn check_launch(before: &[Event], exists: &Event, times: &Times) -> Result<(), Fault> {
    if !has_state(exists, "active") {
        return Ok(());
    }
    let launched = times.launched.ok_or(Fault::NoLaunch)?;
    if before.is_empty() && times.in_period(launched) {
        return Err(Fault::NoEvents);
    }
    Ok(())
}

fn check_deletion(before: &[Event], exists: &Event, times: &Times) -> Result<(), Fault> {
    let mut events = before.iter().filter(|event| event.event_type == DELETE_END);
    let event = events.next();
    match (times.deleted, event) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err(Fault::NoDeletedAt),
        (Some(_), _) if !has_state(exists, "deleted") => return Err(Fault::NotDeleted),
        (Some(deleted), None) => {
            // The original failed without a launch time and left the stream in error for good.
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
        (Some(event), None) => check_agreement(exists, event, &DELETE_TRAITS),
        (None, _) => Ok(()),
    }
}

fn has_state(exists: &Event, state: &str) -> bool {
    matches!(exists.traits.get("state"), Some(Value::Text(text)) if text == state)
}

/// Compares traits in order. A trait that only one event has is a conflict; the original failed in that case.
fn check_agreement(one: &Event, other: &Event, names: &[&'static str]) -> Result<(), Fault> {
    for name in names {
        let (one, other) = (one.traits.get(*name), other.traits.get(*name));
        if one != other {
            return Err(Fault::Conflict { name, one: formatted(one), other: formatted(other) });
        }
    }
    Ok(())
}

/// Formats a value like Python: a datetime has a space between date and time.
fn formatted(value: Option<&Value>) -> String {
    match value {
        None => "None".to_owned(),
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::Float(number)) => format!("{number:?}"),
        Some(Value::Datetime(at)) => at.to_string(),
    }
}
