//! Requesting, listing and cancelling operations.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maintenance::operation::kind::Kind;
use maintenance::operation::listing::Filter;
use maintenance::operation::{objects, progress};

use crate::Api;
use crate::authorized::{Authorized, Editor, Viewer};
use crate::error::ApiError;
use crate::instance::Instance;
use crate::names::{Names, OperationId};
use crate::recurrences::Recurring;
use crate::requested::{Request, Requested};
use crate::wire::{self, Canceled, Entry, Planned};

/// Requests an operation or a recurrence, or returns the plan. Never waits for the work.
pub async fn request(
    names: Names,
    caller: Authorized<Editor>,
    State(api): State<Api>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let (kind, target) = (names.kind()?, names.target()?);
    let requested = Requested::parse(&body, kind, api.operations.now())?;
    let is_dry_run = requested.dry_run;
    let request = requested.into_request(kind, target);
    let draft = match &request {
        Request::Once(draft) => draft.clone(),
        // Its due time does not matter for the checks.
        Request::Recurring(definition) => definition.occurrence(api.operations.now(), None),
    };
    if is_dry_run {
        let plan = Planned::from(objects::plan(&api.servers, &draft).await?);
        return Ok(Json(plan).into_response());
    }
    objects::check(&api.servers, &draft).await?;
    match request {
        Request::Once(draft) => {
            let operation = api.operations.request(&draft, &caller.origin, &api.log).await?;
            Ok(Json(wire::Requested { id: operation.id }).into_response())
        }
        Request::Recurring(definition) => {
            let created = api.operations.recur(&definition, &caller.origin, &api.log).await?;
            Ok(Json(Recurring::from(&created)).into_response())
        }
    }
}

/// Lists the operations of a database, schema or table.
pub async fn scheduled(
    names: Names,
    _: Authorized<Viewer>,
    State(api): State<Api>,
) -> Result<Json<Vec<Entry>>, ApiError> {
    list(&api, names.kind()?, &names.filter()).await
}

pub async fn scheduled_vacuums(
    caller: Authorized<Viewer>,
    state: State<Api>,
    instance: Instance,
) -> Result<Json<Vec<Entry>>, ApiError> {
    all(Kind::Vacuum, caller, state, &instance).await
}

pub async fn scheduled_analyzes(
    caller: Authorized<Viewer>,
    state: State<Api>,
    instance: Instance,
) -> Result<Json<Vec<Entry>>, ApiError> {
    all(Kind::Analyze, caller, state, &instance).await
}

pub async fn scheduled_reindexes(
    caller: Authorized<Viewer>,
    state: State<Api>,
    instance: Instance,
) -> Result<Json<Vec<Entry>>, ApiError> {
    all(Kind::Reindex, caller, state, &instance).await
}

pub async fn cancel_vacuum(
    id: OperationId,
    caller: Authorized<Editor>,
    state: State<Api>,
) -> Result<Json<Canceled>, ApiError> {
    cancel(Kind::Vacuum, id, caller, state).await
}

pub async fn cancel_analyze(
    id: OperationId,
    caller: Authorized<Editor>,
    state: State<Api>,
) -> Result<Json<Canceled>, ApiError> {
    cancel(Kind::Analyze, id, caller, state).await
}

pub async fn cancel_reindex(
    id: OperationId,
    caller: Authorized<Editor>,
    state: State<Api>,
) -> Result<Json<Canceled>, ApiError> {
    cancel(Kind::Reindex, id, caller, state).await
}

/// Lists all operations of a kind, or those on the server that the request names.
async fn all(
    kind: Kind,
    _: Authorized<Viewer>,
    State(api): State<Api>,
    instance: &Instance,
) -> Result<Json<Vec<Entry>>, ApiError> {
    list(&api, kind, &Filter { server: instance.stored(), ..Filter::default() }).await
}

async fn list(api: &Api, kind: Kind, filter: &Filter) -> Result<Json<Vec<Entry>>, ApiError> {
    let operations = api.operations.scheduled(kind, filter).await?;
    Ok(Json(operations.iter().map(Entry::from).collect()))
}

async fn cancel(
    kind: Kind,
    OperationId(id): OperationId,
    caller: Authorized<Editor>,
    State(api): State<Api>,
) -> Result<Json<Canceled>, ApiError> {
    let canceled = api.operations.cancel(kind, &id, &caller.origin, &api.log).await?;
    let operation = canceled.ok_or(ApiError::NotScheduled)?;
    if operation.ended.is_none() {
        progress::cancel(&api.servers, &operation).await;
    }
    Ok(Json(Canceled { response: "ok" }))
}
