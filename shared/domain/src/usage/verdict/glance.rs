//! Pure. Verdicts on the exists records of images, by their activations and deletes.

use super::reason::{Counterpart, Reason, RecordKind, keys};
use super::{Outcome, Verdict, fields};
use crate::time::Micros;
use crate::usage::delete::ImageDelete;
use crate::usage::exists::ImageExists;
use crate::usage::image::Image;
use crate::usage::ledger::ImageLedger;
use crate::usage::link::{Links, image_delete_link, image_link};

/// The verdicts on all exists records of one notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupVerdict {
    /// One verdict per record, in the same order.
    pub verdicts: Vec<Verdict>,
    /// Whether every record passes, so that the notification can be announced.
    pub announced: bool,
}

/// Verifies the exists records of one notification. `ledger` has all activations and deletes of their images.
pub fn verdicts(rows: &[ImageExists], ledger: &ImageLedger, now: Micros) -> GroupVerdict {
    let verdicts: Vec<_> = rows.iter().map(|exists| verdict(exists, ledger, now)).collect();
    let announced = !verdicts.is_empty() && verdicts.iter().all(Verdict::passes);
    GroupVerdict { verdicts, announced }
}

/// Verifies one record. Checks the activation, the delete and the fields in this order, and stops at the first failure.
fn verdict(exists: &ImageExists, ledger: &ImageLedger, now: Micros) -> Verdict {
    let image = image_link(&exists.uuid, &ledger.images);
    let delete = exists.deleted_at.and_then(|_| image_delete_link(&exists.uuid, &ledger.deletes));
    let result = compare(exists, image)
        .and_then(|()| compare_delete(exists, delete, &ledger.deletes))
        .and_then(|()| fields::image(exists));
    let outcome = match result {
        Ok(()) => Outcome::Verified,
        Err(reason) => Outcome::Failed(reason.text(now)),
    };
    let links = Links { usage: image.map(|image| image.id), delete: delete.map(|delete| delete.id) };
    Verdict { outcome, links }
}

fn compare(exists: &ImageExists, image: Option<&Image>) -> Result<(), Reason> {
    let Some(image) = image else { return Err(missing(exists, RecordKind::ImageUsage)) };
    let counterpart = Counterpart::Launches;
    if exists.created_at.whole_second() != image.created_at.whole_second() {
        let (ours, theirs) = (exists.created_at.to_string(), image.created_at.to_string());
        return Err(mismatch(exists, "created_at", Some(ours), counterpart, Some(theirs)));
    }
    if exists.owner != image.owner {
        return Err(mismatch(exists, "owner", exists.owner.clone(), counterpart, image.owner.clone()));
    }
    if exists.size != image.size {
        return Err(mismatch(
            exists,
            "size",
            Some(exists.size.to_string()),
            counterpart,
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
    let Some(deleted_at) = exists.deleted_at else { return require_no_delete(exists, deletes) };
    let Some(delete) = delete else { return Err(missing(exists, RecordKind::ImageDelete)) };
    if delete.deleted_at.is_some_and(|at| at.whole_second() == deleted_at.whole_second()) {
        return Ok(());
    }
    let theirs = delete.deleted_at.map(|at| at.to_string());
    Err(mismatch(exists, "deleted_at", Some(deleted_at.to_string()), Counterpart::Deletes, theirs))
}

/// Fails if an image without a `deleted_at` has a delete up to the end of its audit period. A later delete does not
/// contradict the record.
fn require_no_delete(exists: &ImageExists, deletes: &[ImageDelete]) -> Result<(), Reason> {
    let ending = exists.audit_period_ending;
    let early =
        |delete: &ImageDelete| delete.uuid == exists.uuid && delete.deleted_at.is_some_and(|at| at <= ending);
    if !deletes.iter().any(early) {
        return Ok(());
    }
    let keys = keys([("uuid", &exists.uuid), ("deleted_at", &format!("up to {ending}"))]);
    Err(Reason::Deleted { kind: RecordKind::ImageDelete, keys })
}

fn missing(exists: &ImageExists, kind: RecordKind) -> Reason {
    Reason::Count { kind, keys: keys([("uuid", &exists.uuid)]), found: 0 }
}

fn mismatch(
    exists: &ImageExists,
    field: &'static str,
    ours: Option<String>,
    counterpart: Counterpart,
    theirs: Option<String>,
) -> Reason {
    Reason::Mismatch { uuid: exists.uuid.clone(), field, exists: ours, counterpart, found: theirs }
}

#[cfg(test)]
mod tests;
