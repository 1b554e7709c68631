//! Pure. Images: activations, deletes, and the daily list of those that are there.

use serde_json::Value;

use super::{Effect, ListedImage, NewImage, NewImageDelete, NewImageExists, Reason, Recording, Warning};
use crate::notification::envelope::Notification;
use crate::notification::payload::{IDENTIFIER_BYTES, Unreadable, integer, text, time};
use crate::time::Micros;

pub(super) fn record(notification: &Notification) -> Result<Recording, Reason> {
    let payload = &notification.payload;
    let record = match notification.event_type.as_str() {
        "image.activate" => activate,
        "image.delete" => delete,
        "image.exists" => exists,
        _ => return Ok(Recording::default()),
    };
    if payload.is_object() { record(notification) } else { Ok(Recording::nothing(Warning::NoObject)) }
}

fn activate(notification: &Notification) -> Result<Recording, Reason> {
    let payload = &notification.payload;
    Ok(Recording::of(Effect::Image(NewImage {
        uuid: text(payload, "id").ok_or(Reason::Missing("id"))?,
        created_at: time(payload, "created_at")?.ok_or(Reason::Missing("created_at"))?,
        owner: notification.tenant(),
        size: integer(payload, "size")?.ok_or(Reason::Missing("size"))?,
    })))
}

fn delete(notification: &Notification) -> Result<Recording, Reason> {
    let payload = &notification.payload;
    let uuid = text(payload, "id").ok_or(Reason::Missing("id"))?;
    let deleted_at = match &notification.deleted_at {
        Some(at) => Some(Micros::parse(at).ok_or(Unreadable("deleted_at"))?),
        None => time(payload, "deleted_at")?,
    };
    Ok(Recording::of(Effect::ImageDelete(NewImageDelete { uuid, deleted_at })))
}

fn exists(notification: &Notification) -> Result<Recording, Reason> {
    let payload = &notification.payload;
    let needed = |name| time(payload, name)?.ok_or(Reason::Missing(name));
    let (audit_period_beginning, audit_period_ending) =
        (needed("audit_period_beginning")?, needed("audit_period_ending")?);
    let Some(listed) = payload.get("images").and_then(Value::as_array) else {
        return Ok(Recording::nothing(Warning::Without("images")));
    };
    let (images, warnings) = read(listed);
    let exists =
        NewImageExists { owner: notification.tenant(), audit_period_beginning, audit_period_ending, images };
    let effect = (!exists.images.is_empty()).then_some(Effect::ImageExists(exists));
    Ok(Recording { effect, warnings })
}

/// The images that can be recorded, and what is wrong with the others. One that is listed twice with the same values is
/// recorded once; with other values it is recorded again, so that the two cannot both agree with the ledger.
fn read(listed: &[Value]) -> (Vec<ListedImage>, Vec<Warning>) {
    let (mut images, mut warnings) = (Vec::new(), Vec::new());
    for (position, entry) in listed.iter().enumerate() {
        let read = match image(entry) {
            Ok(image) if images.contains(&image) => Err(Reason::Repeated),
            other => other,
        };
        match read {
            Ok(image) => images.push(image),
            Err(because) => warnings.push(Warning::Skipped { position, uuid: text(entry, "id"), because }),
        }
    }
    (images, warnings)
}

fn image(entry: &Value) -> Result<ListedImage, Reason> {
    let uuid = text(entry, "id").ok_or(Reason::Missing("id"))?;
    if uuid.len() > IDENTIFIER_BYTES {
        return Err(Reason::TooLong("id"));
    }
    Ok(ListedImage {
        uuid,
        created_at: time(entry, "created_at")?.ok_or(Reason::Missing("created_at"))?,
        deleted_at: time(entry, "deleted_at")?,
        size: integer(entry, "size")?.ok_or(Reason::Missing("size"))?,
    })
}
