//! Pure. Whether the images of one notification agree with their activations and deletes.

use super::reason::{Reason, Record, Side, keys};
use super::{Outcome, Verdict, fields};
use crate::time::Micros;
use crate::usage::delete::ImageDelete;
use crate::usage::exists::ImageExists;
use crate::usage::image::Image;
use crate::usage::link::{image_delete_link, image_link};

/// What is found of all records of one notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupVerdict {
    /// One verdict per record, in the order given.
    pub verdicts: Vec<Verdict>,
    /// Whether the notification may be announced: only if every record passes.
    pub announced: bool,
}

/// Judges the records of one notification by all activations and deletes of their images. The order of the lists does
/// not matter.
pub fn verdicts(
    rows: &[ImageExists],
    images: &[Image],
    deletes: &[ImageDelete],
    now: Micros,
) -> GroupVerdict {
    let verdicts: Vec<_> = rows.iter().map(|exists| verdict(exists, images, deletes, now)).collect();
    let announced = !verdicts.is_empty() && verdicts.iter().all(Verdict::passes);
    GroupVerdict { verdicts, announced }
}

/// Judges one record. The first failure ends it, in the order: activation, delete, fields.
fn verdict(exists: &ImageExists, images: &[Image], deletes: &[ImageDelete], now: Micros) -> Verdict {
    let image = image_link(&exists.uuid, images);
    let delete = exists.deleted_at.and_then(|_| image_delete_link(&exists.uuid, deletes));
    let agrees = compare(exists, image)
        .and_then(|()| compare_delete(exists, delete, deletes))
        .and_then(|()| fields::image(exists));
    let outcome = match agrees {
        Ok(()) => Outcome::Verified,
        Err(reason) => Outcome::Failed(reason.text(now)),
    };
    Verdict { outcome, usage: image.map(|image| image.id), delete: delete.map(|delete| delete.id) }
}

fn compare(exists: &ImageExists, image: Option<&Image>) -> Result<(), Reason> {
    let Some(image) = image else { return Err(missing(exists, Record::ImageUsage)) };
    let side = Side::Launches;
    if exists.created_at.whole_second() != image.created_at.whole_second() {
        let (ours, theirs) = (exists.created_at.to_string(), image.created_at.to_string());
        return Err(mismatch(exists, "created_at", Some(ours), side, Some(theirs)));
    }
    if exists.owner != image.owner {
        return Err(mismatch(exists, "owner", exists.owner.clone(), side, image.owner.clone()));
    }
    if exists.size != image.size {
        return Err(mismatch(
            exists,
            "size",
            Some(exists.size.to_string()),
            side,
            Some(image.size.to_string()),
        ));
    }
    Ok(())
}

fn compare_delete(
    exists: &ImageExists,
    delete: Option<&ImageDelete>,
    deletes: &[ImageDelete],
) -> Result<(), Reason> {
    let Some(deleted_at) = exists.deleted_at else { return no_delete(exists, deletes) };
    let Some(delete) = delete else { return Err(missing(exists, Record::ImageDelete)) };
    if delete.deleted_at.is_some_and(|at| at.whole_second() == deleted_at.whole_second()) {
        return Ok(());
    }
    let theirs = delete.deleted_at.map(|at| at.to_string());
    Err(mismatch(exists, "deleted_at", Some(deleted_at.to_string()), Side::Deletes, theirs))
}

/// An image that lives must have no delete before the end of its period; one after it is no contradiction.
fn no_delete(exists: &ImageExists, deletes: &[ImageDelete]) -> Result<(), Reason> {
    let ending = exists.audit_period_ending;
    let early =
        |delete: &ImageDelete| delete.uuid == exists.uuid && delete.deleted_at.is_some_and(|at| at <= ending);
    if !deletes.iter().any(early) {
        return Ok(());
    }
    let keys = keys([("uuid", &exists.uuid), ("deleted_at", &format!("up to {ending}"))]);
    Err(Reason::Deleted { record: Record::ImageDelete, keys })
}

fn missing(exists: &ImageExists, record: Record) -> Reason {
    Reason::Count { record, keys: keys([("uuid", &exists.uuid)]), found: 0 }
}

fn mismatch(
    exists: &ImageExists,
    field: &'static str,
    ours: Option<String>,
    side: Side,
    theirs: Option<String>,
) -> Reason {
    Reason::Mismatch { uuid: exists.uuid.clone(), field, exists: ours, side, found: theirs }
}

#[cfg(test)]
mod tests;
