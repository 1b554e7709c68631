//! The event that is published when the status of a request changes.

use serde::Serialize;

use crate::error::Error;
use crate::recomputations::document::{Document, TimestampFormat};
use crate::recomputations::record::Recomputation;
use crate::recomputations::status::Status;
use crate::time::Micros;
use crate::work::outbox;

/// The body of the event. Events with the same `id` and `version` are duplicates.
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

/// Builds the event of a request whose status was `old` before. `since` is the time of the change.
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
        record: Document::new(request, TimestampFormat::Z),
    };
    let body = serde_json::to_string(&event);
    let body = body.map_err(|cause| Error::bug("an event could not be serialized").because(cause))?;
    Ok(outbox::Event { id: request.id.clone(), version: request.version, since, body })
}
