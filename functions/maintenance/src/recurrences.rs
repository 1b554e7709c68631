//! `/maintenance/recurrences`: recurring operations.

use axum::Json;
use axum::extract::State;
use edge::query;
use http::Uri;
use maintenance::operation::datetime;
use maintenance::operation::kind::Kind;
use maintenance::operation::recurrence::Definition;
use maintenance::operation::recurring::Described;
use maintenance::operation::status::Status;
use maintenance::operation::window::Window;
use serde::Serialize;

use crate::Api;
use crate::authorized::{Authorized, Editor, Viewer};
use crate::error::ApiError;
use crate::history::limit;
use crate::names::OperationId;
use crate::wire::{self, Canceled, Further};

/// Runs in the response to a request.
const ANNOUNCED_RUNS: usize = 3;

/// The response to a request for a recurrence.
#[derive(Debug, Serialize)]
pub struct Recurring {
    /// The id of the recurrence.
    id: String,
    /// The id of its current occurrence.
    operation: Option<String>,
    /// The next runs.
    next: Vec<String>,
}

/// A recurrence as clients see it.
#[derive(Debug, Serialize)]
pub struct Recurrence {
    id: String,
    kind: Kind,
    instance: Option<String>,
    dbname: String,
    schema: Option<String>,
    table: Option<String>,
    index: Option<String>,
    mode: Option<String>,
    options: Further,
    schedule: String,
    window: Option<Window>,
    datetime: Option<String>,
    requested: String,
    requested_by: String,
    stopped: Option<String>,
    next: Vec<String>,
    skipped: u64,
    last_skipped: Option<String>,
    operations: Vec<Occurrence>,
}

/// An operation of a recurrence.
#[derive(Debug, Serialize)]
struct Occurrence {
    id: String,
    datetime: String,
    status: Status,
    ended: Option<String>,
    error: Option<String>,
}

/// A page of recurrences.
#[derive(Debug, Serialize)]
pub struct Page {
    /// The recurrences, by id.
    recurrences: Vec<Recurrence>,
    /// The cursor of the next page. Null on the last one.
    next: Option<String>,
}

/// Lists the recurrences that were not stopped, each with its current occurrence.
pub async fn list(_: Authorized<Viewer>, State(api): State<Api>, uri: Uri) -> Result<Json<Page>, ApiError> {
    let limit = limit(query::first(&uri, "limit").as_deref())?;
    let page = api.operations.recurrences(limit, query::first(&uri, "cursor").as_deref()).await?;
    Ok(Json(Page { recurrences: page.recurrences.iter().map(Recurrence::from).collect(), next: page.next }))
}

/// Returns one recurrence with its latest operations.
pub async fn get(
    OperationId(id): OperationId,
    _: Authorized<Viewer>,
    State(api): State<Api>,
) -> Result<Json<Recurrence>, ApiError> {
    let found = api.operations.recurrence(&id).await?;
    found.as_ref().map(|found| Json(Recurrence::from(found))).ok_or_else(missing)
}

/// Stops a recurrence.
pub async fn stop(
    OperationId(id): OperationId,
    caller: Authorized<Editor>,
    State(api): State<Api>,
) -> Result<Json<Canceled>, ApiError> {
    let stopped = api.operations.stop(&id, &caller.origin, &api.log).await?;
    stopped.map(|_| Json(Canceled { response: "ok" })).ok_or_else(missing)
}

fn missing() -> ApiError {
    ApiError::Missing("Recurrence not found".to_owned())
}

impl From<&Described> for Recurring {
    fn from(described: &Described) -> Self {
        Self {
            id: described.recurrence.id.clone(),
            operation: described.recurrence.current().map(str::to_owned),
            next: described.next.iter().take(ANNOUNCED_RUNS).copied().map(datetime::print).collect(),
        }
    }
}

impl From<&Described> for Recurrence {
    fn from(described: &Described) -> Self {
        let Described { recurrence, operations, next } = described;
        let Definition { kind, target, options, timing, not_before } = &recurrence.definition;
        let object = &target.object;
        let operations = operations.iter().map(|operation| Occurrence {
            id: operation.id.clone(),
            datetime: datetime::print(operation.due),
            status: operation.status,
            ended: operation.ended.map(datetime::print),
            error: operation.error.as_ref().map(|reason| reason.message.clone()),
        });
        Self {
            id: recurrence.id.clone(),
            kind: *kind,
            instance: wire::instance(target),
            dbname: target.database.clone(),
            schema: object.schema().map(str::to_owned),
            table: object.table().map(str::to_owned),
            index: object.index().map(str::to_owned),
            mode: (*kind == Kind::Vacuum).then(|| options.mode.to_string()),
            options: Further::from(options),
            schedule: timing.schedule().as_str().to_owned(),
            window: timing.window(),
            datetime: not_before.map(datetime::print),
            requested: datetime::print(recurrence.requested),
            requested_by: recurrence.requested_by.clone(),
            stopped: recurrence.stopped.map(datetime::print),
            next: next.iter().copied().map(datetime::print).collect(),
            skipped: recurrence.skipped,
            last_skipped: recurrence.last_skipped.map(datetime::print),
            operations: operations.collect(),
        }
    }
}
