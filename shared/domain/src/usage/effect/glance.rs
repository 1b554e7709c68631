//! Pure. The effects of glance notifications: activations, deletes and daily lists of images.

use serde_json::Value;

use super::{Defect, Effect, Interpretation, ListedImage, NewImage, NewImageDelete, NewImageExists, Warning};
use crate::notification::envelope::Notification;
use crate::notification::payload::{IDENTIFIER_BYTES, Unreadable, integer, text, time};
use crate::time::Micros;

pub(super) fn interpret(notification: &Notification) -> Result<Interpretation, Defect> {
    let interpret = match notification.event_type.as_str() {
        "image.activate" => activate,
        "image.delete" => delete,
        "image.exists" => exists,
        _ => return Ok(Interpretation::default()),
    };
    if notification.payload.is_object() {
        interpret(notification)
    } else {
        Ok(Interpretation::ignored(Warning::NotAnObject))
    }
}

fn activate(notification: &Notification) -> Result<Interpretation, Defect> {
    let payload = &notification.payload;
    Ok(Interpretation::new(Effect::Image(NewImage {
        uuid: text(payload, "id").ok_or(Defect::Missing("id"))?,
        created_at: time(payload, "created_at")?.ok_or(Defect::Missing("created_at"))?,
        owner: notification.tenant(),
        size: integer(payload, "size")?.ok_or(Defect::Missing("size"))?,
    })))
}

fn delete(notification: &Notification) -> Result<Interpretation, Defect> {
    let payload = &notification.payload;
    let uuid = text(payload, "id").ok_or(Defect::Missing("id"))?;
    let deleted_at = match &notification.deleted_at {
        Some(at) => Some(Micros::parse(at).ok_or(Unreadable("deleted_at"))?),
        None => time(payload, "deleted_at")?,
    };
    Ok(Interpretation::new(Effect::ImageDelete(NewImageDelete { uuid, deleted_at })))
}

fn exists(notification: &Notification) -> Result<Interpretation, Defect> {
    let payload = &notification.payload;
    let required = |name| time(payload, name)?.ok_or(Defect::Missing(name));
    let (audit_period_beginning, audit_period_ending) =
        (required("audit_period_beginning")?, required("audit_period_ending")?);
    let Some(listed) = payload.get("images").and_then(Value::as_array) else {
        return Ok(Interpretation::ignored(Warning::Missing("images")));
    };
    let (images, warnings) = parse_list(listed);
    let exists =
        NewImageExists { owner: notification.tenant(), audit_period_beginning, audit_period_ending, images };
    let effect = (!exists.images.is_empty()).then_some(Effect::ImageExists(exists));
    Ok(Interpretation { effect, warnings })
}

/// Parses a list of images. Returns the valid images, and warnings about the others.
///
/// Duplicates with equal values are skipped. An image that is repeated with other values is kept, so that at least one of
/// its records fails verification.
fn parse_list(listed: &[Value]) -> (Vec<ListedImage>, Vec<Warning>) {
    let (mut images, mut warnings) = (Vec::new(), Vec::new());
    for (position, entry) in listed.iter().enumerate() {
        let parsed = match parse_image(entry) {
            Ok(image) if images.contains(&image) => Err(Defect::Duplicate),
            other => other,
        };
        match parsed {
            Ok(image) => images.push(image),
            Err(defect) => warnings.push(Warning::Skipped { position, uuid: text(entry, "id"), defect }),
        }
    }
    (images, warnings)
}

fn parse_image(entry: &Value) -> Result<ListedImage, Defect> {
    let uuid = text(entry, "id").ok_or(Defect::Missing("id"))?;
    if uuid.len() > IDENTIFIER_BYTES {
        return Err(Defect::TooLong("id"));
    }
    Ok(ListedImage {
        uuid,
        created_at: time(entry, "created_at")?.ok_or(Defect::Missing("created_at"))?,
        deleted_at: time(entry, "deleted_at")?,
        size: integer(entry, "size")?.ok_or(Defect::Missing("size"))?,
    })
}
