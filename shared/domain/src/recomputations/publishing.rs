//! The event that tells listeners of a changed status.

use serde::Serialize;

use crate::error::Error;
use crate::recomputations::document::{Document, Zone};
use crate::recomputations::record::Recomputation;
use crate::recomputations::status::Status;
use crate::time::Micros;
use crate::work::outbox;

/// What listeners read. The same `id` and `version` is the same event.
#[derive(Serialize)]
struct StatusChanged<'a> {
    #[serde(rename = "event")]
    name: &'static str,
    tenant: &'a str,
    id: &'a str,
    old: Status,
    new: Status,
    version: u64,
    record: Document<'a>,
}

/// The event that `request` has another status than `old`.
pub(crate) fn status_changed(
    tenant: &str,
    old: Status,
    request: &Recomputation,
    since: Micros,
) -> Result<outbox::Event, Error> {
    let event = StatusChanged {
        name: "recomputation.status_changed",
        tenant,
        id: &request.id,
        old,
        new: request.status,
        version: request.version,
        record: Document::of(request, Zone::Z),
    };
    let body = serde_json::to_string(&event);
    let body = body.map_err(|cause| Error::bug("an event could not be written").because(cause))?;
    Ok(outbox::Event { id: request.id.clone(), version: request.version, since, body })
}
