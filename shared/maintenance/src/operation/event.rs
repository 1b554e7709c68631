//! Pure. The event that announces the end of an operation.

use domain::error::Error;
use domain::time::Micros;
use domain::work::outbox;
use serde::Serialize;

use crate::operation::datetime;
use crate::operation::kind::Kind;
use crate::operation::record::Operation;
use crate::operation::status::Status;

/// The event as listeners read it. The same `id` and `version` is the same event.
#[derive(Serialize)]
struct OperationEnded<'a> {
    event: &'static str,
    id: &'a str,
    version: u64,
    kind: Kind,
    status: Status,
    instance: Option<&'a str>,
    dbname: &'a str,
    schema: Option<&'a str>,
    table: Option<&'a str>,
    index: Option<&'a str>,
    recurrence: Option<&'a str>,
    requested_by: &'a str,
    started: Option<String>,
    ended: String,
    error: Option<&'a str>,
    sqlstate: Option<&'a str>,
}

/// Returns the event of an operation that ended at `at`.
pub fn ended(operation: &Operation, at: Micros) -> Result<outbox::Event, Error> {
    let (target, object) = (&operation.target, &operation.target.object);
    let reason = operation.error.as_ref();
    let event = OperationEnded {
        event: "maintenance.operation_ended",
        id: &operation.id,
        version: operation.version,
        kind: operation.kind,
        status: operation.status,
        instance: Some(target.server.as_str()).filter(|name| !name.is_empty()),
        dbname: &target.database,
        schema: object.schema(),
        table: object.table(),
        index: object.index(),
        recurrence: operation.recurrence.as_deref(),
        requested_by: &operation.requested_by,
        started: operation.started.map(datetime::print),
        ended: datetime::print(at),
        error: reason.map(|reason| reason.message.as_str()),
        sqlstate: reason.and_then(|reason| reason.sqlstate.as_deref()),
    };
    let body = serde_json::to_string(&event)
        .map_err(|cause| Error::bug("an event could not be written").because(cause))?;
    Ok(outbox::Event { id: operation.id.clone(), version: operation.version, since: at, body })
}
